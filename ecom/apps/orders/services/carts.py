"""Carts: putting in, changing, taking out, and the merge of a guest's cart when the guest has signed in.

Whoever changes a cart locks its row first; whoever locks two locks the guest's before the customer's. The catalog is
asked outside of transactions.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections, transaction
from django.db.models.functions import Now

from ecom.apps.orders.clients import catalog
from ecom.apps.orders.models import ALIAS, MAX_QUANTITY, Cart, CartItem, new_cart_id
from ecom.apps.orders.selectors import Owner, items_of

MAX_ITEMS = 100  # as many as the catalog tells of, and holds, at once
GUESTS_KEEP = timedelta(days=30)
PURGED_AT_ONCE = 1000

log = logging.getLogger(__name__)


class UnknownProduct(Exception):
    """There is no such product, or it is not sold."""


class UnknownItem(Exception):
    """The cart does not hold this product."""


class CartFull(Exception):
    """The cart holds as many products as one may hold."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A cart's items and their products as of now: None for one that is not sold; no mapping where nobody knows.

    `guest_cart` is the id of the cart where it is a guest's.
    """

    items: list[CartItem]
    products: Mapping[str, catalog.Product | None] | None
    guest_cart: str | None = None


def contents(*, owner: Owner) -> Contents:
    """The cart as of now. One statement; four where a guest's cart is merged into it."""
    merge(owner=owner)
    return _contents(owner)


def add(*, owner: Owner, product_id: str, quantity: int) -> Contents:
    """Put so many more of a product into the cart, up to 1,000 of it; a guest without a cart is given one.

    Raises UnknownProduct, CartFull, CatalogAway. Six statements at most.
    """
    asked = {product_id, *(item.product_id for item in items_of(owner)[: MAX_ITEMS - 1])}
    products = _known(asked)
    product = products[product_id]
    if product is None:
        raise UnknownProduct
    with transaction.atomic(using=ALIAS):
        cart = _merged(owner) or _locked_or_made(owner)
        _put(cart, product, quantity)
        items = list(CartItem.objects.filter(cart_id=cart.pk).order_by("id"))
    return Contents(items, products, None if owner.customer_id else cart.cart_id)


def change(*, owner: Owner, product_id: str, quantity: int) -> Contents:
    """Set how many of a product are in the cart. Raises UnknownItem. Five statements at most."""
    with transaction.atomic(using=ALIAS):
        cart = _merged(owner) or _locked(owner)
        if cart is None or not _item(cart, product_id).update(quantity=quantity):
            raise UnknownItem
    return _contents(owner)


def remove(*, owner: Owner, product_id: str) -> Contents:
    """Take a product out of the cart. Raises UnknownItem. Five statements at most."""
    with transaction.atomic(using=ALIAS):
        cart = _merged(owner) or _locked(owner)
        if cart is None or not _item(cart, product_id).delete()[0]:
            raise UnknownItem
    return _contents(owner)


def clear(*, owner: Owner) -> None:
    """Take everything out of the cart. Four statements at most."""
    with transaction.atomic(using=ALIAS):
        if cart := _merged(owner) or _locked(owner):
            CartItem.objects.filter(cart_id=cart.pk).delete()


def merge(*, owner: Owner) -> None:
    """Where a customer still brings a guest's cart, put it into their own and end it. Three statements, or none.

    Of a product that is in both, the larger number stays. What does not fit into a cart is left out, the guest's
    oldest items first.
    """
    if owner.customer_id and owner.guest_cart:
        with transaction.atomic(using=ALIAS):
            _merged(owner)


def purge_guest_carts() -> int:
    """Remove guests' carts that nobody has changed for 30 days, up to 1,000 of them. Returns how many."""
    old = Cart.objects.filter(customer_id=None, updated_at__lt=Now() - GUESTS_KEEP).order_by("id")
    with transaction.atomic(using=ALIAS):
        chosen = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:PURGED_AT_ONCE])
        Cart.objects.filter(pk__in=chosen).delete()
    return len(chosen)


def _contents(owner: Owner) -> Contents:
    """With the catalog away the cart is readable all the same. One statement."""
    items = items_of(Owner(owner.customer_id) if owner.customer_id else owner)
    try:
        products = _known([item.product_id for item in items])
    except catalog.CatalogAway as error:
        log.warning("a cart is shown without prices", extra={"error": str(error)})
        return Contents(items, None, _guest_cart(owner, items))
    return Contents(items, products, _guest_cart(owner, items))


def _guest_cart(owner: Owner, items: list[CartItem]) -> str | None:
    return owner.guest_cart if items and not owner.customer_id else None


def _known(product_ids: Iterable[str]) -> dict[str, catalog.Product | None]:
    """These products as of now, None for those that are not sold. Raises CatalogAway."""
    asked = list(product_ids)
    found = catalog.products(asked)
    return {product_id: found.get(product_id) for product_id in asked}


@dataclass(frozen=True, slots=True)
class _Locked:
    """A cart whose row is locked until the transaction ends."""

    pk: int
    cart_id: str


# Each of them locks the row that it gives, and says that the cart is still in use.
_LOCK_GUESTS = """
    UPDATE orders_cart SET updated_at = statement_timestamp()
    WHERE cart_id = %(guest_cart)s AND customer_id IS NULL RETURNING id, cart_id
"""
_LOCK_CUSTOMERS = """
    UPDATE orders_cart SET updated_at = statement_timestamp()
    WHERE customer_id = %(customer_id)s RETURNING id, cart_id
"""
_LOCK_OR_MAKE = """
    INSERT INTO orders_cart (cart_id, customer_id) VALUES (%(new)s, %(customer_id)s)
    ON CONFLICT (customer_id) DO UPDATE SET updated_at = statement_timestamp() RETURNING id, cart_id
"""

# The items are those that the statement sees when the row of the guest's cart is locked: whoever adds to it has waited,
# or is waited for. The constraint between item and cart is looked at when the transaction ends.
_MOVE = """
    WITH moved AS (
        DELETE FROM orders_cartitem WHERE cart_id = %(guests)s RETURNING *
    ), ended AS (
        DELETE FROM orders_cart WHERE id = %(guests)s
    ), own AS (
        SELECT product_id FROM orders_cartitem WHERE cart_id = %(own)s
    )
    INSERT INTO orders_cartitem AS item
        (cart_id, product_id, quantity, title, price_amount, currency, was_available, added_at)
    SELECT %(own)s, product_id, quantity, title, price_amount, currency, was_available, added_at
    FROM moved ORDER BY product_id IN (SELECT product_id FROM own) DESC, added_at DESC, id DESC
    LIMIT %(max_items)s - (SELECT count(*) FROM own WHERE product_id NOT IN (SELECT product_id FROM moved))
    ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = greatest(item.quantity, excluded.quantity)
"""

_PUT = """
    INSERT INTO orders_cartitem AS item
        (cart_id, product_id, quantity, title, price_amount, currency, was_available)
    SELECT %(cart)s, %(product_id)s, %(quantity)s, %(title)s, %(amount)s, %(currency)s, %(available)s
    WHERE EXISTS (SELECT FROM orders_cartitem WHERE cart_id = %(cart)s AND product_id = %(product_id)s)
        OR (SELECT count(*) FROM orders_cartitem WHERE cart_id = %(cart)s) < %(max_items)s
    ON CONFLICT (cart_id, product_id) DO UPDATE SET
        quantity = least(item.quantity + excluded.quantity, %(max_quantity)s), title = excluded.title,
        price_amount = excluded.price_amount, currency = excluded.currency, was_available = excluded.was_available
"""


def _merged(owner: Owner) -> _Locked | None:
    """The customer's cart, locked, if a guest's has just been merged into it. Three statements, one, or none."""
    if not owner.customer_id or not owner.guest_cart:
        return None
    guests = _one(_LOCK_GUESTS, guest_cart=owner.guest_cart)
    if guests is None:
        return None
    own = _locked_or_made(owner)
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_MOVE, {"guests": guests.pk, "own": own.pk, "max_items": MAX_ITEMS})
    return own


def _locked(owner: Owner) -> _Locked | None:
    """The owner's cart, locked, if there is one. One statement."""
    if owner.customer_id:
        return _one(_LOCK_CUSTOMERS, customer_id=owner.customer_id)
    return _one(_LOCK_GUESTS, guest_cart=owner.guest_cart) if owner.guest_cart else None


def _locked_or_made(owner: Owner) -> _Locked:
    """The owner's cart, locked; a new one where there is none. One statement, two for a guest whose cart has ended."""
    known = None if owner.customer_id else _locked(owner)
    made = known or _one(_LOCK_OR_MAKE, new=new_cart_id(), customer_id=owner.customer_id)
    assert made is not None  # noqa: S101 - for the type checker: the statement gives a row
    return made


def _put(cart: _Locked, product: catalog.Product, quantity: int) -> None:
    parameters: dict[str, Any] = {
        "cart": cart.pk,
        "product_id": product.product_id,
        "quantity": quantity,
        "title": product.title,
        "amount": product.price.amount,
        "currency": product.price.currency,
        "available": product.stock > 0,
        "max_items": MAX_ITEMS,
        "max_quantity": MAX_QUANTITY,
    }
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_PUT, parameters)
        if not cursor.rowcount:
            raise CartFull


def _item(cart: _Locked, product_id: str) -> Any:
    return CartItem.objects.filter(cart_id=cart.pk, product_id=product_id)


def _one(statement: str, **parameters: Any) -> _Locked | None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return _Locked(*row) if row else None
