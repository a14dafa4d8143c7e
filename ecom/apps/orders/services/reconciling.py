"""Comparing what the catalog holds for orders with the orders themselves: the proof that the two agree.

What is younger than the settle window may differ: a request may be between the two, or the worker not have come by.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models.functions import Now
from django.utils import timezone

from ecom.apps.orders.clients import catalog
from ecom.apps.orders.clients.catalog import Reservation
from ecom.apps.orders.models import IdempotencyKey, Order, OrderLine, Stock
from ecom.apps.orders.selectors import lines_of
from ecom.apps.orders.services.settling import settle_reservations

SETTLE_WINDOW = timedelta(seconds=30)
_READ_AT_ONCE = 500


class Kind(StrEnum):
    """In which way the two differ."""

    WITHOUT_ORDER = "units without an order"
    NOT_RELEASED = "units kept for an order that gave them back"
    NOT_CONFIRMED = "units of an order that are not confirmed as sold"
    OTHER_LINES = "units of other lines than the order's"
    WITHOUT_UNITS = "order without its units"


_TO_RELEASE = frozenset({Kind.WITHOUT_ORDER, Kind.NOT_RELEASED})


@dataclass(frozen=True, slots=True)
class Difference:
    """One order's id under which catalog and orders do not agree, and the last time that either side changed."""

    order_id: str
    kind: Kind
    since: datetime


def differences() -> Iterator[Difference]:
    """Everything that differs and is older than the settle window. Raises CatalogAway.

    Three statements for 500 reservations; the ids of the orders that the catalog knows are kept in memory.
    """
    settled_before = timezone.now() - SETTLE_WINDOW
    known: set[str] = set()
    for page in catalog.reservations():
        known.update(reservation.order_id for reservation in page)
        yield from _not_being_placed([found for found in _compared(page) if found.since < settled_before])
    yield from _without_units(known, settled_before)


def repair(found: Sequence[Difference]) -> list[Difference]:
    """Release units without an order, confirm those of orders; what only people can decide comes back.

    An order whose hold is lost before it was confirmed is cancelled. Raises CatalogAway.
    """
    to_release = [difference.order_id for difference in found if difference.kind in _TO_RELEASE]
    to_confirm = [difference.order_id for difference in found if difference.kind == Kind.NOT_CONFIRMED]
    for start in range(0, len(to_release), catalog.MAX_BATCH):
        catalog.release(to_release[start : start + catalog.MAX_BATCH])
    for start in range(0, len(to_confirm), catalog.MAX_BATCH):
        catalog.confirm(to_confirm[start : start + catalog.MAX_BATCH])
    settle_reservations()
    again = set(differences())
    return [difference for difference in found if difference in again]


def _compared(page: Sequence[Reservation]) -> Iterator[Difference]:
    orders = {
        order.order_id: order
        for order in Order.objects.filter(order_id__in=[reservation.order_id for reservation in page])
    }
    lines = lines_of(list(orders.values()))
    for reservation in page:
        order = orders.get(reservation.order_id)
        kind = _kind(reservation, order, lines[order.pk] if order else [])
        if kind:
            since = max(reservation.created_at, order.updated_at) if order else reservation.created_at
            yield Difference(reservation.order_id, kind, since)


def _kind(reservation: Reservation, order: Order | None, lines: Sequence[OrderLine]) -> Kind | None:
    if order is None:
        return Kind.WITHOUT_ORDER
    if order.stock in (Stock.RETURNING, Stock.RETURNED):
        return Kind.NOT_RELEASED
    if {line.product_id: line.quantity for line in lines} != {
        line.product_id: line.quantity for line in reservation.lines
    }:
        return Kind.OTHER_LINES
    return Kind.NOT_CONFIRMED if order.stock == Stock.HELD or reservation.state == "held" else None


def _not_being_placed(found: list[Difference]) -> list[Difference]:
    """Without those under whose id a request is at work: one that came back to a hold that an earlier one had made."""
    if not any(difference.kind == Kind.WITHOUT_ORDER for difference in found):
        return found
    ids = [difference.order_id for difference in found]
    at_work = IdempotencyKey.objects.filter(order_id__in=ids, status=None, lease_until__gt=Now())
    busy = set(at_work.values_list("order_id", flat=True))
    return [difference for difference in found if difference.order_id not in busy]


def _without_units(known: set[str], settled_before: datetime) -> Iterator[Difference]:
    orders = Order.objects.filter(stock__in=[Stock.HELD, Stock.SOLD], updated_at__lt=settled_before)
    for order_id, since in orders.values_list("order_id", "updated_at").iterator(_READ_AT_ONCE):
        if order_id not in known:
            yield Difference(order_id, Kind.WITHOUT_UNITS, since)
