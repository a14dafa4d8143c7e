"""Kafka 0, 20 and 80 ms away each way: what a Flink job writes to it with several settings, and reads from it."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bench import job_process, results
from bench.far_away import FarAway
from local.servers import Kafka

PORTS_FROM = 29_200
MILLISECONDS = (0, 20, 80)
# The first are Kafka's own defaults.
PRODUCERS = (
    {"linger-ms": 5, "batch-kb": 16, "compression": "none"},
    {"linger-ms": 20, "batch-kb": 128, "compression": "none"},
    {"linger-ms": 20, "batch-kb": 128, "compression": "lz4"},
    {"linger-ms": 100, "batch-kb": 512, "compression": "lz4"},
    {"linger-ms": 100, "batch-kb": 512, "compression": "zstd"},
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
                figures += [_row(milliseconds, _measure(producer, variables)) for producer in PRODUCERS]
    results.record("far-kafka", figures, notes=[
        "`write_per_second`: events of some 600 bytes, headers included, by a job that makes them up; "
        "`read_per_second`: by a job that only parses, of what was so written, where that is enough for a rate.",
    ])  # fmt: skip


def _measure(producer: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    settings = [part for name, value in producer.items() for part in (f"--{name}", str(value))]
    finished = subprocess.run(
        [job_process.PYTHON, "-m", "streaming", "bench", "--only-kafka", "--events", str(EVENTS), *settings],
        env=variables, stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def _row(milliseconds: int, measured: dict[str, Any]) -> dict[str, Any]:
    return {
        "milliseconds_each_way": milliseconds,
        **{name: measured[name] for name in ("linger_ms", "batch_kb", "compression")},
        "write_per_second": measured["fill"]["events_per_second"],
        "written": measured["events"],
        "read_per_second": measured["parse_only"]["events_per_second"] if measured["parse_only"] else "",
    }
