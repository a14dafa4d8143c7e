"""What changes products: upserts of many at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction

from ecom.apps.catalog.services.categories import CategoryNames, ensure_categories
from ecom.apps.catalog.sql import ALIAS, execute, rows_of


class Outcome(StrEnum):
    """What an upsert did with a product."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as somebody brings it. `category` names it from the root down: `("Computers", "Notebooks")`."""

    product_id: str
    title: str
    price_amount: int
    currency: str
    description: str = ""
    brand: str = ""
    category: CategoryNames = ()
    stock: int = 0
    image_url: str = ""


# The columns of the table with their SQL types, in the order of the statement's arrays.
_COLUMN_TYPES = {
    "product_id": "text",
    "title": "text",
    "description": "text",
    "brand": "text",
    "category_id": "bigint",
    "price_amount": "bigint",
    "currency": "text",
    "stock": "integer",
    "image_url": "text",
}


def upsert_products(*, rows: Sequence[ProductRow], overwrite: Collection[str]) -> dict[str, Outcome]:
    """Create or update up to some thousand products, each named once, in one transaction.

    `overwrite` names the fields of `ProductRow` in which a product that exists is brought up to date; the others are
    only for new ones. A product that is equal already is not written. Returns the outcome by product id.
    """
    with transaction.atomic(using=ALIAS):
        category_ids = ensure_categories(names={row.category for row in rows if row.category})
        values = [_values(row, category_ids) for row in rows]
        written = rows_of(_upsert_statement(overwrite), [list(column) for column in zip(*values, strict=True)])
    outcomes = dict.fromkeys((row.product_id for row in rows), Outcome.UNCHANGED)
    outcomes.update({product_id: Outcome.CREATED if new else Outcome.UPDATED for product_id, new in written})
    return outcomes


def _values(row: ProductRow, category_ids: dict[CategoryNames, int]) -> tuple[Any, ...]:
    values = {name: getattr(row, name) for name in _COLUMN_TYPES if name != "category_id"}
    values["category_id"] = category_ids.get(row.category)
    return tuple(values[name] for name in _COLUMN_TYPES)


def _upsert_statement(overwrite: Collection[str]) -> str:
    """One statement for all rows. Sorted, so that two of them at once lock products in the same order."""
    columns = ", ".join(_COLUMN_TYPES)
    changing = ["category_id" if name == "category" else name for name in overwrite if name != "product_id"]
    return f"""
        INSERT INTO catalog_product AS p ({columns})
        SELECT {columns} FROM unnest({", ".join(f"%s::{kind}[]" for kind in _COLUMN_TYPES.values())}) AS row ({columns})
        ORDER BY product_id
        ON CONFLICT (product_id) DO UPDATE
        SET {", ".join(f"{name} = excluded.{name}" for name in changing)}, updated_at = statement_timestamp()
        WHERE ({", ".join(f"p.{name}" for name in changing)})
            IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in changing)})
        RETURNING p.product_id, old.id IS NULL
    """  # noqa: S608 - names of columns that this module knows; values are parameters


def settle_indexes() -> None:
    """After a big change: bring the search index up to date and tell the planner, rather than when autovacuum does."""
    execute("SELECT gin_clean_pending_list('product_search')")
    execute("ANALYZE catalog_product")
