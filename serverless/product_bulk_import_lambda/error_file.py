"""The rows that were not taken, as a CSV file to mend and upload again: what is wrong, then the row as it was."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig

from serverless.product_bulk_import_lambda.formulas import with_guard
from serverless.product_bulk_import_lambda.layout import ERROR_COLUMNS
from serverless.product_bulk_import_lambda.progress import Ledger, Progress
from serverless.product_bulk_import_lambda.rows import Problem, Row

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VALUE_SHOWN = 80
FULL_CHARACTERS = 2 * 1024 * 1024
# One part at a time: a file of any size in the memory of one.
_IN_SEQUENCE = TransferConfig(use_threads=False, multipart_chunksize=8 * 1024 * 1024)


class ErrorFile:
    """Written in parts while the import goes on, and put together at its end.

    A part is named by the first row that it may be about, so that a run that does the same again writes the same part.
    """

    def __init__(self, s3: "S3Client", ledger: Ledger, progress: Progress) -> None:
        self._s3, self._bucket, self._name = s3, ledger.bucket, ledger.name
        self._delimiter = progress.delimiter
        self._kept = [index for index, name in enumerate(progress.header) if name not in ERROR_COLUMNS]
        self._header = [progress.header[index] for index in self._kept]
        self._text = io.StringIO(newline="")

    @property
    def key(self) -> str:
        """Where the whole file is in the end."""
        return f"reports/{self._name}.errors.csv"

    @property
    def is_full(self) -> bool:
        """Whether it is time to write the part."""
        return self._text.tell() > FULL_CHARACTERS

    def add(self, row: Row, problems: Sequence[Problem]) -> None:
        """A row with all that is wrong with it, as one row: it is mended as one."""
        cells = row.record.cells
        told = [
            str(row.record.line),
            "; ".join(problem.column for problem in problems if problem.column),
            "; ".join(problem.value[:VALUE_SHOWN] for problem in problems if problem.column),
            "; ".join(f"{problem.column} {problem.reason}".strip() for problem in problems),
            row.record.raw,
        ]
        as_it_was = [cells[index] for index in self._kept] if cells else [""] * len(self._kept)
        self._write(self._text, [with_guard(cell) for cell in (*told, *as_it_was)])

    def write_part(self, first_row: int) -> bool:
        """Store what was added since the last part; False where there is nothing."""
        text = self._text.getvalue()
        if text:
            body = text.encode("utf-8", "backslashreplace")
            self._s3.put_object(Bucket=self._bucket, Key=self._part_key(first_row), Body=body)
            self._text = io.StringIO(newline="")
        return bool(text)

    def put_together(self, parts: Sequence[int]) -> str:
        """Make the whole file of its parts; returns its key. UTF-8 with a mark, as spreadsheets want it."""
        self._s3.upload_fileobj(
            io.BufferedReader(_Joined(self._pieces(parts))),
            self._bucket,
            self.key,
            ExtraArgs={"ContentType": "text/csv; charset=utf-8"},
            Config=_IN_SEQUENCE,
        )
        return self.key

    def _pieces(self, parts: Sequence[int]) -> Iterator[bytes]:
        head = io.StringIO(newline="")
        self._write(head, [*ERROR_COLUMNS, *self._header])
        yield head.getvalue().encode("utf-8-sig", "backslashreplace")
        for first_row in parts:
            stored = self._s3.get_object(Bucket=self._bucket, Key=self._part_key(first_row))
            yield from stored["Body"].iter_chunks(256 * 1024)

    def _write(self, file: io.StringIO, cells: Sequence[str]) -> None:
        csv.writer(file, delimiter=self._delimiter).writerow(cells)

    def _part_key(self, first_row: int) -> str:
        return f"parts/{self._name}/{first_row}.csv"


class _Joined(io.RawIOBase):
    """Pieces of bytes as one file to read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest and (piece := next(self._pieces, None)) is not None:
            self._rest = piece
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)
