"""Shoppers who look at products while something is measured."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import orjson
import urllib3

from bench.measured_stack import service_headers
from bench.stored_windows import text


@contextmanager
def views(gateway: str, batches: Iterable[Sequence[str]], *, seconds: float) -> Iterator[None]:
    """Until the end of the block a new shopper views the products of the next batch, all at once, every `seconds`.

    Raises RuntimeError at the end if the gateway did not take a batch.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1) as sender:
        sent = sender.submit(_send, gateway, batches, seconds, stop)
        try:
            yield
        finally:
            stop.set()
        sent.result()


def _send(gateway: str, batches: Iterable[Sequence[str]], seconds: float, stop: threading.Event) -> None:
    pool = urllib3.PoolManager(timeout=10, headers={"Content-Type": "application/json", **service_headers()})
    for shopper, product_ids in enumerate(batches):
        at = text(datetime.now(UTC))
        events = [
            {"user_id": f"U{shopper}", "product_id": product_id, "event_type": "VIEW_PRODUCT", "timestamp": at}
            for product_id in product_ids
        ]
        answer = pool.request("POST", f"{gateway}/activity/events", body=orjson.dumps(events))
        if answer.status >= 400:
            raise RuntimeError(f"the gateway answered {answer.status}: {answer.data[:500]!r}")
        if stop.wait(seconds):
            return
