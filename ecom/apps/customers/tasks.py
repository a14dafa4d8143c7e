"""What the worker does for customers, on a schedule: nothing here is called by a request."""

from celery import shared_task

from ecom.apps.customers.services.letters import BATCH, purge_letters, send_due_letters
from ecom.apps.customers.services.sessions import purge_backoffice_sessions, purge_sessions
from ecom.apps.customers.throttling import purge as purge_throttles


@shared_task(name="customers.send_letters")  # type: ignore[untyped-decorator] # celery brings no types
def send_letters() -> None:
    """Send every mail that is due. Every 5 seconds; a letter that fails is tried again by itself, later."""
    while send_due_letters() == BATCH:
        pass


@shared_task(name="customers.purge")  # type: ignore[untyped-decorator]
def purge() -> None:
    """Remove what is too old to be used: secrets, sessions of shop and backoffice, counters. Every hour."""
    purge_letters()
    purge_sessions()
    purge_backoffice_sessions()
    purge_throttles()
