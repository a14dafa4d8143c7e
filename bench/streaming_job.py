"""Events per second of the Flink job from a full topic, beside a job that only parses, with nothing else running."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from bench import results
from local.provision import LOCAL_CREDENTIALS
from local.servers import DynamoDB, Kafka

PORTS_FROM = 29_000
STREAMING_PYTHON = ".venv-streaming/bin/python"
SECONDS = 1200
LOADS = ({"events": 2_000_000, "products": 1_000}, {"events": 2_000_000, "products": 10_000})
# The load's two minutes are counted at once, so that a million distinct event_ids are in memory for each of them.
HEAP_MB = 4096


def run() -> None:
    """Measure and record, on Kafka and DynamoDB servers of its own."""
    with tempfile.TemporaryDirectory() as folder:
        servers = Path(folder)
        with (
            Kafka(servers / "kafka", PORTS_FROM) as kafka,
            DynamoDB(servers / "dynamodb", PORTS_FROM + 10) as dynamodb,
        ):
            variables = {
                **os.environ,
                **LOCAL_CREDENTIALS,
                "STREAMING_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
                "STREAMING_DYNAMODB_ENDPOINT": dynamodb.endpoint,
                "STREAMING_REST_PORT": str(PORTS_FROM + 20),
                "STREAMING_STATE_DIR": str(servers / "state"),
                "STREAMING_HEAP_MB": str(HEAP_MB),
            }
            figures = [_measure(load, variables) for load in LOADS]
    results.record("streaming", figures, notes=[f"The embedded cluster's heap: {HEAP_MB} MB."])


def _measure(load: dict[str, int], variables: dict[str, str]) -> dict[str, object]:
    options = [part for name, value in load.items() for part in (f"--{name}", str(value))]
    finished = subprocess.run(
        [STREAMING_PYTHON, "-m", "streaming", "bench", *options],
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    figures: dict[str, object] = json.loads(finished.stdout.splitlines()[-1])
    return figures
