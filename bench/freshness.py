"""How long after its end a window is served by the gateway: under traffic, and when traffic stops altogether."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import urllib3

from bench import results, traffic
from bench.stored_windows import MINUTE, text
from local.stack import Stack

PRODUCTS = 5_000
BATCH = 500
SAMPLE = 20
MINUTES = 3
POLL_SECONDS = 0.25
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Served:
    """Seconds from a window's end to the first answer of the gateway that holds it, for one product."""

    product_id: str
    seconds: float


def run(stack: Stack) -> None:
    """Measure and record; the stack runs on the clock's time without other shoppers."""
    gateway = stack.url("gateway")
    with traffic.views(gateway, _batches(), seconds=0.5):
        _sleep_until(_next_minute())  # the first, partial minute does not count
        busy = [served for _ in range(MINUTES) for served in _measure(gateway)]
        _sleep_until(_next_minute() + timedelta(seconds=20))
    quiet = _measure(gateway)  # the last window with events; nothing but heartbeats follows it
    figures = [_figure("traffic goes on", busy), _figure("traffic has stopped", quiet)]
    note = "DynamoDB Local in memory: in a file it syncs the disk for each item, some thousand a second."
    results.record("freshness", figures, notes=[note])


def _batches() -> Iterator[list[str]]:
    """Every product is viewed by a shopper each five seconds."""
    for first in itertools.cycle(range(0, PRODUCTS, BATCH)):
        yield [f"P{number}" for number in range(first, first + BATCH)]


def _measure(gateway: str) -> list[Served]:
    """Wait for the current minute's end and see when a sample of its products is served."""
    window = datetime.now(UTC).replace(second=0, microsecond=0)
    _sleep_until(window + MINUTE)
    missing = {f"P{number}" for number in range(0, PRODUCTS, PRODUCTS // SAMPLE)}
    served = []
    pool = urllib3.PoolManager(maxsize=1, timeout=5)
    while missing:
        found = {product_id for product_id in missing if _is_served(pool, gateway, product_id, window)}
        seconds = (datetime.now(UTC) - window - MINUTE).total_seconds()
        served += [Served(product_id, seconds) for product_id in found]
        missing -= found
        if datetime.now(UTC) > window + MINUTE + timedelta(seconds=PATIENCE_SECONDS):
            raise TimeoutError(f"{len(missing)} products of the window {window} were not served")
        time.sleep(POLL_SECONDS)
    return served


def _is_served(pool: urllib3.PoolManager, gateway: str, product_id: str, window: datetime) -> bool:
    fields = {"from": text(window), "to": text(window + MINUTE)}
    answer = pool.request("GET", f"{gateway}/analytics/products/{product_id}", fields=fields).json()
    return any(point["event_count"] for point in answer["results"])


def _figure(name: str, served: list[Served]) -> dict[str, object]:
    seconds = sorted(one.seconds for one in served)
    return {
        "when": name,
        "active_products": PRODUCTS,
        "observations": len(seconds),
        "p50_seconds": seconds[len(seconds) // 2],
        "p95_seconds": seconds[int(len(seconds) * 0.95)],
        "max_seconds": seconds[-1],
    }


def _next_minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) + MINUTE


def _sleep_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
