"""Reads a catalogue from CSV: which column is what, what a cell must look like, and what was wrong with it.

Nothing inside a file stops the reading: a row is taken, taken without a cell, or skipped, each with its reason.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecom.apps.catalog import product_rules as rules
from ecom.apps.catalog.models import MAX_PRICE_AMOUNT, MAX_STOCK
from ecom.apps.catalog.services.categories import CategoryNames
from ecom.apps.catalog.services.products import ProductRow

MAX_VALUE_SHOWN = 80


class UnfitFile(ValueError):
    """The file cannot be read at all: its header does not say what is needed."""


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What was wrong with a cell; `skipped` tells whether its row was skipped for it or taken without it."""

    line: int
    product_id: str
    column: str
    value: str
    reason: str
    skipped: bool


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row of the file; `product` is None where it is skipped. `line` is its last line, counted from 1."""

    line: int
    product: ProductRow | None
    problems: tuple[CellProblem, ...] = ()


def _whole_number(most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        digits = value.strip()
        if not re.fullmatch(r"[0-9]{1,18}", digits):
            raise ValueError("is empty" if not digits else "is not a whole number of at least 0")
        if int(digits) > most:
            raise ValueError(f"is more than {most}")
        return int(digits)

    return parse


def _category(value: str) -> CategoryNames:
    """Names with > between them, or a path as our own export has it."""
    text = value.strip()
    mark = "/" if re.fullmatch("[a-z0-9-]+(/[a-z0-9-]+)+", text) else ">"
    return rules.category(text.split(mark) if text else ())


@dataclass(frozen=True, slots=True)
class Column:
    """How a cell is read; `parse` raises ValueError with the reason.

    A file without a `needed` column is refused; a row whose cell is unfit is skipped or, by default, taken without it.
    """

    parse: Callable[[str], Any]
    needed: bool = False
    skips: bool = False


COLUMNS: dict[str, Column] = {
    "product_id": Column(rules.product_id, needed=True, skips=True),
    "title": Column(rules.title, needed=True, skips=True),
    "description": Column(rules.description),
    "brand": Column(rules.brand),
    "category": Column(_category),
    "price_amount": Column(_whole_number(MAX_PRICE_AMOUNT), needed=True, skips=True),
    "currency": Column(rules.currency, skips=True),
    "stock": Column(_whole_number(MAX_STOCK), skips=True),
    "image_url": Column(rules.image_url),
}
# Our column -> the file's.
FORMATS: dict[str, dict[str, str]] = {
    "icecat": {
        "product_id": "id",
        "title": "title",
        "description": "short_description",
        "brand": "brand",
        "category": "product_type",
        "price_amount": "price_cents",
        "image_url": "image",
    },
    "plain": {name: name for name in COLUMNS},
}


def column_positions(
    header: Sequence[str], *, format_name: str | None = None, columns: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Where each of our columns stands in the file. The format is told by the header where it is not named.

    `columns` (ours -> the file's) goes before the format. Raises UnfitFile.
    """
    mapping = {**FORMATS[format_name or _format_of(header)], **(columns or {})}
    if unknown := sorted(mapping.keys() - COLUMNS.keys()):
        raise UnfitFile(f"There is no column {', '.join(unknown)}; there are {', '.join(COLUMNS)}.")
    needed = {name for name in mapping if COLUMNS[name].needed or name in (columns or {})}
    if absent := sorted(mapping[name] for name in needed if mapping[name] not in header):
        raise UnfitFile(f"The header has no column {', '.join(absent)}; it has {', '.join(header)}.")
    return {name: header.index(theirs) for name, theirs in mapping.items() if theirs in header}


def _format_of(header: Sequence[str]) -> str:
    for name, mapping in FORMATS.items():
        if all(mapping[ours] in header for ours, column in COLUMNS.items() if column.needed):
            return name
    return "plain"


class CatalogueReader:
    """The rows of a CSV file, checked one by one as they are asked for.

    `currency` is that of the prices where the file has no such column. An id that was on an earlier line is skipped:
    the first row of an id counts, so that loading a file twice changes nothing.
    """

    def __init__(
        self,
        lines: Iterable[str],
        *,
        format_name: str | None = None,
        columns: Mapping[str, str] | None = None,
        currency: str,
        id_prefix: str = "",
        delimiter: str = ",",
    ) -> None:
        self._csv = csv.reader(lines, delimiter=delimiter)
        self._header = [name.strip() for name in next(self._csv, [])]
        self._positions = column_positions(self._header, format_name=format_name, columns=columns)
        self._currency = currency
        self._id_prefix = id_prefix
        self._line_of: dict[str, int] = {}

    @property
    def line(self) -> int:
        """The line that was read last."""
        return self._csv.line_num

    def __iter__(self) -> Iterator[CheckedRow]:
        while True:
            try:
                cells = next(self._csv)
            except StopIteration:
                return
            except csv.Error as error:  # such as a quote that was never closed; the reader goes on behind it
                yield self._skipped("", "", "", str(error))
                continue
            if cells:
                yield self._checked(cells)

    def _checked(self, cells: list[str]) -> CheckedRow:
        if len(cells) != len(self._header):
            return self._skipped("", "", cells[0], f"has {len(cells)} cells where the header has {len(self._header)}")
        cells[self._positions["product_id"]] = self._id_prefix + cells[self._positions["product_id"]].strip()
        values, problems = self._values(cells)
        if any(problem.skipped for problem in problems):
            return CheckedRow(self.line, None, tuple(problems))
        product = ProductRow(**{"currency": self._currency, **values})
        first = self._line_of.setdefault(product.product_id, self.line)
        if first != self.line:
            return self._skipped(product.product_id, "product_id", product.product_id, "was on an earlier line")
        return CheckedRow(self.line, product, tuple(problems))

    def _values(self, cells: list[str]) -> tuple[dict[str, Any], list[CellProblem]]:
        values, problems = {}, []
        for name, position in self._positions.items():
            try:
                values[name] = COLUMNS[name].parse(cells[position])
            except ValueError as reason:
                product_id = cells[self._positions["product_id"]]
                problems.append(self._problem(product_id, name, cells[position], str(reason), COLUMNS[name].skips))
        return values, problems

    def _skipped(self, product_id: str, column: str, value: str, reason: str) -> CheckedRow:
        return CheckedRow(self.line, None, (self._problem(product_id, column, value, reason, True),))

    def _problem(self, product_id: str, column: str, value: str, reason: str, skipped: bool) -> CellProblem:
        shown = value[:MAX_VALUE_SHOWN].encode(errors="backslashreplace").decode()
        return CellProblem(self.line, product_id[:MAX_VALUE_SHOWN], column, shown, reason, skipped)
