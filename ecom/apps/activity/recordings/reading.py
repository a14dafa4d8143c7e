"""Reads a recording row by row, whatever its size: CSV or NDJSON, plain or gzip."""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import msgspec

from ecom.apps.activity.clocks import InvalidTime, read_time
from ecom.apps.activity.recordings.layouts import TIME_UNITS, Layout

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NDJSON_SUFFIXES = {".ndjson", ".jsonl"}


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One row: its number in the file (from 0), and what it says."""

    row: int
    user_id: str
    product_id: str
    event_type: str
    time: datetime


class UnreadableRow(Exception):
    """A row that is no event; the message says which and why."""


class Recording(AbstractContextManager["Recording"]):
    """An open file. `position` of `size` bytes have been read: what a progress bar needs."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.size = path.stat().st_size
        self.unreadable: list[str] = []
        self._layout = layout
        self._file = path.open("rb")
        compressed = path.suffix == ".gz"
        self._bytes = cast(BinaryIO, gzip.GzipFile(fileobj=self._file)) if compressed else self._file
        self._ndjson = path.with_suffix("").suffix in NDJSON_SUFFIXES if compressed else path.suffix in NDJSON_SUFFIXES

    @property
    def position(self) -> int:
        """Bytes of the file, as it lies on disk, that have been read."""
        # A CSV reader that has come to the end of an uncompressed file closes it.
        return self.size if self._file.closed else self._file.tell()

    def events(self, *, skip: int = 0) -> Iterator[RecordedEvent]:
        """The events after the first `skip` rows; rows that are none are left out and noted in `unreadable`."""
        for row, members in enumerate(self._rows()):
            if row >= skip:
                try:
                    yield _event(row, members, self._layout)
                except UnreadableRow as error:
                    self.unreadable.append(str(error))

    def _rows(self) -> Iterator[Mapping[str, Any] | None]:
        if self._ndjson:
            return (_decoded(line) for line in self._bytes)
        return csv.DictReader(io.TextIOWrapper(self._bytes, encoding="utf-8", errors="replace", newline=""))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _decoded(line: bytes) -> Mapping[str, Any] | None:
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _event(row: int, members: Mapping[str, Any] | None, layout: Layout) -> RecordedEvent:
    try:
        if members is None:
            raise ValueError("it is not a JSON object")
        event_type = str(members[layout.event_type])
        return RecordedEvent(
            row=row,
            user_id=f"{layout.user_prefix}{members[layout.user]}",
            product_id=f"{layout.product_prefix}{members[layout.product]}",
            event_type=layout.types.get(event_type, event_type),
            time=_time(members[layout.time], layout.time_unit),
        )
    except KeyError as error:
        raise UnreadableRow(f"row {row} has no column {error}") from error
    except (ValueError, TypeError, OverflowError, InvalidTime) as error:
        raise UnreadableRow(f"row {row}: {error}") from error


def _time(value: Any, unit: str) -> datetime:
    divisor = TIME_UNITS[unit]
    if divisor is None:
        return read_time(str(value))[0]
    return EPOCH + timedelta(seconds=float(value) / divisor)
