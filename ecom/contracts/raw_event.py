"""The raw event: one thing that a shopper did, as it lies in `ecom-raw-events`."""

import msgspec
from msgspec import UNSET, UnsetType

from ecom.contracts.cloud_event import Contract
from ecom.contracts.field_types import EventType, Identifier, SchemaVersion, Timestamp

RAW_EVENT = Contract(event="raw-event", version="1.1", source="/activity")
# Readers count these by name and all others together as OTHER.
KNOWN_EVENT_TYPES = ("VIEW_PRODUCT", "ADD_TO_CART", "ADD_TO_WISHLIST", "PURCHASE")


class RawEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The value of a record. Its key is `user_id`.

    Activity always writes `event_id` and `schema_version`; older and simpler producers need not.
    `timestamp` is when it happened, corrected and in UTC; `sent_at` is what the client's clock said when it sent.
    `campaign` (since 1.1) is what brought the shopper, the same for all whom it brought.
    """

    user_id: Identifier
    product_id: Identifier
    event_type: EventType
    timestamp: Timestamp
    event_id: Identifier | UnsetType = UNSET
    session_id: Identifier | UnsetType = UNSET
    sent_at: Timestamp | UnsetType = UNSET
    campaign: Identifier | UnsetType = UNSET
    schema_version: SchemaVersion | UnsetType = UNSET
