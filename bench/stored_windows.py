"""A past that the job might have written: windows of many products, and each minute's list, in DynamoDB Local."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson
import urllib3

from local.provision import REGION

AT_ONCE = 25  # what BatchWriteItem takes
WRITERS = 4
TOP = 100
WEEK_SECONDS = 7 * 24 * 3600
COUNTS = (
    "unique_user_count", "verified_user_count", "event_count", "bot_event_count",
    "view_count", "cart_count", "wishlist_count", "purchase_count", "other_count",
)  # fmt: skip
MINUTE = timedelta(minutes=1)
# DynamoDB Local checks no signature. botocore would take ten times the processor that the writing itself does.
HEADERS = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential=local/20250101/{REGION}/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
    "Content-Type": "application/x-amz-json-1.0",
}

Item = dict[str, dict[str, str]]


class StoredWindows:
    """Writes and reads through one pool of connections, with as little of its own as there can be."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._pool = urllib3.PoolManager(maxsize=WRITERS, timeout=30)

    def store(self, product_ids: Sequence[str], starts: Sequence[datetime]) -> int:
        """Store a window of each product in each minute, and the minutes' lists; return how many windows."""
        with ThreadPoolExecutor(WRITERS) as writers:
            stored = sum(writers.map(partial(self._store_product, starts=starts), enumerate(product_ids)))
        self._put("ecom-trending-products", [_list(start, product_ids[:TOP]) for start in starts])
        return stored

    def read(self, product_id: str, since: datetime, until: datetime) -> None:
        """One Query for the windows of a product from `since` to before `until`, as the gateway makes it."""
        query = {
            "TableName": "ecom-product-analytics",
            "KeyConditionExpression": "product_id = :key AND window_start BETWEEN :first AND :last",
            "FilterExpression": "attribute_not_exists(expires_at) OR expires_at > :now",
            "ProjectionExpression": ", ".join(("window_start", "expires_at", *COUNTS)),
            "ExpressionAttributeValues": {
                ":key": {"S": product_id},
                ":first": {"S": text(since)},
                ":last": {"S": text(until - MINUTE)},
                ":now": {"N": str(int(time.time()))},
            },
        }
        found = self._ask("Query", query)["Count"]
        if found != (until - since) // MINUTE:
            raise RuntimeError(f"DynamoDB Local found {found} windows of {product_id} from {since} to {until}")

    def _store_product(self, numbered: tuple[int, str], starts: Sequence[datetime]) -> int:
        number, product_id = numbered
        items = [_window(product_id, start, number + minute) for minute, start in enumerate(starts)]
        self._put("ecom-product-analytics", items)
        return len(items)

    def _put(self, table: str, items: Sequence[Item]) -> None:
        for at in range(0, len(items), AT_ONCE):
            puts = [{"PutRequest": {"Item": item}} for item in items[at : at + AT_ONCE]]
            if self._ask("BatchWriteItem", {"RequestItems": {table: puts}})["UnprocessedItems"]:
                raise RuntimeError("DynamoDB Local did not take a batch")

    def _ask(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        headers = {**HEADERS, "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        answer = self._pool.request("POST", self._endpoint, headers=headers, body=orjson.dumps(arguments))
        if answer.status != 200:
            raise RuntimeError(f"DynamoDB Local refused a {operation}: {answer.data!r}")
        body: dict[str, Any] = orjson.loads(answer.data)
        return body


def _window(product_id: str, start: datetime, seed: int) -> Item:
    shoppers = seed * 7919 % 97 + 1
    counts = (shoppers, shoppers // 2, 2 * shoppers, 0, 2 * shoppers, 0, 0, 0, 0)
    return _item(start, {"product_id": product_id, **dict(zip(COUNTS, counts, strict=True))})


def _list(start: datetime, product_ids: Sequence[str]) -> Item:
    """Their order is always the same."""
    products = [
        {"product_id": product_id, "unique_user_count": TOP - rank, "event_count": 2 * (TOP - rank)}
        for rank, product_id in enumerate(product_ids)
    ]
    return _item(start, {"granularity": "1m", "products": orjson.dumps(products).decode()})


def _item(start: datetime, attributes: dict[str, Any]) -> Item:
    whole = {
        **attributes,
        "window_start": text(start),
        "window_end": text(start + MINUTE),
        "run_id": "bench",
        "updated_at": text(start + MINUTE),
        "expires_at": int(time.time()) + WEEK_SECONDS,
    }
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in whole.items()}


def text(moment: datetime) -> str:
    """`2025-11-23T12:40:00Z`, as the tables and the API have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
