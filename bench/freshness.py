"""How long after its end a window is served by the gateway: under traffic, and when traffic stops altogether."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import urllib3

from bench import results
from bench.measured_stack import service_headers
from local.stack import Stack

PRODUCTS = 5_000
SAMPLE = 20
MINUTES = 3
POLL_SECONDS = 0.25
PATIENCE_SECONDS = 60
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Served:
    """Seconds from a window's end to the first answer of the gateway that holds it, for one product."""

    product_id: str
    seconds: float


def run(stack: Stack) -> None:
    """Measure and record; the stack runs on the clock's time without other shoppers."""
    gateway = stack.url("gateway")
    with _traffic(gateway):
        _sleep_until(_next_minute())  # the first, partial minute does not count
        busy = [served for _ in range(MINUTES) for served in _measure(gateway)]
        _sleep_until(_next_minute() + timedelta(seconds=20))
    quiet = _measure(gateway)  # the last window with events; nothing but heartbeats follows it
    figures = [_figure("traffic goes on", busy), _figure("traffic has stopped", quiet)]
    note = "DynamoDB Local in memory: in a file it syncs the disk for each item, some thousand a second."
    results.record("freshness", figures, notes=[note])


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
    fields = {"from": _text(window), "to": _text(window + MINUTE)}
    answer = pool.request("GET", f"{gateway}/analytics/products/{product_id}", fields=fields).json()
    return any(point["event_count"] for point in answer["results"])


@contextmanager
def _traffic(gateway: str) -> Iterator[None]:
    """Every product is viewed by two shoppers each ten seconds, until the end of the block."""
    stop = threading.Event()
    sender = threading.Thread(target=_send, args=(gateway, stop))
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join()


def _send(gateway: str, stop: threading.Event) -> None:
    pool = urllib3.PoolManager(timeout=10, headers={"Content-Type": "application/json", **service_headers()})
    batch = 500
    for turn in range(10_000):
        first = turn * batch % PRODUCTS
        at = _text(datetime.now(UTC))
        events = [_view(turn, number, at) for number in range(first, first + batch)]
        answer = pool.request("POST", f"{gateway}/activity/events", body=orjson.dumps(events))
        if answer.status >= 400:
            raise RuntimeError(f"the gateway answered {answer.status}: {answer.data[:500]!r}")
        if stop.wait(0.5):
            return


def _view(turn: int, number: int, at: str) -> dict[str, str]:
    return {"user_id": f"U{turn}", "product_id": f"P{number}", "event_type": "VIEW_PRODUCT", "timestamp": at}


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


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
