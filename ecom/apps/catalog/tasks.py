"""What the worker does for the catalogue, on a schedule: nothing here is called by a request."""

from celery import shared_task

from ecom.apps.catalog.services import bulk_writes
from ecom.apps.catalog.services.reservations import BATCH
from ecom.apps.catalog.services.reservations import expire_reservations as expire_some
from ecom.apps.catalog.services.reservations import purge_reservations as purge_some


@shared_task(name="catalog.expire_reservations")  # type: ignore[untyped-decorator] # celery brings no types
def expire_reservations() -> None:
    """Give back the units of every hold that is past its time. Every few seconds."""
    while expire_some() == BATCH:
        pass


@shared_task(name="catalog.purge_reservations")  # type: ignore[untyped-decorator]
def purge_reservations() -> None:
    """Remove reservations that ended 30 days ago or more. Every hour."""
    while purge_some() == BATCH:
        pass


@shared_task(name="catalog.purge_bulk_writes")  # type: ignore[untyped-decorator]
def purge_bulk_writes() -> None:
    """Forget batches of more than two days ago. Every hour."""
    while bulk_writes.purge_bulk_writes() == bulk_writes.BATCH:
        pass
