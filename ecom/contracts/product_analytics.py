"""The analytics output: how many shoppers a product had in one minute."""

import msgspec
from msgspec import UNSET, UnsetType

from ecom.contracts.cloud_event import Contract
from ecom.contracts.field_types import Count, Identifier, Minute

PRODUCT_ANALYTICS = Contract(event="product-analytics", version="1.0", source="/analytics")


class ProductAnalytics(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The value of a record in `ecom-product-analytics`. Its key is `product_id`.

    The window holds `window_start` and ends before `window_end`. `unique_user_count` counts every shopper but known
    bots, `verified_user_count` those who are known by a token or a signed cookie; `event_count` holds all events.
    """

    product_id: Identifier
    window_start: Minute
    unique_user_count: Count
    window_end: Minute | UnsetType = UNSET
    verified_user_count: Count | UnsetType = UNSET
    event_count: Count | UnsetType = UNSET
    bot_event_count: Count | UnsetType = UNSET
    view_count: Count | UnsetType = UNSET
    cart_count: Count | UnsetType = UNSET
    wishlist_count: Count | UnsetType = UNSET
    purchase_count: Count | UnsetType = UNSET
    other_count: Count | UnsetType = UNSET
    run_id: Identifier | UnsetType = UNSET
