"""A file as rows; encoding, layout and decimal mark are told by its beginning, which every run reads alike."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from serverless.product_bulk_import_lambda.encodings import SAMPLE_BYTES, encoding_of
from serverless.product_bulk_import_lambda.layout import Layout, delimiter_of, layout_of
from serverless.product_bulk_import_lambda.mapping import Mapping
from serverless.product_bulk_import_lambda.prices import decimal_mark_of
from serverless.product_bulk_import_lambda.records import Line, Record, Records, lines
from serverless.product_bulk_import_lambda.rows import Problem, Row, row_of
from serverless.product_bulk_import_lambda.seen import SeenIds
from serverless.product_bulk_import_lambda.unfit import UnfitFile


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The records behind the header, which are read once."""

    encoding: str
    layout: Layout
    records: Iterator[Record]

    def rows(self, seen: SeenIds) -> Iterator[Row]:
        """The rows as products. The first row of an id counts, those after it are bad. Raises UnfitFile."""
        for record in self.records:
            yield _first_of_its_id(row_of(record, self.layout), self.layout, seen)


def opened(pieces: Iterator[bytes], mapping: Mapping, *, currency: str) -> OpenedFile:
    """Read as far as the header. Raises UnfitFile."""
    head, rest = _head(pieces)
    encoding = encoding_of(head, named=mapping.encoding)
    records, layout = _behind_header(lines(chain([head], rest), encoding), mapping, currency)
    if not layout.decimal and "price" in layout.positions:
        layout = replace(layout, decimal=_decimal_mark(head, encoding, mapping, layout))
    return OpenedFile(encoding, layout, records)


def _head(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and what follows. A file that breaks off among them does so behind them."""
    head = b""
    try:
        while len(head) < SAMPLE_BYTES and (piece := next(pieces, b"")):
            head += piece
    except UnfitFile as error:
        return head, _breaking_off(error)
    return head, pieces


def _breaking_off(error: UnfitFile) -> Iterator[bytes]:
    raise error
    yield b""


def _behind_header(source: Iterator[Line], mapping: Mapping, currency: str) -> tuple[Iterator[Record], Layout]:
    first = next((line for line in source if line.text.strip()), None)
    if first is None:
        raise UnfitFile("The file is empty.")
    delimiter = delimiter_of(first.text, mapping)
    records = iter(Records(chain([first], source), delimiter=delimiter))
    header = next(records, None)
    if header is None or header.problem:
        raise UnfitFile(f"The header {header.problem if header else 'is empty'}.")
    return records, layout_of(header.cells, mapping, delimiter=delimiter, currency=currency)


def _decimal_mark(head: bytes, encoding: str, mapping: Mapping, layout: Layout) -> str:
    records, _ = _behind_header(lines(iter([head]), encoding), mapping, layout.currency)
    position = layout.positions["price"]
    if len(head) >= SAMPLE_BYTES:  # its end may have cut the last one
        records = (record for record, _ in pairwise(records))
    return decimal_mark_of(record.cells[position] for record in records if not record.problem)


def _first_of_its_id(row: Row, layout: Layout, seen: SeenIds) -> Row:
    if not row.product:
        return row
    product_id, line = row.product["product_id"], row.record.line
    first = seen.first_line(product_id, line)
    if first == line:
        return row
    reason = f"is on line {first:,} already; the first row of a product counts"
    return Row(row.record, None, (Problem(layout.name("product_id"), product_id, reason),))
