"""What the public reads of the catalogue: one SQL statement each, whatever the page size.

Written in SQL and read into plain data classes, because the ORM and serializers cost several times the SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypedDict

import orjson

from ecom.apps.catalog.sql import rows_of
from ecom.common.pagination import Cursor, Key, Page, keyset_page


class UnknownProduct(Exception):
    """There is no product of this id."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` is in minor units of the ISO 4217 `currency`."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class CategoryName:
    """Where a product stands in the tree: `path` is what lists are filtered by."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class ProductSummary:
    """A product in a list. `stock` is how many can be sold now."""

    product_id: str
    title: str
    brand: str
    category: CategoryName | None
    price: Money
    stock: int
    image_url: str


@dataclass(frozen=True, slots=True)
class Revision:
    """What a product was like when somebody saw it: `content` stands for all of it but its stock.

    They are apart because selling a unit is no edit: whoever changes the title need not begin again for it.
    """

    content: str
    stock: int


@dataclass(frozen=True, slots=True)
class ProductDetail:
    """A product on its own page. `updated_at` is when anything but its stock was changed last."""

    product_id: str
    title: str
    brand: str
    category: CategoryName | None
    price: Money
    stock: int
    image_url: str
    description: str
    active: bool
    created_at: datetime
    updated_at: datetime

    @property
    def revision(self) -> Revision:
        """Follows from what the product is, so that no writer can forget to count it up."""
        content = orjson.dumps(replace(self, stock=0), option=orjson.OPT_UTC_Z)
        return Revision(blake2b(content, digest_size=8).hexdigest(), self.stock)


@dataclass(frozen=True, slots=True)
class PriceSince:
    """What a product costs from `since` on, until its next price."""

    price: Money
    since: datetime


@dataclass(slots=True)
class CategoryNode:
    """A category with those below it; `product_count` is its active products', descendants included."""

    path: str
    name: str
    product_count: int
    children: list["CategoryNode"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReservedUnits:
    """A line of a reservation."""

    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ReservationSummary:
    """What an order has reserved, or had."""

    order_id: str
    state: str
    created_at: datetime
    expires_at: datetime
    lines: list[ReservedUnits]


class ProductFilters(TypedDict, total=False):
    """What narrows a list. Prices are in minor units; `category` is a path and stands for all below it too."""

    category: str
    brand: str
    currency: str
    min_price: int
    max_price: int
    in_stock: bool
    q: str


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of the list. The last of `columns` is unique, so that the order is total; all go the same way."""

    columns: tuple[str, ...]
    kinds: tuple[type, ...]
    descending: bool


# Ranks are compared as whole millionths: a 4-byte float does not survive the way through a cursor.
_RANK = "(ts_rank(p.search_vector, catalog_search_query(%(q)s)) * 1000000)::bigint"
SORTS = {
    # The key is given in the order of creation.
    "newest": Sort(("p.id",), (int,), descending=True),
    "price": Sort(("p.price_amount", "p.id"), (int, int), descending=False),
    "-price": Sort(("p.price_amount", "p.id"), (int, int), descending=True),
    "title": Sort(("p.title_key", "p.id"), (str, int), descending=False),
    "relevance": Sort((_RANK, "p.id"), (int, int), descending=True),
}

RESERVATION_SORT = "oldest"
NEWEST_PRICE = "newest"

_CONDITIONS: Mapping[str, str] = {
    "category": "p.category_id IN (SELECT id FROM catalog_category"
    " WHERE path = %(category)s OR starts_with(path, %(category)s || '/'))",
    "brand": "lower(p.brand) = lower(%(brand)s)",
    "currency": "p.currency = %(currency)s",
    "min_price": "p.price_amount >= %(min_price)s",
    "max_price": "p.price_amount <= %(max_price)s",
    "in_stock": "(p.stock > 0) = %(in_stock)s",
    "q": "p.search_vector @@ catalog_search_query(%(q)s)",
}
_SUMMARY = "p.product_id, p.title, p.brand, c.path, c.name, p.price_amount, p.currency, p.stock, p.image_url"
_SUMMARY_WIDTH = 9
_DETAIL = f"{_SUMMARY}, p.description, p.active, p.created_at, p.updated_at"
_ALL = "FROM catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id"
_SOURCE = f"{_ALL} WHERE p.active"
_PRICES = """
    SELECT h.amount, h.currency, h.since, h.id
    FROM catalog_price h JOIN catalog_product p ON p.id = h.product_id WHERE p.product_id = %(product_id)s
"""


def list_products(
    *, filters: ProductFilters, sort: str, limit: int, cursor: Cursor | None = None
) -> Page[ProductSummary]:
    """One page of the active products that match all `filters`, in the order of `SORTS[sort]`.

    `relevance` needs the filter `q`. The cursor's key has the kinds of its sort.
    """
    rows = rows_of(
        _list_statement(filters, SORTS[sort], cursor),
        {**filters, "limit": limit + 1, "key": cursor.values if cursor else ()},
    )
    page = keyset_page(rows, limit=limit, sort=sort, cursor=cursor, key=_key)
    return Page([_summary(row) for row in page.results], page.next, page.previous)


def products_by_id(product_ids: Sequence[str]) -> list[ProductSummary]:
    """The active products among these, in the given order; unknown ones are left out, repeated ones come once."""
    rows = rows_of(
        f"SELECT {_SUMMARY} {_SOURCE} AND p.product_id = ANY(%(ids)s)",
        {"ids": list(product_ids)},
    )
    found = {row[0]: _summary(row) for row in rows}
    return [found[product_id] for product_id in dict.fromkeys(product_ids) if product_id in found]


def product_detail(product_id: str) -> ProductDetail:
    """The active product of this public id. Raises UnknownProduct."""
    return _detail(f"SELECT {_DETAIL} {_SOURCE} AND p.product_id = %s", product_id)


def product_to_change(product_id: str) -> ProductDetail:
    """The product of this public id, active or not, its row locked from now on. Raises UnknownProduct."""
    return _detail(f"SELECT {_DETAIL} {_ALL} WHERE p.product_id = %s FOR NO KEY UPDATE OF p", product_id)


def _detail(statement: str, product_id: str) -> ProductDetail:
    rows = rows_of(statement, [product_id])
    if not rows:
        raise UnknownProduct(product_id)
    return ProductDetail(*_fields(rows[0]), *rows[0][_SUMMARY_WIDTH:])


def price_at(product_id: str, moment: datetime) -> PriceSince | None:
    """What a product cost at a time, for sale or not; None for a time before its first price. One statement."""
    rows = rows_of(
        f"{_PRICES} AND h.since <= %(moment)s ORDER BY h.since DESC, h.id DESC LIMIT 1",
        {"product_id": product_id, "moment": moment},
    )
    return _price_since(rows[0]) if rows else None


def price_history(product_id: str, *, limit: int, cursor: Cursor | None = None) -> Page[PriceSince]:
    """One page of what a product has cost, the newest first. Raises UnknownProduct. One statement."""
    backwards = cursor is not None and cursor.backwards
    direction, beyond = ("ASC", ">") if backwards else ("DESC", "<")
    edge = f" AND h.id {beyond} %(edge)s" if cursor else ""
    rows = rows_of(
        f"{_PRICES}{edge} ORDER BY h.id {direction} LIMIT %(limit)s",
        {"product_id": product_id, "edge": cursor.values[0] if cursor else None, "limit": limit + 1},
    )
    if not rows and cursor is None:  # every product has a price
        raise UnknownProduct(product_id)
    page = keyset_page(rows, limit=limit, sort=NEWEST_PRICE, cursor=cursor, key=lambda row: row[-1:])
    return Page([_price_since(row) for row in page.results], page.next, page.previous)


def _price_since(row: tuple[Any, ...]) -> PriceSince:
    amount, currency, since, _ = row
    return PriceSince(Money(amount, currency), since)


def category_tree() -> list[CategoryNode]:
    """The roots of the tree, siblings by path. One statement, which counts in the index on (category, active)."""
    rows = rows_of(
        """
        SELECT c.path, c.name, coalesce(active.products, 0)
        FROM catalog_category c LEFT JOIN (
            SELECT category_id, count(*) AS products FROM catalog_product WHERE active GROUP BY category_id
        ) active ON active.category_id = c.id
        ORDER BY c.path
        """
    )
    nodes = {path: CategoryNode(path, name, count) for path, name, count in rows}
    roots = [node for path, node in nodes.items() if "/" not in path]
    for path, node in reversed(nodes.items()):  # a parent's path sorts before its children's: they are complete first
        if parent := nodes.get(path.rpartition("/")[0]):
            parent.children.insert(0, node)
            parent.product_count += node.product_count
    return roots


def list_reservations(*, states: Sequence[str], limit: int, cursor: Cursor | None = None) -> Page[ReservationSummary]:
    """One page of the reservations in these states, oldest first. One statement."""
    backwards = cursor is not None and cursor.backwards
    rows = rows_of(
        f"""
        SELECT r.order_id, r.state, r.created_at, r.expires_at, units.product_ids, units.quantities, r.id
        FROM catalog_reservation r, LATERAL (
            SELECT array_agg(p.product_id ORDER BY l.id) AS product_ids,
                array_agg(l.quantity ORDER BY l.id) AS quantities
            FROM catalog_reservationline l JOIN catalog_product p ON p.id = l.product_id WHERE l.reservation_id = r.id
        ) units
        WHERE r.state = ANY(%(states)s) AND {"r.id < %(edge)s" if backwards else "r.id > %(edge)s"}
        ORDER BY r.id {"DESC" if backwards else "ASC"} LIMIT %(limit)s
        """,  # noqa: S608 - constants
        {"states": list(states), "edge": cursor.values[0] if cursor else 0, "limit": limit + 1},
    )
    page = keyset_page(rows, limit=limit, sort=RESERVATION_SORT, cursor=cursor, key=lambda row: row[-1:])
    return Page([_reservation(row) for row in page.results], page.next, page.previous)


def _reservation(row: tuple[Any, ...]) -> ReservationSummary:
    order_id, state, created_at, expires_at, product_ids, quantities, _ = row
    units = zip(product_ids or [], quantities or [], strict=True)
    lines = [ReservedUnits(product_id, quantity) for product_id, quantity in units]
    return ReservationSummary(order_id, state, created_at, expires_at, lines)


def _list_statement(filters: ProductFilters, sort: Sort, cursor: Cursor | None) -> str:
    """The statement is put together from constants of this module; whatever the caller sent is a parameter."""
    downwards = sort.descending != (cursor is not None and cursor.backwards)
    conditions = [_CONDITIONS[name] for name in filters]
    key = ", ".join(sort.columns)
    if cursor:
        conditions.append(f"({key}) {'<' if downwards else '>'} %(key)s")
    order = ", ".join(f"{column} {'DESC' if downwards else 'ASC'}" for column in sort.columns)
    where = "".join(f" AND {condition}" for condition in conditions)
    return f"SELECT {_SUMMARY}, {key} {_SOURCE}{where} ORDER BY {order} LIMIT %(limit)s"


def _key(row: tuple[Any, ...]) -> Key:
    return row[_SUMMARY_WIDTH:]


def _summary(row: tuple[Any, ...]) -> ProductSummary:
    return ProductSummary(*_fields(row))


def _fields(row: tuple[Any, ...]) -> tuple[Any, ...]:
    product_id, title, brand, path, name, amount, currency, stock, image_url = row[:_SUMMARY_WIDTH]
    category = CategoryName(path, name) if path is not None else None
    return product_id, title, brand, category, Money(amount, currency), stock, image_url
