"""A record as the product that `POST /products/bulk` takes, or what is wrong with it.

What a text, an id or a URL must look like is the shop's to say, and it says so row by row. Here is what only a file
has: prices and numbers as people write them, categories by name, yes and no.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from serverless.product_bulk_import_lambda import prices
from serverless.product_bulk_import_lambda.formulas import without_guard
from serverless.product_bulk_import_lambda.layout import Layout
from serverless.product_bulk_import_lambda.records import Record

MAX_ID = 64
_WORDS = {
    **dict.fromkeys(("1", "true", "yes", "y", "ja", "on"), True),
    **dict.fromkeys(("0", "false", "no", "n", "nein", "off"), False),
}
_PATH = re.compile("[a-z0-9-]+(/[a-z0-9-]+)+")
_CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: in which column (empty: in the row), with which value, and why."""

    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A record and the product that it is; None where there are problems."""

    record: Record
    product: dict[str, Any] | None
    problems: tuple[Problem, ...] = ()


def row_of(record: Record, layout: Layout) -> Row:
    """Check what can be checked here."""
    if record.problem:
        return Row(record, None, (Problem("", record.raw, record.problem),))
    if layout.is_error_file:
        record = Record(record.line, [without_guard(cell) for cell in record.cells])
    cells = {name: record.cells[position] for name, position in layout.positions.items()}
    product, problems = _product(cells, layout)
    return Row(record, None if problems else product, tuple(problems))


def _product(cells: Mapping[str, str], layout: Layout) -> tuple[dict[str, Any], list[Problem]]:
    product: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, cell in cells.items():
        try:
            _refuse_foreign_bytes(cell)
            product |= _members(name, cell, cells, layout)
        except ValueError as reason:
            problems.append(Problem(layout.name(name), cell, str(reason)))
    return product, problems


def _members(name: str, cell: str, cells: Mapping[str, str], layout: Layout) -> dict[str, Any]:
    """What a cell adds to the product. Raises ValueError with the reason."""
    if name == "currency":  # part of the price
        return {}
    if name in ("price", "price_amount"):
        return {"price": _price(name, cell, cells, layout)}
    if name in ("category", "category_path"):
        return {"category_path": _category(cell) if name == "category" else cell.strip()}
    return {name: _READ.get(name, str)(cell)}


def _price(name: str, cell: str, cells: Mapping[str, str], layout: Layout) -> dict[str, Any]:
    currency = cells.get("currency", "").strip() or layout.currency
    if not _CURRENCY.fullmatch(currency):
        raise ValueError(f"has the currency {currency[:20]!r}, which is not three capital letters")
    read = _whole_number if name == "price_amount" else partial(prices.price, currency=currency, mark=layout.decimal)
    return {"amount": read(cell), "currency": currency}


def _product_id(cell: str) -> str:
    if not (text := cell.strip()):
        raise ValueError("is empty")
    if len(text) > MAX_ID:
        raise ValueError(f"is longer than {MAX_ID} characters")
    return text


def _whole_number(cell: str) -> int:
    digits = cell.strip()
    if not re.fullmatch(r"[0-9]{1,18}", digits):
        raise ValueError("is not a whole number of at least 0" if digits else "is empty")
    return int(digits)


def _category(cell: str) -> str | list[str]:
    """Names from the root down, with > between them, or a path as the shop itself writes it (`audio/headphones`)."""
    text = cell.strip()
    if _PATH.fullmatch(text):
        return text
    return [name.strip() for name in text.split(">")] if text else []


def _yes_or_no(cell: str) -> bool:
    if (word := cell.strip().lower()) not in _WORDS:
        raise ValueError("is neither yes nor no")
    return _WORDS[word]


def _refuse_foreign_bytes(cell: str) -> None:
    try:
        cell.encode()
    except UnicodeEncodeError:
        raise ValueError("has bytes that are not in the file's encoding; save the file as UTF-8") from None


_READ: dict[str, Callable[[str], Any]] = {
    "product_id": _product_id,
    "stock": _whole_number,
    "active": _yes_or_no,
}
