"""One smoke run of the load test, with Prometheus watching: for all tests that need traffic with figures."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.load_test import LoadTest, write_data
from local.stack import Stack
from tests.observability.prometheus import Prometheus


@dataclass(frozen=True, slots=True)
class SmokeRun:
    """k6's exit code and metrics, and the Prometheus that saw them come about."""

    exit_code: int
    metrics: dict[str, Any]
    prometheus: Prometheus


def smoke_run_on(stack: Stack, directory: Path, prometheus: Prometheus) -> SmokeRun:
    """Run the smoke profile; Prometheus has scraped before it, so that it sees what grows."""
    summary = directory / "summary.json"
    exit_code = LoadTest("smoke").run(stack, data=write_data(stack), summary=summary)
    return SmokeRun(exit_code, json.loads(summary.read_text())["metrics"], prometheus)
