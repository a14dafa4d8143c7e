"""Windows in DynamoDB as the job writes them."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from local.provision import create_tables, session

MINUTE = timedelta(minutes=1)
COUNTS = (
    "unique_user_count", "verified_user_count", "event_count", "bot_event_count",
    "view_count", "cart_count", "wishlist_count", "purchase_count", "other_count",
)  # fmt: skip
WEEK_SECONDS = 7 * 24 * 3600


class Present:
    """The minute in which a test began: what lies before it stays where it is while the test runs."""

    def __init__(self) -> None:
        self._minute = datetime.now(UTC).replace(second=0, microsecond=0)

    def minutes_ago(self, minutes: int) -> datetime:
        """A whole minute: 0 is the present one, which is not over yet."""
        return self._minute - minutes * MINUTE


def text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class AnalyticsTables:
    """The job's hand on the two tables."""

    def __init__(self, endpoint: str) -> None:
        create_tables(endpoint)
        self._client = session().client("dynamodb", endpoint_url=endpoint)

    def put_window(self, product_id: str, window: datetime, expires_in: int = WEEK_SECONDS, **counts: int) -> None:
        numbers = {name: counts.get(name, 0) for name in COUNTS}
        self._put("ecom-product-analytics", {"product_id": product_id, **numbers}, window, expires_in)

    def put_trending(self, window: datetime, *products: tuple[str, int, int], expires_in: int = WEEK_SECONDS) -> None:
        """Products are (product_id, unique_user_count, event_count), in descending order."""
        names = ("product_id", "unique_user_count", "event_count")
        rows = [dict(zip(names, product, strict=True)) for product in products]
        item = {"granularity": "1m", "products": orjson.dumps(rows).decode()}
        self._put("ecom-trending-products", item, window, expires_in)

    def put_status(self, window: datetime, *, event_count: int, product_count: int = 1) -> None:
        counts = {"event_count": event_count, "product_count": product_count}
        item = {"granularity": "status", "watermark": text(window + MINUTE), **counts}
        self._put("ecom-trending-products", item, window, WEEK_SECONDS)

    def clear(self) -> None:
        for table, keys in (
            ("ecom-product-analytics", ("product_id", "window_start")),
            ("ecom-trending-products", ("granularity", "window_start")),
        ):
            for item in self._client.scan(TableName=table)["Items"]:
                self._client.delete_item(TableName=table, Key={key: item[key] for key in keys})

    def _put(self, table: str, item: dict[str, Any], window: datetime, expires_in: int) -> None:
        whole = item | {
            "window_start": text(window),
            "window_end": text(window + MINUTE),
            "run_id": "run-1",
            "updated_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "expires_at": int(time.time()) + expires_in,
        }
        typed = {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in whole.items()}
        self._client.put_item(TableName=table, Item=typed)
