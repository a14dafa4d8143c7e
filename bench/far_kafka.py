"""Kafka 0, 20 and 80 ms away each way: what a Flink job writes to it with several settings, and reads from it."""

import tempfile
from pathlib import Path
from typing import Any

from bench import job_process, results
from bench.far_away import FarAway
from local.servers import Kafka

PORTS_FROM = 29_200
MILLISECONDS = (0, 20, 80)
# The first are Kafka's own defaults. No zstd: neither Flink nor its connector brings a library for it.
PRODUCERS: tuple[dict[str, object], ...] = (
    {"linger_ms": 5, "batch_kb": 16, "compression": "none"},
    {"linger_ms": 20, "batch_kb": 128, "compression": "none"},
    {"linger_ms": 20, "batch_kb": 128, "compression": "lz4"},
    {"linger_ms": 100, "batch_kb": 512, "compression": "lz4"},
    {"linger_ms": 100, "batch_kb": 512, "compression": "gzip"},
)
EVENTS = 1_000_000
SECONDS = 600


def run() -> None:
    """Measure and record, on a Kafka of its own, whose clients are all sent through the proxy."""
    with tempfile.TemporaryDirectory() as folder:
        proxy = PORTS_FROM + 5
        with (
            Kafka(Path(folder) / "kafka", PORTS_FROM, advertised_port=proxy),
            FarAway(proxy, PORTS_FROM) as far,
        ):
            variables = job_process.variables(
                {"bootstrap_servers": f"127.0.0.1:{proxy}", "rest_port": PORTS_FROM + 20, "state_dir": folder}
            )
            figures = []
            for milliseconds in MILLISECONDS:
                far.seconds = milliseconds / 1000
                for producer in PRODUCERS:
                    load = {"events": EVENTS, **producer}
                    measured = job_process.bench(load, variables, seconds=SECONDS, flags=["--only-kafka"])
                    figures.append(_row(milliseconds, measured))
    results.record("far-kafka", figures, notes=[
        "`write_per_second`: events of some 600 bytes, headers included, by a job that makes them up; "
        "`read_per_second`: by a job that only parses, of what was so written, where that is enough for a rate.",
    ])  # fmt: skip


def _row(milliseconds: int, measured: dict[str, Any]) -> dict[str, Any]:
    return {
        "milliseconds_each_way": milliseconds,
        **{name: measured[name] for name in ("linger_ms", "batch_kb", "compression")},
        "write_per_second": measured["fill"]["events_per_second"],
        "written": measured["events"],
        "read_per_second": measured["parse_only"]["events_per_second"] if measured["parse_only"] else "",
    }
