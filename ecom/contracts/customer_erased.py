"""A customer was erased: whoever keeps personal data under the pseudonym must remove them."""

import msgspec
from msgspec import UNSET, UnsetType

from ecom.contracts.cloud_event import Contract
from ecom.contracts.field_types import Identifier, SchemaVersion, Timestamp

CUSTOMER_ERASED = Contract(event="customer-erased", version="1.0", source="/customers")


class CustomerErased(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The value of a record in `ecom-customer-events`. Its key is `customer_id`.

    The pseudonym belongs to nobody any more, and no other customer ever gets it.
    """

    customer_id: Identifier
    erased_at: Timestamp
    event_id: Identifier | UnsetType = UNSET
    schema_version: SchemaVersion | UnsetType = UNSET

    @property
    def time(self) -> str:
        """When it happened."""
        return self.erased_at
