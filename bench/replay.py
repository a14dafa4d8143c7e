"""Recorded shoppers from end to end: replayed through the gateway, counted by the job, recounted in plain Python."""

import json
import time
from pathlib import Path

from bench import results
from bench.measured_stack import manage
from local.stack import Stack

RECORDING = Path("../shared/data/taobao_clicks.csv.gz")


def run(stack: Stack, recording: Path = RECORDING) -> None:
    """Replay the whole file into a stack with recorded time, wait for its windows and compare each of them.

    Raises CalledProcessError where a window differs.
    """
    started = time.perf_counter()
    manage(stack, "replay_events", str(recording), "--format", "taobao")
    replayed = time.perf_counter()
    report = json.loads(
        manage(
            stack, "verify_analytics", str(recording), "--format", "taobao", "--tables", "--wait", "600", "--json"
        ).stdout
    )
    sent = {"file": recording.name, "events": report["events"], "replay_seconds": replayed - started}
    results.record(
        "replay",
        [{**sent, "windows": report["windows"], **compared} for compared in report["compared"]],
        notes=["Every (product, minute) of the file was recounted and compared in each place."],
    )
