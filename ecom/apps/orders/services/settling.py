"""Telling the catalog what became of orders' units: sold, or to be sold again. And orders that nobody pays."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from ecom.apps.orders.clients import catalog
from ecom.apps.orders.models import ALIAS, Order, Status, Stock
from ecom.apps.orders.services.transitions import cancel_all

HOLD_LOST = "The units that were held for this order are not there any more."
NOT_PAID = "Not paid in time."
UNPAID_AT_ONCE = 200

log = logging.getLogger(__name__)


def settle_reservations() -> None:
    """Confirm the holds of stored orders, give back the units of those that ended. Raises CatalogAway.

    An order whose hold was lost is cancelled. Whatever fails half-way is done again: the catalog takes each of these
    calls more than once.
    """
    while _confirm_some() == catalog.MAX_BATCH:
        pass
    while _release_some() == catalog.MAX_BATCH:
        pass


def _confirm_some() -> int:
    held = Order.objects.filter(stock=Stock.HELD)
    chosen = _oldest(held)
    if not chosen:
        return 0
    outcomes = catalog.confirm(chosen)
    _mark(held, [order_id for order_id in chosen if outcomes.get(order_id) == "confirmed"], Stock.SOLD)
    _cancel_lost([order_id for order_id in chosen if outcomes.get(order_id) != "confirmed"])
    return len(chosen)


def _release_some() -> int:
    returning = Order.objects.filter(stock=Stock.RETURNING)
    chosen = _oldest(returning)
    if not chosen:
        return 0
    outcomes = catalog.release(chosen)
    _mark(returning, [order_id for order_id in chosen if order_id in outcomes], Stock.RETURNED)
    return len(chosen)


def _oldest(orders: QuerySet[Order]) -> list[str]:
    return list(orders.order_by("id").values_list("order_id", flat=True)[: catalog.MAX_BATCH])


def _mark(orders: QuerySet[Order], order_ids: list[str], stock: Stock) -> None:
    """Only those that are still where they were: one that was cancelled meanwhile gives its units back."""
    if order_ids:
        orders.filter(order_id__in=order_ids).update(stock=stock, updated_at=Now())


def _cancel_lost(order_ids: list[str]) -> None:
    if not order_ids:
        return
    log.warning("holds were lost; their orders are cancelled", extra={"order_ids": order_ids})
    with transaction.atomic(using=ALIAS):
        lost = Order.objects.select_for_update().filter(order_id__in=order_ids, stock=Stock.HELD).order_by("id")
        cancel_all(orders=lost, reason=HOLD_LOST)


def expire_unpaid() -> int:
    """Cancel up to 200 orders that were placed too long ago and not paid. Returns how many. Five statements."""
    too_old = timezone.now() - timedelta(minutes=settings.UNPAID_MINUTES)
    unpaid = Order.objects.filter(status=Status.PLACED, placed_at__lt=too_old).order_by("placed_at")
    with transaction.atomic(using=ALIAS):
        orders = list(unpaid.select_for_update(skip_locked=True)[:UNPAID_AT_ONCE])
        cancel_all(orders=orders, reason=NOT_PAID)
    return len(orders)
