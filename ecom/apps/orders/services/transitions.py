"""Bringing orders from one state into the next: each step by its rule, with its record and its event."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ecom.apps.orders.events import order_events
from ecom.apps.orders.lifecycle import NEED_ADDRESS, Rule, rule_of
from ecom.apps.orders.models import ADDRESS_FIELDS, ALIAS, Actor, Order, OrderTransition, Status, Stock
from ecom.apps.orders.selectors import UnknownOrder, lines_of


class StockNotConfirmed(Exception):
    """The catalog has not confirmed the order's units yet; it is asked every few seconds."""


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: a customer or member of staff by the public id, a service account by its client id, or the system."""

    actor: Actor
    actor_id: str = ""


SYSTEM = By(Actor.SYSTEM)


def bring(*, order_id: str, to: str, by: By, reason: str = "") -> Order:
    """Bring one order into the state `to`. A customer may bring only their own. Five statements.

    Raises UnknownOrder, lifecycle.Forbidden, StockNotConfirmed.
    """
    own = {"customer_id": by.actor_id} if by.actor == Actor.CUSTOMER else {}
    with transaction.atomic(using=ALIAS):
        order = Order.objects.select_for_update().filter(order_id=order_id, **own).first()
        if order is None:
            raise UnknownOrder
        rule = rule_of(before=order.status, after=to, actor=by.actor)
        if rule.needs_sold and order.stock != Stock.SOLD:
            raise StockNotConfirmed
        _step([order], rule, by, reason)
    return order


def cancel_all(*, orders: Iterable[Order], reason: str) -> None:
    """Cancel orders whose rows the caller's transaction has locked, as the system. Four statements a state."""
    by_status: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        by_status[order.status].append(order)
    for status, alike in by_status.items():
        rule = rule_of(before=status, after=Status.CANCELLED, actor=Actor.SYSTEM)
        _step(alike, rule, SYSTEM, reason)


def _step(orders: Sequence[Order], rule: Rule, by: By, reason: str) -> None:
    """Bring locked orders, all in `rule.before`, into `rule.after`. Four statements, however many there are.

    Another one empties the addresses of erased customers, where they are no longer needed.
    """
    now = timezone.now()
    returning = {"stock": Stock.RETURNING} if rule.returns_stock else {}
    changed = {"status": rule.after, "updated_at": now, **returning}
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(sequence=F("sequence") + 1, **changed)
    for order in orders:
        order.sequence += 1
        for name, value in changed.items():
            setattr(order, name, value)
    transitions = [
        OrderTransition(
            order=order,
            sequence=order.sequence,
            from_status=rule.before,
            to_status=rule.after,
            at=now,
            actor=by.actor,
            actor_id=by.actor_id,
            reason=reason,
        )
        for order in orders
    ]
    OrderTransition.objects.bulk_create(transitions)
    if rule.after not in NEED_ADDRESS:
        _forget_addresses([order for order in orders if order.person_erased])
    lines = lines_of(orders)
    order_events([(order, made, lines[order.pk]) for order, made in zip(orders, transitions, strict=True)])


def _forget_addresses(orders: Sequence[Order]) -> None:
    nothing = dict.fromkeys(ADDRESS_FIELDS, "")
    if orders:
        Order.objects.filter(pk__in=[order.pk for order in orders]).update(**nothing)
    for order in orders:
        for name in nothing:
            setattr(order, name, "")
