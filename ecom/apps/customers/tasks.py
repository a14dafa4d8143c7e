"""What the worker does for customers, on a schedule: nothing here is called by a request."""

from celery import shared_task
from django.conf import settings

from ecom.apps.customers.models import ALIAS, OutboxEvent
from ecom.apps.customers.services.letters import BATCH, purge_letters, send_due_letters
from ecom.apps.customers.services.sessions import purge_backoffice_sessions, purge_sessions
from ecom.apps.customers.throttling import purge as purge_throttles
from ecom.common.outbox import Outbox, purge_published, relay

OUTBOX = Outbox(ALIAS, OutboxEvent._meta.db_table, settings.CUSTOMER_EVENTS_TOPIC)


@shared_task(name="customers.send_letters")  # type: ignore[untyped-decorator] # celery brings no types
def send_letters() -> None:
    """Send every mail that is due. Every 5 seconds; a letter that fails is tried again by itself, later."""
    while send_due_letters() == BATCH:
        pass


@shared_task(name="customers.purge")  # type: ignore[untyped-decorator]
def purge() -> None:
    """Remove what is too old to be used: secrets, sessions of shop and backoffice, counters,
    published events. Every hour.
    """
    purge_letters()
    purge_sessions()
    purge_backoffice_sessions()
    purge_throttles()
    purge_published(OUTBOX)


@shared_task(name="customers.relay_events")  # type: ignore[untyped-decorator]
def relay_events() -> None:
    """Publish the outbox for 9 seconds. Every 10 seconds; several at once are one after the other."""
    relay(OUTBOX)
