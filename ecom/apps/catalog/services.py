"""What changes the catalogue: upserts of many products at once, and the tree of categories."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, groupby
from typing import Any

from django.db import connections, transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils.text import slugify

from ecom.apps.catalog.models import Category

ALIAS = "catalog"
CategoryNames = tuple[str, ...]


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
        written = _read(_upsert_statement(overwrite), [list(column) for column in zip(*values, strict=True)])
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


def category_path(names: CategoryNames) -> str:
    """The path under the tree's root: a slug for each name. Letters of other scripts stay where no Latin ones are."""
    return "/".join(slugify(name) or slugify(name, allow_unicode=True) for name in names)


def ensure_categories(*, names: Iterable[CategoryNames]) -> dict[CategoryNames, int]:
    """The ids of these categories, created with their ancestors where they are absent.

    Names with the same path are the same category. One statement where all exist, else one more for each level and one.
    """
    asked = set(names)
    wanted = {category_path(above): above for name in asked for above in accumulate((part,) for part in name)}
    known = _category_ids(wanted)
    missing = sorted(wanted.keys() - known.keys(), key=lambda path: (path.count("/"), path))
    for _, level in groupby(missing, key=lambda path: path.count("/")):
        _insert_categories([(path, wanted[path][-1]) for path in level])
    if missing:
        known = _category_ids(wanted)
    return {name: known[category_path(name)] for name in asked}


def _category_ids(paths: Collection[str]) -> dict[str, int]:
    return dict(_read("SELECT path, id FROM catalog_category WHERE path = ANY(%s)", [list(paths)])) if paths else {}


def _insert_categories(categories: Sequence[tuple[str, str]]) -> None:
    """Insert `(path, name)` of one level, whose parents exist. What another process inserted meanwhile is left."""
    paths = [path for path, _ in categories]
    parents, slugs = zip(*((path.rpartition("/")[0], path.rpartition("/")[2]) for path in paths), strict=True)
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO catalog_category (path, name, slug, parent_id)
            SELECT row.path, row.name, row.slug, parent.id
            FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS row (path, name, slug, parent_path)
            LEFT JOIN catalog_category parent ON parent.path = row.parent_path
            ON CONFLICT (path) DO NOTHING
            """,
            [paths, [name for _, name in categories], list(slugs), list(parents)],
        )


def save_category(*, category: Category) -> None:
    """Save a category; where its slug or parent changed, all below it move with it.

    Raises ValidationError where its parent is itself or below it, or where its new place is taken.
    """
    with transaction.atomic(using=ALIAS):
        category.clean()
        before, category.path = category.path, category.place()
        category.save()
        if before and before != category.path:
            below = Category.objects.filter(path__startswith=f"{before}/")
            below.update(path=Concat(Value(category.path), Substr("path", len(before) + 1)))


def settle_indexes() -> None:
    """After a big change: bring the search index up to date and tell the planner, rather than when autovacuum does."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('product_search')")
        cursor.execute("ANALYZE catalog_product")


def _read(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
