"""Request bodies, read within their limit: length, type, character set and compression, and never a byte more."""

import zlib
from collections.abc import Collection
from typing import BinaryIO

from django.http import HttpRequest
from rest_framework.exceptions import APIException

GZIP = 16 + zlib.MAX_WBITS


class Refused(APIException):
    """A body that we do not read: 400, 413 or 415, with a sentence that says why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status_code = status


def read_body(request: HttpRequest, *, limit: int, types: Collection[str]) -> bytes:
    """The whole body, decompressed, at most `limit` bytes before and after that. Raises Refused."""
    _check_type(request, types)
    body = _read(request, limit)
    match request.headers.get("Content-Encoding", "identity").strip().lower():
        case "identity":
            return body
        case "gzip" | "x-gzip":
            return _decompressed(body, limit)
        case other:
            raise Refused(415, f"The content encoding {other[:32]!r} is not taken; gzip is.")


def _check_type(request: HttpRequest, types: Collection[str]) -> None:
    if (request.content_type or "").lower() not in types:
        raise Refused(415, f"The content type must be {' or '.join(types)}.")
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in {"utf-8", "utf8"}:
        raise Refused(415, "The character set must be UTF-8.")


def _read(request: HttpRequest, limit: int) -> bytes:
    declared = request.META.get("CONTENT_LENGTH") or ""
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    try:
        body: bytes = _stream(request, declared).read(limit + 1)
    except OSError as error:  # the client went away, or its chunks are malformed
        raise Refused(400, "The body ended too early.") from error
    if len(body) > limit:
        raise _too_large(limit)
    if declared.isdecimal() and len(body) < int(declared):
        raise Refused(400, "The body is shorter than its Content-Length.")
    return body


def _stream(request: HttpRequest, declared: str) -> BinaryIO | HttpRequest:
    """Django reads nothing of a chunked body, which has no length; the server marks the end of it."""
    chunked = not declared and request.META.get("wsgi.input_terminated")
    stream: BinaryIO | HttpRequest = request.META["wsgi.input"] if chunked else request
    return stream


def _decompressed(body: bytes, limit: int) -> bytes:
    """No more than `limit` bytes are ever inflated, whatever the body promises."""
    inflater = zlib.decompressobj(GZIP)
    try:
        plain = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refused(400, "The body is not gzip.") from error
    if len(plain) > limit:
        raise _too_large(limit)
    if not inflater.eof or inflater.unused_data:
        raise Refused(400, "The gzip body is cut short or followed by something else.")
    return plain


def _too_large(limit: int) -> Refused:
    return Refused(413, f"The body is larger than {limit} bytes.")
