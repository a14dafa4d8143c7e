"""The Flink job from a full topic, beside a job that only parses, with nothing else running.

Three benchmarks: how fast it is; how rate, state and checkpoints grow with products and shoppers; and what partitions
are worth, also where one product has half of all events.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import job_process, plot, results
from local.servers import DynamoDB, Kafka

PORTS_FROM = 29_000
SECONDS = 1800
# The load's two minutes are counted at once, so that a million distinct event_ids are in memory for each of them.
HEAP_MB = 4096
EVENTS = 2_000_000
LOADS = ({"products": 1_000, "shoppers": 100_000}, {"products": 10_000, "shoppers": 100_000})
SIZES = {1: (100, 1_000), 10: (1_000, 10_000), 100: (10_000, 100_000)}
SLOTS = (1, 2, 4, 8)
HALF = 50

Load = dict[str, int]


def run() -> None:
    """Measure and record how fast the job is."""
    with _servers() as variables:
        figures = [_row(_measure({"events": EVENTS, **load}, variables)) for load in LOADS]
    results.record("streaming", figures, notes=[_heap()])


def run_scaling() -> None:
    """Measure, record and draw how the job's cost grows with products and shoppers."""
    with _servers() as variables:
        figures = [{"size": f"{size}x"} | _row(_measure(_load(size), variables)) for size in SIZES]
    plot.write(
        "scaling",
        "The job at 1x, 10x and 100x products and shoppers",
        [str(figure["size"]) for figure in figures],
        {
            "events/s": [figure["events_per_second"] for figure in figures],
            "events/CPU s": [figure["events_per_cpu_second"] for figure in figures],
            "largest checkpoint, kB": [figure["largest_checkpoint_mb"] * 1000 for figure in figures],
            "longest checkpoint, ms": [figure["longest_checkpoint_ms"] for figure in figures],
        },
    )
    results.record("scaling", figures, notes=[_heap(), "![scaling](scaling.svg)"])


def run_partitions() -> None:
    """Measure and record what partitions and slots are worth, with and without a product that has half of all."""
    with _servers() as variables:
        figures = [
            {"partitions_and_slots": slots, "hot_percent": hot} | _row(_measure(_spread(slots, hot), variables))
            for hot in (0, HALF)
            for slots in SLOTS
        ]
    results.record("partitions", figures, notes=[_heap()])


def _load(size: int) -> Load:
    products, shoppers = SIZES[size]
    return {"events": EVENTS, "products": products, "shoppers": shoppers}


def _spread(slots: int, hot_percent: int) -> Load:
    return _load(10) | {
        "events": EVENTS // 2, "partitions": slots, "parallelism": slots, "hot_percent": hot_percent
    }  # fmt: skip


def _heap() -> str:
    return f"The embedded cluster's heap: {HEAP_MB} MB. DynamoDB Local in memory."


@contextmanager
def _servers() -> Iterator[dict[str, str]]:
    """Kafka and DynamoDB of the benchmark's own; the variables that point the job at them."""
    with tempfile.TemporaryDirectory() as folder:
        servers = Path(folder)
        with (
            Kafka(servers / "kafka", PORTS_FROM) as kafka,
            DynamoDB(servers / "dynamodb", PORTS_FROM + 10, in_memory=True) as dynamodb,
        ):
            yield job_process.variables(
                {
                    "bootstrap_servers": kafka.bootstrap_servers,
                    "dynamodb_endpoint": dynamodb.endpoint,
                    "rest_port": PORTS_FROM + 20,
                    "state_dir": servers / "state",
                    "heap_mb": HEAP_MB,
                }
            )


def _measure(load: Load, variables: dict[str, str]) -> dict[str, Any]:
    return job_process.bench(load, variables, seconds=SECONDS)


def _row(measured: dict[str, Any]) -> dict[str, Any]:
    """One row of a table: the whole job's figures, and what they are of those of a job that only parses."""
    job, parse = measured["job"], measured["parse_only"]
    return {
        **{name: measured[name] for name in ("products", "shoppers", "events", "parallelism")},
        "events_per_second": job["events_per_second"],
        "events_per_cpu_second": job["events_per_cpu_second"],
        "parse_only_per_second": parse["events_per_second"],
        "parse_only_per_cpu_second": parse["events_per_cpu_second"],
        "of_parse_only": measured["job_to_parse_only"],
        "of_parse_only_by_cpu": measured["job_to_parse_only_by_cpu"],
        "largest_checkpoint_mb": job["largest_checkpoint_bytes"] / 1_000_000,
        "longest_checkpoint_ms": job["longest_checkpoint_ms"],
        "writer_items_per_second": measured["writer_items_per_second"],
    }
