"""What the worker does for orders, on a schedule: nothing here is called by a request."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings

from ecom.apps.orders.clients.catalog import CatalogAway
from ecom.apps.orders.models import ALIAS, OutboxEvent
from ecom.apps.orders.services import settling
from ecom.apps.orders.services.carts import PURGED_AT_ONCE, purge_guest_carts
from ecom.apps.orders.services.erasure import anonymise_customer
from ecom.apps.orders.services.idempotency import purge_keys
from ecom.apps.orders.services.reconciling import differences
from ecom.common.event_reader import read_events
from ecom.common.outbox import Outbox, purge_published, relay
from ecom.contracts.customer_erased import CUSTOMER_ERASED, CustomerErased

# An access token is good for 10 minutes, its account erased or not: an order placed with it meanwhile is caught too.
TOKENS_OUTLIVE_ERASURE = timedelta(minutes=15)
OUTBOX = Outbox(ALIAS, OutboxEvent._meta.db_table, settings.ORDER_EVENTS_TOPIC)

log = logging.getLogger(__name__)


@shared_task(name="orders.settle_reservations")  # type: ignore[untyped-decorator] # celery brings no types
def settle_reservations() -> None:
    """Tell the catalog which units are sold and which can be sold again. Every 2 seconds."""
    try:
        settling.settle_reservations()
    except CatalogAway as error:  # the next turn comes soon
        log.warning("orders are not settled with the catalog", extra={"error": str(error)})


@shared_task(name="orders.expire_unpaid")  # type: ignore[untyped-decorator]
def expire_unpaid() -> None:
    """Cancel the orders that nobody paid in time. Every minute."""
    while settling.expire_unpaid() == settling.UNPAID_AT_ONCE:
        pass


@shared_task(name="orders.purge")  # type: ignore[untyped-decorator]
def purge() -> None:
    """Remove what is too old to be used: guests' carts, kept answers, published events. Every hour."""
    while purge_guest_carts() == PURGED_AT_ONCE:
        pass
    purge_keys()
    purge_published(OUTBOX)


@shared_task(name="orders.reconcile")  # type: ignore[untyped-decorator]
def reconcile() -> None:
    """Report where catalog and orders do not agree: an alarm, as it should never be. Every 5 minutes."""
    for difference in differences():
        log.error(
            "catalog and orders differ",
            extra={"order_id": difference.order_id, "kind": difference.kind, "since": difference.since.isoformat()},
        )


@shared_task(name="orders.relay_events")  # type: ignore[untyped-decorator]
def relay_events() -> None:
    """Publish the outbox for 9 seconds. Every 10 seconds; several at once are one after the other."""
    relay(OUTBOX)


@shared_task(name="orders.consume_customer_events")  # type: ignore[untyped-decorator]
def consume_customer_events() -> None:
    """Forget the persons whom customers has erased. Every 30 seconds; an erasure that fails comes again."""
    handlers = {CUSTOMER_ERASED.ce_type: _anonymise}
    topic = settings.CUSTOMER_EVENTS_TOPIC
    read_events(topic=topic, group="orders", handlers=handlers, seconds=20, repeated_for=TOKENS_OUTLIVE_ERASURE)


def _anonymise(event: CustomerErased) -> None:
    anonymise_customer(customer_id=event.customer_id)
