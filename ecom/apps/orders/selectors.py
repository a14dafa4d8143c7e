"""What is read of carts and orders, and how it is shown: each by its owner, so that nobody reads another's."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecom.apps.orders.clients.catalog import Product
from ecom.apps.orders.models import ADDRESS_FIELDS, CartItem, Order, OrderLine, OrderTransition
from ecom.common.pagination import Cursor, Page, keyset_page

NEWEST = "newest"


class UnknownOrder(Exception):
    """There is no such order, or it is another customer's."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose cart it is: a customer's or, without one, a guest's by the cart's id. With both, the guest signed in."""

    customer_id: str | None = None
    guest_cart: str | None = None


def items_of(owner: Owner) -> list[CartItem]:
    """What is in the owner's cart, oldest first; with both ids, what is in both carts. One statement."""
    if owner.customer_id is None and owner.guest_cart is None:
        return []
    guests = CartItem.objects.filter(cart__cart_id=owner.guest_cart, cart__customer_id=None)
    own = CartItem.objects.filter(cart__customer_id=owner.customer_id)
    if owner.customer_id is None:
        return list(guests.order_by("id"))
    return list((own | guests if owner.guest_cart else own).order_by("id"))


def cart_body(items: Sequence[CartItem], products: Mapping[str, Product | None] | None) -> dict[str, Any]:
    """A cart as its owner sees it. `products` are as of now, None for one that is not sold; no mapping: not known."""
    shown = [_item_body(item, products) for item in items]
    return {
        "items": shown,
        "item_count": sum(item.quantity for item in items),
        "totals": _totals(shown),
        "prices_known": all(item["available"] is not None for item in shown),
    }


def _item_body(item: CartItem, products: Mapping[str, Product | None] | None) -> dict[str, Any]:
    known = products is not None and item.product_id in products
    product = products[item.product_id] if products is not None and known else None
    return {
        "product_id": item.product_id,
        "quantity": item.quantity,
        "title": item.title,
        "unit_price": _money(product.price.amount, product.price.currency) if product else None,
        "line_total": _money(product.price.amount * item.quantity, product.price.currency) if product else None,
        "available": _stock(product) >= item.quantity if known else None,
        "stock": _stock(product) if known else None,
        "changes": _changes(item, product) if known else [],
        "added_at": item.added_at,
    }


def _stock(product: Product | None) -> int:
    return product.stock if product else 0


def _changes(item: CartItem, product: Product | None) -> list[dict[str, Any]]:
    """What is not as it was when the item was put into the cart."""
    changes: list[dict[str, Any]] = []
    before = _money(item.price_amount, item.currency)
    if product and (now := _money(product.price.amount, product.price.currency)) != before:
        changes.append({"kind": "price", "before": before, "now": now})
    stock = _stock(product)
    if item.was_available != (stock > 0):
        changes.append({"kind": "availability", "before": item.was_available, "now": stock > 0})
    if 0 < stock < item.quantity:
        changes.append({"kind": "quantity", "before": item.quantity, "now": stock})
    return changes


def _totals(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the items cost together, for each currency."""
    totals: dict[str, int] = defaultdict(int)
    for item in items:
        if total := item["line_total"]:
            totals[total["currency"]] += total["amount"]
    return [_money(amount, currency) for currency, amount in sorted(totals.items())]


def _money(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def orders_of(*, customer_id: str, limit: int, cursor: Cursor | None) -> Page[dict[str, Any]]:
    """One page of a customer's orders, newest first. Two statements."""
    orders = Order.objects.filter(customer_id=customer_id)
    backwards = cursor is not None and cursor.backwards
    if cursor:
        (edge,) = cursor.values
        orders = orders.filter(**{"id__gt" if backwards else "id__lt": edge})
    rows = list(orders.order_by("id" if backwards else "-id")[: limit + 1])
    page = keyset_page(rows, limit=limit, sort=NEWEST, cursor=cursor, key=lambda order: (order.pk,))
    lines = lines_of(page.results)
    return Page([summary_body(order, lines[order.pk]) for order in page.results], page.next, page.previous)


def order_of(*, order_id: str, customer_id: str | None) -> dict[str, Any]:
    """One order whole: a customer's own, or any with None. Three statements.

    Raises UnknownOrder, also for another customer's.
    """
    own = {} if customer_id is None else {"customer_id": customer_id}
    order = Order.objects.filter(order_id=order_id, **own).prefetch_related("lines", "transitions").first()
    if order is None:
        raise UnknownOrder
    return order_body(order, list(order.lines.all()), list(order.transitions.all()))


def lines_of(orders: Sequence[Order]) -> dict[int, list[OrderLine]]:
    """The lines of these orders by the orders' keys, in their order. One statement."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    return lines


def summary_body(order: Order, lines: Sequence[OrderLine]) -> dict[str, Any]:
    """An order in a list."""
    return {
        "order_id": order.order_id,
        "status": order.status,
        "placed_at": order.placed_at,
        "currency": order.currency,
        "total": _money(order.total_amount, order.currency),
        "lines": [_line_body(line, order.currency) for line in lines],
    }


def order_body(order: Order, lines: Sequence[OrderLine], transitions: Sequence[OrderTransition]) -> dict[str, Any]:
    """An order as its owner and staff see it; of whoever brought it on, they see what kind of actor it was."""
    return {
        **summary_body(order, lines),
        "delivery_address": {name: getattr(order, name) for name in ADDRESS_FIELDS},
        "transitions": [_transition_body(transition) for transition in transitions],
    }


def _line_body(line: OrderLine, currency: str) -> dict[str, Any]:
    return {
        "product_id": line.product_id,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": _money(line.price_amount, currency),
        "line_total": _money(line.price_amount * line.quantity, currency),
    }


def _transition_body(transition: OrderTransition) -> dict[str, Any]:
    return {
        "from": transition.from_status or None,
        "to": transition.to_status,
        "at": transition.at,
        "actor": transition.actor,
        "reason": transition.reason,
    }
