"""How a file is laid out: its delimiter, and which of its columns is what, whatever their order."""

import csv
import re
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass

from serverless.product_bulk_import_lambda.mapping import Mapping
from serverless.product_bulk_import_lambda.unfit import UnfitFile

DELIMITERS = ",;\t|"
MOST_COLUMNS = 1000
# What others call our columns, in the order in which they win; compared without case, spaces and punctuation.
ALIASES: dict[str, tuple[str, ...]] = {
    "product_id": ("product_id", "productid", "id", "sku", "item_id", "item_number", "article_number", "artikelnummer",
                   "art_nr"),
    "title": ("title", "name", "product_name", "product_title", "item_name", "bezeichnung", "titel"),
    "description": ("description", "short_description", "long_description", "product_description", "beschreibung"),
    "brand": ("brand", "manufacturer", "vendor", "marke", "hersteller"),
    "category": ("category", "product_type", "google_product_category", "kategorie"),
    "category_path": ("category_path",),
    "price": ("price", "unit_price", "price_gross", "sale_price", "preis"),
    "price_amount": ("price_amount", "price_cents", "price_minor"),
    "currency": ("currency", "currency_code", "price_currency", "waehrung"),
    "stock": ("stock", "quantity", "qty", "stock_quantity", "inventory", "bestand", "lagerbestand"),
    "image_url": ("image_url", "image", "image_link", "picture", "bild"),
    "active": ("active", "enabled", "published", "aktiv"),
}  # fmt: skip
# Columns of our own error files, which hold no data of a product.
ERROR_COLUMNS = ("error_line", "error_column", "error_value", "error_reason", "error_row")
# Of each of these one column is needed.
NEEDED = (("product_id",), ("title",), ("price", "price_amount"))
# The same thing told in two ways: the first one that a file has is read.
_ONE_OF = (("price_amount", "price"), ("category_path", "category"))


@dataclass(frozen=True, slots=True)
class Layout:
    """`header` is the file's, `positions` our columns in it, `is_error_file` whether we wrote it ourselves."""

    delimiter: str
    header: tuple[str, ...]
    positions: dict[str, int]
    currency: str
    decimal: str = ""
    is_error_file: bool = False

    def name(self, column: str) -> str:
        """What the file calls a column of ours; our own name where it has none."""
        return self.header[self.positions[column]] if column in self.positions else column


def delimiter_of(header_line: str, mapping: Mapping) -> str:
    """The mapping's, or the one that parts the header line into most columns that we know.

    Those words tell more than any statistics of the rows: a title may have more commas than the file has columns.
    """
    if mapping.delimiter:
        return mapping.delimiter
    return max(DELIMITERS, key=lambda mark: len(_positions(_cells(header_line, mark), mapping.columns)))


def layout_of(header: Sequence[str], mapping: Mapping, *, delimiter: str, currency: str) -> Layout:
    """Raises UnfitFile where columns are lacking that every product needs, or that the mapping names."""
    names = tuple(name.strip() for name in header)
    if len(names) > MOST_COLUMNS:
        raise UnfitFile(f"The header has more than {MOST_COLUMNS:,} columns.")
    positions = _positions(names, mapping.columns)
    if absent := sorted(theirs for theirs in mapping.columns.values() if theirs.strip() not in names):
        raise UnfitFile(f"The mapping names the column {absent[0]!r}, which is not in the header: {_shown(names)}.")
    if lacking := [each for each in NEEDED if not positions.keys() & set(each)]:
        raise UnfitFile(
            f"No column for {' or '.join(lacking[0])} was found. The header is: {_shown(names)}. Rename the column, or "
            "say in a mapping file which one it is."
        )
    return Layout(
        delimiter=delimiter,
        header=names,
        positions=positions,
        currency=mapping.currency or currency,
        decimal=mapping.decimal,
        is_error_file=set(ERROR_COLUMNS) <= set(names),
    )


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _positions(names: Sequence[str], mapped: AnyMapping[str, str]) -> dict[str, int]:
    """Our columns -> where they stand; the mapping goes before the aliases."""
    plain = {_plain(name): index for index, name in reversed(list(enumerate(names)))}
    positions = {ours: names.index(theirs.strip()) for ours, theirs in mapped.items() if theirs.strip() in names}
    taken = set(positions.values())
    for ours, aliases in ALIASES.items():
        found = next((plain[_plain(alias)] for alias in aliases if _plain(alias) in plain), None)
        if ours not in positions and found is not None and found not in taken:
            positions[ours] = found
            taken.add(found)
    for first, second in _ONE_OF:
        if first in positions and (second not in mapped or first in mapped):
            positions.pop(second, None)
        elif second in positions:
            positions.pop(first, None)
    return positions


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _shown(names: Sequence[str]) -> str:
    text = ", ".join(names[:30])
    return text if len(text) <= 300 else f"{text[:300]}…"
