"""The events of this context, written to its outbox in the transaction that makes them true."""

from typing import Any

from django.utils import timezone

from ecom.apps.customers.models import OutboxEvent

CUSTOMER_ERASED = "ecom.customer-erased.v1"


def customer_erased(*, customer_id: str) -> None:
    """This pseudonym belongs to nobody any more: whoever keeps personal data under it must remove them."""
    erased_at = timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    _write(CUSTOMER_ERASED, key=customer_id, body={"customer_id": customer_id, "erased_at": erased_at})


def _write(kind: str, *, key: str, body: dict[str, Any]) -> None:
    OutboxEvent.objects.create(type=kind, key=key, body=body)
