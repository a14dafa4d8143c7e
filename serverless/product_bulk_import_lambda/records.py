"""The records of a CSV file in bounded memory: a bad one is told as it is, and reading goes on behind it."""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MAX_ROW_CHARACTERS = 128 * 1024
_MAX_LINE_BYTES = 4 * MAX_ROW_CHARACTERS
RAW_SHOWN = 1000
_MARK = codecs.BOM_UTF8
_MARKED = "lone-surrogate"  # a way to treat decoding errors
TOO_LONG = f"is longer than {MAX_ROW_CHARACTERS:,} characters, or a quote in it is never closed"


@dataclass(frozen=True, slots=True)
class Line:
    """A physical line with its end, counted from 1. One that is too long is cut, and not `whole`."""

    number: int
    text: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """A row by its first line. Where it has a `problem` there are no cells, and `raw` is how it begins."""

    line: int
    cells: list[str]
    problem: str = ""
    raw: str = ""


def lines(pieces: Iterator[bytes], encoding: str) -> Iterator[Line]:
    """The lines of a file. A byte that the encoding does not have becomes a lone surrogate: only its row is bad."""
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        pieces, encoding = _as_utf_8(pieces, encoding), "utf-8"
    for number, (line, whole) in enumerate(_byte_lines(pieces), start=1):
        plain = line.removeprefix(_MARK) if number == 1 else line
        yield Line(number, plain.decode(encoding.removesuffix("-sig"), "surrogateescape"), whole)


def _as_utf_8(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors=_MARKED)
    for piece in pieces:
        yield decoder.decode(piece).encode(errors="surrogateescape")
    yield decoder.decode(b"", final=True).encode(errors="surrogateescape")


def _lone_surrogate(error: UnicodeError) -> tuple[str, int]:
    """What stands for bytes that UTF-16 does not have: `surrogateescape` itself knows single bytes above 127 only."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udc80", error.end


codecs.register_error(_MARKED, _lone_surrogate)


def _byte_lines(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Lines that end in LF, CRLF, or CR where the file's first lines have no other end; and whether each is whole."""
    rest, whole, end = b"", True, b""
    for piece in pieces:
        end = end or _line_end(rest + piece)
        first, *others = (rest + piece).split(end or b"\n")
        if not others:
            rest = first
        else:
            yield first[:_MAX_LINE_BYTES] + end, whole and len(first) <= _MAX_LINE_BYTES
            for line in others[:-1]:
                yield line[:_MAX_LINE_BYTES] + end, len(line) <= _MAX_LINE_BYTES
            rest, whole = others[-1], True
        if len(rest) > _MAX_LINE_BYTES:
            rest, whole = rest[:_MAX_LINE_BYTES], False
    if rest:
        yield rest, whole


def _line_end(text: bytes) -> bytes:
    """What ends the lines of a file that begins so; empty where that is not to be seen yet."""
    if b"\n" in text:
        return b"\n"
    return b"\r" if b"\r" in text[:-1] else b""


class _TooLong(Exception):
    """The lines of the record at hand are more than a row may have."""


class Records:
    """The records behind the header; blank lines are none.

    A quote that is never closed, or that text follows, would take the rows behind it along: the record is given up at
    the first of its lines that is a fitting row for itself, and reading goes on from there.
    """

    def __init__(self, source: Iterator[Line], *, delimiter: str) -> None:
        self._source = source
        self._again: deque[Line] = deque()
        self._taken: list[Line] = []
        self._characters = 0
        self._delimiter = delimiter
        self._csv = csv.reader(_Feed(self), delimiter=delimiter, strict=True)

    def __iter__(self) -> Iterator[Record]:
        width: int | None = None
        while (record := self._next(width)) is not None:
            width = width or len(record.cells)
            yield record

    def take(self) -> str:
        """The next line of the record at hand. Raises StopIteration, _TooLong."""
        line = self._again.popleft() if self._again else next(self._source)
        self._taken.append(line)
        self._characters += len(line.text)
        if self._characters > MAX_ROW_CHARACTERS or not line.whole:
            raise _TooLong
        return line.text

    def _next(self, width: int | None) -> Record | None:
        while True:
            self._taken, self._characters = [], 0
            try:
                cells = next(self._csv)
            except StopIteration:
                return None
            except (csv.Error, _TooLong) as error:
                return self._bad(TOO_LONG if isinstance(error, _TooLong) else _reason(str(error)), width)
            if any(cell.strip() for cell in cells):
                break
        if width and len(cells) != width:
            return self._bad(f"has {len(cells)} cells where the header has {width}", width)
        return Record(self._taken[0].number, cells)

    def _bad(self, problem: str, width: int | None) -> Record:
        kept = self._lines_to_give_up(width)
        self._again.extendleft(reversed(self._taken[kept:]))
        raw = "".join(line.text for line in self._taken[:kept])[:RAW_SHOWN].rstrip("\r\n")
        return Record(self._taken[0].number, [], problem, raw)

    def _lines_to_give_up(self, width: int | None) -> int:
        for index, line in enumerate(self._taken[1:], start=1):
            if width and width > 1 and self._is_row(line, width):
                return index
        return len(self._taken)

    def _is_row(self, line: Line, width: int) -> bool:
        try:
            return line.whole and len(next(csv.reader([line.text], delimiter=self._delimiter, strict=True))) == width
        except csv.Error:
            return False


class _Feed:
    """What csv.reader reads from: unlike a generator's, its errors do not end it."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        return self._records.take()


def _reason(error: str) -> str:
    """csv's own messages, as a merchant understands them."""
    if "expected after" in error:
        return "has text behind a closing quote; a quote inside of a quoted cell is written twice"
    if "unexpected end" in error:
        return "has a quote that is never closed"
    if "new-line" in error:
        return "has a line break outside of quotes"
    return f"cannot be read: {error}"
