"""Acknowledged events per second: single and in batches, through the gateway and directly, beside bare baselines.

The baselines of the same run: a gunicorn WSGI app that only answers, and kafka-python alone with `acks=all`.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from kafka import KafkaProducer

from bench import load, results
from bench.measured_stack import service_headers
from local.stack import Stack

BATCH = 100
SHOPPERS, PRODUCTS = 20_000, 2_000
BARE_PORT = 8990


def _event(number: int, at: str) -> dict[str, str]:
    return {
        "user_id": f"U{number * 7919 % SHOPPERS}",
        "product_id": f"P{number * 104729 % PRODUCTS}",
        "event_type": "VIEW_PRODUCT",
        "timestamp": at,
    }


def _write_bodies(folder: Path) -> tuple[Path, Path]:
    """A file of single events and one of batches, one body a line."""
    at = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    single, batches = folder / "single.ndjson", folder / "batches.ndjson"
    single.write_bytes(b"\n".join(orjson.dumps(_event(number, at)) for number in range(5_000)))
    batches.write_bytes(
        b"\n".join(
            orjson.dumps([_event(start + number, at) for number in range(BATCH)])
            for start in range(0, 200 * BATCH, BATCH)
        )
    )
    return single, batches


@contextmanager
def _bare_server() -> Iterator[str]:
    """The bare WSGI app under gunicorn with the activity service's numbers of workers and threads."""
    address = f"127.0.0.1:{BARE_PORT}"
    options = [
        "--bind",
        address,
        "--workers",
        "2",
        "--threads",
        "16",
        "--worker-class",
        "gthread",
        "--keep-alive",
        "75",
    ]
    command = [sys.executable, "-m", "gunicorn", *options, "--no-control-socket", "bench.bare:application"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        load.wait_until_answers(f"http://{address}/")
        yield f"http://{address}/"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _kafka_alone(bootstrap_servers: str, bodies: Path, topic: str) -> float:
    """Events a second that one kafka-python producer gets acknowledged, sending as fast as it may."""
    events = bodies.read_bytes().splitlines() * 10
    producer = KafkaProducer(
        bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=False, linger_ms=5, compression_type="lz4"
    )
    try:
        started = time.perf_counter()
        for first in range(0, len(events), 2_000):
            sent = [producer.send(topic, event) for event in events[first : first + 2_000]]
            for future in sent:
                future.get(timeout=30)
        return len(events) / (time.perf_counter() - started)
    finally:
        producer.close()


def run(stack: Stack) -> None:
    """Measure and record; the stack is a running one whose Flink job is stopped or idle."""
    headers = service_headers()
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        single, batches = _write_bodies(Path(folder))
        with _bare_server() as bare:
            baseline = {single: load.post(bare, single, headers={}), batches: load.post(bare, batches, headers={})}
        for where, address in ((name, stack.url(name)) for name in ("gateway", "activity")):
            for path, bodies, events in (("/activity/event", single, 1), ("/activity/events", batches, BATCH)):
                load.post(f"{address}{path}", bodies, headers=headers, seconds=3)  # warm
                measured = load.post(f"{address}{path}", bodies, headers=headers)
                figures.append(_figure(where, events, measured, baseline[bodies]))
        alone = _kafka_alone(stack.kafka.bootstrap_servers, single, "ecom-raw-events")
    figures.append({"to": "bare gunicorn WSGI app", "batch": 1, "events_per_second": baseline[single].per_second})
    figures.append({"to": "kafka-python alone", "batch": "-", "events_per_second": alone})
    results.record("ingest", figures, notes=["`of_bare` is requests per second relative to the bare WSGI app."])


def _figure(where: str, events: int, measured: load.Load, bare: load.Load) -> dict[str, object]:
    return {
        "to": where,
        "batch": events,
        "events_per_second": measured.per_second * events,
        "p50_ms": measured.p50_ms,
        "p95_ms": measured.p95_ms,
        "p99_ms": measured.p99_ms,
        "of_bare": measured.per_second / bare.per_second,
    }
