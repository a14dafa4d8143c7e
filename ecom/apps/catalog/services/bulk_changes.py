"""Prices and stock of many products at once, as staff change them: one statement, whatever their number."""

from collections.abc import Sequence
from dataclasses import dataclass

from ecom.apps.catalog.models import MAX_STOCK
from ecom.apps.catalog.sql import rows_of


@dataclass(frozen=True, slots=True)
class Change:
    """What a product, by its primary key, goes from and to."""

    pk: int
    before: int
    after: int


def change_prices(*, changes: Sequence[Change]) -> list[Change]:
    """Give products new prices, in minor units. Returns the changes made: not of one whose price is another by now."""
    return _set("price_amount", "price_amount = locked.after, updated_at = statement_timestamp()", changes)


def set_stock(*, changes: Sequence[Change]) -> list[Change]:
    """Say how many units there are, after a count. Returns the changes made: not of a product that sold meanwhile."""
    return _set("stock", "stock = locked.after", changes)


def add_stock(*, pks: Sequence[int], units: int) -> list[Change]:
    """Add units to the stock of products, or take some away. Returns the changes made: not where fewer are left."""
    rows = rows_of(_ADD, {"pks": list(pks), "units": units, "most": MAX_STOCK})
    return [Change(*row) for row in rows]


# A stock that changes is no edit of the product, as in `services.products`: `updated_at` stays.
# Products are locked by primary key, as everybody locks them: two who change many cannot wait for each other.
_ADD = """
    WITH locked AS (
        SELECT id FROM catalog_product WHERE id = ANY(%(pks)s) AND stock + %(units)s BETWEEN 0 AND %(most)s
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE catalog_product AS product SET stock = product.stock + %(units)s FROM locked WHERE product.id = locked.id
    RETURNING product.id, old.stock, product.stock
"""
_SET = """
    WITH asked AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS asked (id, before, after)),
    locked AS (
        SELECT product.id, asked.after FROM catalog_product AS product JOIN asked USING (id)
        WHERE product.{column} = asked.before ORDER BY product.id FOR NO KEY UPDATE OF product
    )
    UPDATE catalog_product AS product SET {columns} FROM locked WHERE product.id = locked.id
    RETURNING product.id, old.{column}, product.{column}
"""


def _set(column: str, columns: str, changes: Sequence[Change]) -> list[Change]:
    rows = zip(*((change.pk, change.before, change.after) for change in changes), strict=True)
    statement = _SET.format(column=column, columns=columns)
    return [Change(*row) for row in rows_of(statement, [list(values) for values in rows])]
