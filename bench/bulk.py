"""Rows per second of `POST /products/bulk` through the gateway: new ones, the same again, and with a new price.

Batches of 1,000 rows with a category, one after the other and two at a time, as an importer sends them.
"""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import urllib3

from bench import load, products, results
from bench.statements import statements
from local import credentials
from local.stack import Stack

ROWS = 1000  # of a batch: the most that one takes
BATCHES = 10
ROUNDS = (("created", 1999), ("unchanged", 1999), ("updated", 2099))  # what becomes of the rows, and their price

Batch = dict[str, list[dict[str, object]]]


def run(stack: Stack) -> None:
    """Measure and record; the stack's catalogue is as it was then."""
    before = products.keys(stack)
    try:
        results.record("bulk", list(_figures(stack)))
    finally:
        products.keep_only(stack, before)


def _figures(stack: Stack) -> Iterator[dict[str, object]]:
    token = credentials.service_token("catalog:write")
    with urllib3.PoolManager(
        maxsize=2, retries=False, timeout=30, headers={"Authorization": f"Bearer {token}"}
    ) as pool:
        send = partial(_send, pool, stack.url("gateway") + "/products/bulk")
        send(_batch("warm", 0, price=1), outcome="created")
        for in_flight, (outcome, price) in itertools.product((1, 2), ROUNDS):
            batches = [_batch(f"bulk-{in_flight}", number, price=price) for number in range(BATCHES)]
            before = statements(stack, "catalog")
            started = time.perf_counter()
            with ThreadPoolExecutor(in_flight) as senders:
                list(senders.map(partial(send, outcome=outcome), batches))
            yield {
                "rows": outcome,
                "batches_in_flight": in_flight,
                "rows_per_second": BATCHES * ROWS / (time.perf_counter() - started),
                "sql_statements_of_a_batch": (statements(stack, "catalog") - before) / BATCHES,
            }


def _send(pool: urllib3.PoolManager, url: str, batch: Batch, *, outcome: str) -> None:
    """Raises LoadFailed if not every row of the batch had this outcome."""
    answer = pool.request("POST", url, json=batch)
    if answer.status != 200 or answer.json()["counts"][outcome] != ROWS:
        raise load.LoadFailed(f"{outcome} was expected of every row, not {answer.status}: {answer.data[:500]!r}")


def _batch(name: str, number: int, *, price: int) -> Batch:
    return {"products": [_product(f"{name}-{number}-{row}", row, price=price) for row in range(ROWS)]}


def _product(product_id: str, row: int, *, price: int) -> dict[str, object]:
    return {
        "product_id": product_id,
        "title": f"A product of a merchant's file, number {row}",
        "description": "Sturdy, quiet and easy to clean. " * 8,
        "brand": f"Brand {row % 50}",
        "category_path": f"Home/Kitchen/Shelf {row % 40}",
        "price": {"amount": price + row, "currency": "EUR"},
        "stock": row % 100,
    }
