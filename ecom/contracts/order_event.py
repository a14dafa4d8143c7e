"""An order came into a state: it was placed, or went on from one state to the next."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ecom.contracts.cloud_event import Contract
from ecom.contracts.field_types import (
    Count,
    Currency,
    Identifier,
    OrderStatus,
    PositiveCount,
    SchemaVersion,
    Timestamp,
)

ORDER_EVENT = Contract(event="order-event", version="1.0", source="/orders")
LARGEST_NUMBER_OF_LINES = 1000
LONGEST_REASON = 500


class Money(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An amount in the currency's minor unit: 1999 EUR is 19.99 euros."""

    amount: Count
    currency: Currency


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """So many of a product, each at the price as sold."""

    product_id: Identifier
    quantity: PositiveCount
    price: Money


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a record in `ecom-order-events`. Its key is `order_id`.

    `status` is an open set of names; readers pass over those that they do not know. `previous_status` is null for an
    order that was just placed. `sequence` counts an order's events from 1, without gaps: the same number twice is the
    same event. `total` and `lines` are the whole order's, as sold.
    """

    order_id: Identifier
    customer_id: Identifier
    status: OrderStatus
    previous_status: OrderStatus | None
    occurred_at: Timestamp
    reason: Annotated[str, Meta(max_length=LONGEST_REASON)]
    sequence: PositiveCount
    total: Money
    lines: Annotated[list[OrderLine], Meta(min_length=1, max_length=LARGEST_NUMBER_OF_LINES)]
    event_id: Identifier | UnsetType = UNSET
    schema_version: SchemaVersion | UnsetType = UNSET

    @property
    def time(self) -> str:
        """When it happened."""
        return self.occurred_at
