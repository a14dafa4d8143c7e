"""The bytes of an uploaded object: in pieces, from one version of it, over broken connections, unzipped with bounds."""

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from urllib3.exceptions import HTTPError

from serverless.product_bulk_import_lambda.notifications import Upload
from serverless.product_bulk_import_lambda.unfit import UnfitFile

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 256 * 1024
GZIP_MAGIC = b"\x1f\x8b"
# A catalogue of very similar rows gets some thirty times smaller; what grows more, and to a size that hurts, is a bomb.
MOST_GROWTH = 100
HARMLESS_BYTES = 8 * 1024 * 1024
RECONNECTIONS = 5
_BROKEN = (IncompleteReadError, ResponseStreamingError, BotoConnectionError, HTTPClientError, HTTPError)


class ObjectGone(Exception):
    """There is no such object, or not this version of it, any more."""


class StoredObject:
    """One version of an object; whatever is put under its key meanwhile is not read."""

    def __init__(self, s3: "S3Client", upload: Upload) -> None:
        """Raises ObjectGone."""
        self._s3 = s3
        self._name = {"Bucket": upload.bucket, "Key": upload.key}
        if upload.version:
            self._name["VersionId"] = upload.version
        try:
            head = s3.head_object(**self._name)  # type: ignore[arg-type] # names of parameters
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise ObjectGone(upload.key) from error
            raise
        self.size = head["ContentLength"]
        self._etag = head["ETag"]
        version = upload.version or head.get("VersionId", "")
        if version:
            self._name["VersionId"] = version
        self.upload = Upload(upload.bucket, upload.key, version)
        # A bucket without versions tells an object's content by its ETag.
        self.version = version or self._etag.strip('"')
        self.bytes_read = 0

    def pieces(self) -> Iterator[bytes]:
        """The bytes in order, at most `PIECE_BYTES` at once."""
        self.bytes_read, broken = 0, 0
        while self.bytes_read < self.size:
            try:
                for piece in self._rest().iter_chunks(PIECE_BYTES):
                    self.bytes_read += len(piece)
                    yield piece
            except _BROKEN:
                broken += 1
                if broken > RECONNECTIONS:
                    raise

    def _rest(self) -> "StreamingBody":
        first = f"bytes={self.bytes_read}-"
        return self._s3.get_object(**self._name, Range=first, IfMatch=self._etag)["Body"]  # type: ignore[arg-type]


def unzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes themselves, or what they are the gzip of. Raises UnfitFile where that breaks off or is a bomb."""
    first = next(pieces, b"")
    if not first.startswith(GZIP_MAGIC):
        yield first
        yield from pieces
        return
    yield from _Unzipping().run(first, pieces)


class _Unzipping:
    """gzip, also of several members, a bounded piece at a time."""

    def __init__(self) -> None:
        self._taken = self._given = 0
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def run(self, first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from self._plain(first)
            for piece in pieces:
                yield from self._plain(piece)
        except zlib.error as error:
            raise UnfitFile(f"The gzip is damaged ({error}). Upload the file again.") from error
        if not self._member.eof:
            raise UnfitFile("The gzip breaks off before its end: it was not uploaded whole. Upload the file again.")

    def _plain(self, piece: bytes) -> Iterator[bytes]:
        self._taken += len(piece)
        rest = piece
        while rest:
            if self._member.eof:
                if not GZIP_MAGIC.startswith(rest[:2]):  # padding behind the last member
                    return
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            plain = self._member.decompress(rest, PIECE_BYTES)
            rest = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            self._refuse_bombs(len(plain))
            if plain:
                yield plain

    def _refuse_bombs(self, more: int) -> None:
        self._given += more
        if self._given > max(HARMLESS_BYTES, MOST_GROWTH * self._taken):
            raise UnfitFile(f"The gzip grows to more than {MOST_GROWTH} times its size: this is no catalogue.")
