"""What a buyer waits for, through the gateway in a shop of 1,000 products: a list, a first item in a cart, an order.

One client, one request after the other; the list for eight clients too.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg2
import urllib3

from bench import load, products, results
from bench.statements import statements
from local import credentials
from local.stack import Stack

PRODUCTS = 1000
STOCK = 100_000
REPEATS = 300
ADDRESS = {"recipient": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "country": "GB"}
LIST = "/products?limit=20"
NOTES = (
    "Earlier, on a machine like this and with 1,000 products too, p50 of list, first item and order, and requests per "
    "second of 8 clients on the list: Oscar 8, 34 and 81 ms, 240; Vendure 60, 50 and 182 ms, 24 (248 with its search "
    "index); Saleor 62, 112 and 550 ms, 20.",
)

Figure = dict[str, object]


def run(stack: Stack) -> None:
    """Measure and record. It leaves 1,000 products in the stack's catalogue."""
    product_ids = _only_a_thousand(stack)
    client = _Client(stack.url("gateway"))
    figures = [*_lists(stack), *_carts(stack, client, product_ids), _orders(stack, client, product_ids)]
    results.record("shop", figures, notes=NOTES)


class _Client:
    """One buyer's connection to the gateway."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(maxsize=1, retries=False, timeout=10)

    def post(self, path: str, body: object, headers: dict[str, str], *, expected: int) -> float:
        """Seconds until the answer was there. Raises LoadFailed for another status."""
        started = time.perf_counter()
        answer = self._pool.request("POST", self._url + path, json=body, headers=headers)
        seconds = time.perf_counter() - started
        if answer.status != expected:
            raise load.LoadFailed(f"POST {path} was answered {answer.status}: {answer.data!r}")
        return seconds


def _only_a_thousand(stack: Stack) -> list[str]:
    """Take all but 1,000 products out of the catalogue, and stock those up; return their ids."""
    products.keep_only(stack, products.keys(stack)[:PRODUCTS])
    with psycopg2.connect(stack.postgres.dsn("catalog")) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET stock = %s, active = true RETURNING product_id", [STOCK])
        product_ids = [product_id for (product_id,) in cursor.fetchall()]
    if len(product_ids) != PRODUCTS:
        raise load.LoadFailed(f"the catalogue has {len(product_ids)} products, not {PRODUCTS}")
    return product_ids


def _lists(stack: Stack) -> Iterator[Figure]:
    url = stack.url("gateway") + LIST
    for name, headers in {"cached": {}, "uncached": {"Cache-Control": "no-cache"}}.items():
        load.get(url, headers=headers, connections=1, seconds=1)  # warm
        alone = load.get(url, headers=headers, connections=1, seconds=5)
        before = statements(stack, "catalog")
        crowd = load.get(url, headers=headers, connections=8, seconds=5)
        yield {
            "what": f"list of 20, {name}",
            "p50_ms": alone.p50_ms,
            "p95_ms": alone.p95_ms,
            "requests_per_second_of_8_clients": crowd.per_second,
            "sql_statements": (statements(stack, "catalog") - before) / crowd.requests,
        }


def _carts(stack: Stack, client: _Client, product_ids: list[str]) -> Iterator[Figure]:
    def first_item() -> float:
        item = {"product_id": random.choice(product_ids), "quantity": 1}
        return client.post("/cart/add", item, {}, expected=200)

    yield _figure(stack, "a guest's new cart with its first item", first_item)


def _orders(stack: Stack, client: _Client, product_ids: list[str]) -> Figure:
    """The order alone is timed; its cart of three lines is filled before."""

    def fill_cart() -> dict[str, str]:
        headers = {"Authorization": f"Bearer {credentials.customer_token(f'U{uuid4().hex[:16]}')}"}
        for product_id in random.sample(product_ids, 3):
            client.post("/cart/add", {"product_id": product_id, "quantity": 1}, headers, expected=200)
        return headers

    carts = [fill_cart() for _ in range(REPEATS + 1)]

    def order() -> float:
        headers = {**carts.pop(), "Idempotency-Key": uuid4().hex}
        return client.post("/orders", {"delivery_address": ADDRESS}, headers, expected=201)

    return _figure(stack, "an order of a cart of 3 lines", order)


def _figure(stack: Stack, what: str, act: Callable[[], float]) -> Figure:
    act()  # warm
    before = statements(stack, "orders", "catalog")
    milliseconds = [1000 * act() for _ in range(REPEATS)]
    return {
        "what": what,
        "p50_ms": statistics.median(milliseconds),
        "p95_ms": statistics.quantiles(milliseconds, n=20)[-1],
        "requests_per_second_of_8_clients": "",
        "sql_statements": (statements(stack, "orders", "catalog") - before) / REPEATS,
    }
