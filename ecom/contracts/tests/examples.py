"""One full record of each event, with fixed values: what the golden files pin."""

from msgspec import Struct

from ecom.contracts.cloud_event import Contract, Header
from ecom.contracts.customer_erased import CUSTOMER_ERASED, CustomerErased
from ecom.contracts.order_event import ORDER_EVENT, Money, OrderEvent, OrderLine
from ecom.contracts.product_analytics import PRODUCT_ANALYTICS, ProductAnalytics
from ecom.contracts.raw_event import RAW_EVENT, RawEvent

TRACEPARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

FULL_RAW_EVENT = RawEvent(
    user_id="U109",
    product_id="P301",
    event_type="VIEW_PRODUCT",
    timestamp="2025-11-23T12:40:09Z",
    event_id="019ab0c1-7a10-7c3e-8f00-2f4b6d8e0a11",
    session_id="S7",
    sent_at="2025-11-23T12:40:09.250Z",
    campaign="autumn-sale",
    schema_version="1.1",
)
FULL_ANALYTICS = ProductAnalytics(
    product_id="P301",
    window_start="2025-11-23T12:40:00Z",
    unique_user_count=87,
    window_end="2025-11-23T12:41:00Z",
    verified_user_count=80,
    event_count=120,
    bot_event_count=3,
    view_count=100,
    cart_count=10,
    wishlist_count=4,
    purchase_count=5,
    other_count=1,
    run_id="run-1",
)
FULL_ORDER_EVENT = OrderEvent(
    order_id="O7",
    customer_id="U109",
    status="PAID",
    previous_status="PLACED",
    occurred_at="2025-11-23T12:45:09.250Z",
    reason="The payment arrived.",
    sequence=2,
    total=Money(amount=4997, currency="EUR"),
    lines=[
        OrderLine(product_id="P301", quantity=2, price=Money(amount=1999, currency="EUR")),
        OrderLine(product_id="P302", quantity=1, price=Money(amount=999, currency="EUR")),
    ],
    event_id="019ab0c6-0d12-7c3e-8f00-2f4b6d8e0a11",
    schema_version="1.0",
)
FULL_CUSTOMER_ERASED = CustomerErased(
    customer_id="U109",
    erased_at="2025-11-23T12:50:09.250Z",
    event_id="019ab0ca-a0f2-7c3e-8f00-2f4b6d8e0a11",
    schema_version="1.0",
)


def golden_records() -> dict[str, tuple[Contract, str, Struct, list[Header]]]:
    """By golden file: the contract, the record's key, the event and all headers."""
    raw_headers = [
        *RAW_EVENT.headers(event_id=str(FULL_RAW_EVENT.event_id), time=FULL_RAW_EVENT.timestamp),
        ("traceparent", TRACEPARENT),
        ("received_at", b"2025-11-23T12:40:09.300Z"),
        ("trust", b"visitor"),
        ("bot", b"1"),
        ("original_timestamp", b"2025-11-23T12:40:08.950Z"),
    ]
    analytics_headers = PRODUCT_ANALYTICS.headers(
        event_id="P301/2025-11-23T12:40:00Z", time=str(FULL_ANALYTICS.window_end)
    )
    order_headers = ORDER_EVENT.headers(event_id=str(FULL_ORDER_EVENT.event_id), time=FULL_ORDER_EVENT.time)
    erased_headers = CUSTOMER_ERASED.headers(
        event_id=str(FULL_CUSTOMER_ERASED.event_id), time=FULL_CUSTOMER_ERASED.time
    )
    return {
        "raw-event-v1.1": (RAW_EVENT, "U109", FULL_RAW_EVENT, raw_headers),
        "product-analytics-v1.0": (PRODUCT_ANALYTICS, "P301", FULL_ANALYTICS, analytics_headers),
        "order-event-v1.0": (ORDER_EVENT, "O7", FULL_ORDER_EVENT, [*order_headers, ("traceparent", TRACEPARENT)]),
        "customer-erased-v1.0": (CUSTOMER_ERASED, "U109", FULL_CUSTOMER_ERASED, erased_headers),
    }
