"""The events that contexts publish through an outbox, and what one looks like while it waits there."""

from typing import Any

import msgspec

from ecom.contracts.cloud_event import Contract
from ecom.contracts.customer_erased import CUSTOMER_ERASED, CustomerErased
from ecom.contracts.order_event import ORDER_EVENT, OrderEvent

PublishedEvent = OrderEvent | CustomerErased
PUBLISHED: dict[str, tuple[Contract, type[PublishedEvent]]] = {
    ORDER_EVENT.ce_type: (ORDER_EVENT, OrderEvent),
    CUSTOMER_ERASED.ce_type: (CUSTOMER_ERASED, CustomerErased),
}


def outbox_body(event: PublishedEvent) -> Any:
    """The event as an outbox keeps it, as plain data. Raises msgspec.ValidationError where it breaks its contract.

    So whoever writes what could never be published fails at once, and the transaction with it.
    """
    body = msgspec.to_builtins(event)
    msgspec.convert(body, type=type(event))
    return body
