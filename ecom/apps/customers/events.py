"""The events of this context, written to its outbox in the transaction that makes them true."""

from django.utils import timezone

from ecom.apps.customers.models import OutboxEvent
from ecom.common.request_context import current_traceparent
from ecom.contracts.customer_erased import CUSTOMER_ERASED, CustomerErased
from ecom.contracts.published import outbox_body


def customer_erased(*, customer_id: str) -> None:
    """This pseudonym belongs to nobody any more: whoever keeps personal data under it must remove them."""
    erased_at = timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    OutboxEvent.objects.create(
        type=CUSTOMER_ERASED.ce_type,
        key=customer_id,
        body=outbox_body(CustomerErased(customer_id=customer_id, erased_at=erased_at)),
        traceparent=current_traceparent(),
    )
