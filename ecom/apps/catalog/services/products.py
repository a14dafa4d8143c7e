"""What changes products: one by one, or many at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction

from ecom.apps.catalog.selectors import ProductDetail, Revision, product_to_change
from ecom.apps.catalog.services.categories import CategoryNames, ensure_categories
from ecom.apps.catalog.sql import ALIAS, execute, rows_of


class Outcome(StrEnum):
    """What an upsert did with a product."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class ProductExists(Exception):
    """There is a product of this id already, for sale or not."""


class ChangedMeanwhile(Exception):
    """The product is not any more as the caller saw it."""


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as somebody brings it. What is None stays as it is; a new product needs title, amount and currency.

    `category` names it from the root down, `("Computers", "Notebooks")`; an empty one is none.
    """

    product_id: str
    title: str | None = None
    price_amount: int | None = None
    currency: str | None = None
    description: str | None = None
    brand: str | None = None
    category: CategoryNames | None = None
    stock: int | None = None
    image_url: str | None = None
    active: bool | None = None


# The columns of a row with their SQL types, in the order of the statements' arrays.
_COLUMN_TYPES = {
    "product_id": "text",
    "title": "text",
    "price_amount": "bigint",
    "currency": "text",
    "description": "text",
    "brand": "text",
    "category_id": "bigint",
    "has_category": "boolean",
    "stock": "integer",
    "image_url": "text",
    "active": "boolean",
}
_ROWS = f"unnest({', '.join(f'%s::{kind}[]' for kind in _COLUMN_TYPES.values())}) AS r ({', '.join(_COLUMN_TYPES)})"
# What an updated product has in its columns; the stock apart, since selling a unit is no edit.
_NEW_CONTENT = {
    **{
        name: f"coalesce(r.{name}, p.{name})"
        for name in ("title", "price_amount", "currency", "description", "brand", "image_url", "active")
    },
    "category_id": "CASE WHEN r.has_category THEN r.category_id ELSE p.category_id END",
}
_EDITED = "({}) IS DISTINCT FROM ({})".format(
    ", ".join(f"p.{name}" for name in _NEW_CONTENT), ", ".join(_NEW_CONTENT.values())
)
# What is there already is left out before PostgreSQL makes its search vector; conflicts are with whoever comes between.
# Sorted, so that two who insert the same products wait for each other in one order.
_INSERT = f"""
    INSERT INTO catalog_product
        (product_id, title, price_amount, currency, description, brand, category_id, stock, image_url, active)
    SELECT r.product_id, r.title, r.price_amount, r.currency, coalesce(r.description, ''), coalesce(r.brand, ''),
        r.category_id, coalesce(r.stock, %s), coalesce(r.image_url, ''), coalesce(r.active, true)
    FROM {_ROWS} WHERE NOT EXISTS (SELECT FROM catalog_product p WHERE p.product_id = r.product_id)
    ORDER BY r.product_id
    ON CONFLICT (product_id) DO NOTHING RETURNING product_id
"""  # noqa: S608 - names of columns that this module knows; values are parameters
# Products are locked by primary key before the first of them is written: see ProductQuerySet.locked.
_UPDATE = f"""
    WITH r AS MATERIALIZED (
        SELECT p.id, r.* FROM {_ROWS} JOIN catalog_product p USING (product_id)
        WHERE {_EDITED} OR p.stock <> r.stock
        ORDER BY p.id FOR NO KEY UPDATE OF p
    )
    UPDATE catalog_product p
    SET {", ".join(f"{name} = {value}" for name, value in _NEW_CONTENT.items())},
        stock = coalesce(r.stock, p.stock),
        updated_at = CASE WHEN {_EDITED} THEN statement_timestamp() ELSE p.updated_at END
    FROM r WHERE p.id = r.id RETURNING p.product_id
"""  # noqa: S608


def upsert_products(*, rows: Sequence[ProductRow], new_stock: int = 0) -> dict[str, Outcome]:
    """Create or update up to some thousand products, each named once, in one transaction.

    A product that is equal already is not written; `new_stock` is for new ones that bring none. Returns the outcome by
    product id. One statement for the products that are new, one for the others, and those for the categories.
    """
    with transaction.atomic(using=ALIAS):
        columns = _columns(rows)
        outcomes = dict.fromkeys((row.product_id for row in rows), Outcome.UNCHANGED)
        created = rows_of(_INSERT, [new_stock, *columns])
        outcomes.update({product_id: Outcome.CREATED for (product_id,) in created})
        if len(created) < len(rows):
            outcomes.update({product_id: Outcome.UPDATED for (product_id,) in rows_of(_UPDATE, columns)})
    return outcomes


def create_product(*, row: ProductRow) -> ProductDetail:
    """Put a new product into the shop. Raises ProductExists. Two statements, more where it brings a category."""
    with transaction.atomic(using=ALIAS):
        if not rows_of(_INSERT, [0, *_columns([row])]):
            raise ProductExists
        return product_to_change(row.product_id)


def change_product(*, row: ProductRow, expected: Collection[Revision] | None) -> ProductDetail:
    """Change what the row brings, if the product is as the caller saw it; None is for whatever it is.

    What was sold meanwhile does not count as a change, unless the row brings a stock. Raises UnknownProduct,
    ChangedMeanwhile. Three statements, one where there is nothing to change, more where the row brings a category.
    """
    with transaction.atomic(using=ALIAS):
        columns = _columns([row])  # before the product is locked: categories come first
        product = product_to_change(row.product_id)
        if expected is not None and not _is_seen(product, expected, with_stock=row.stock is not None):
            raise ChangedMeanwhile
        return product_to_change(row.product_id) if rows_of(_UPDATE, columns) else product


def deactivate_product(*, product_id: str, expected: Collection[Revision] | None) -> None:
    """Take a product out of the shop; it stays for the orders that name it. Raises UnknownProduct, ChangedMeanwhile."""
    change_product(row=ProductRow(product_id, active=False), expected=expected)


def settle_indexes() -> None:
    """After a big change: bring the search index up to date and tell the planner, rather than when autovacuum does."""
    execute("SELECT gin_clean_pending_list('product_search')")
    execute("ANALYZE catalog_product, catalog_category")


def _is_seen(product: ProductDetail, expected: Collection[Revision], *, with_stock: bool) -> bool:
    now = product.revision
    return any(seen.content == now.content and (not with_stock or seen.stock == now.stock) for seen in expected)


def _columns(rows: Sequence[ProductRow]) -> list[list[Any]]:
    """The rows as the statements' arrays; their categories are there from now on."""
    category_ids = ensure_categories(names={row.category for row in rows if row.category})
    return [list(column) for column in zip(*(_values(row, category_ids) for row in rows), strict=True)]


def _values(row: ProductRow, category_ids: dict[CategoryNames, int]) -> tuple[Any, ...]:
    return (
        row.product_id,
        row.title,
        row.price_amount,
        row.currency,
        row.description,
        row.brand,
        category_ids.get(row.category) if row.category else None,
        row.category is not None,
        row.stock,
        row.image_url,
        row.active,
    )
