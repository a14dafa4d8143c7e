"""k6 against the running stack: products with stock enough, customers and tokens for it, and where Kafka is seen."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from local import credentials
from local.servers.server import REPOSITORY
from local.stack import Stack
from local.steps import StepFailed

PRODUCTS = 100
STOCK = 1_000_000
CUSTOMERS = 50
SCRIPT = REPOSITORY / "k6" / "load.js"
K6 = Path(sys.executable).with_name("k6")  # it comes as a Python package


@dataclass(frozen=True, slots=True)
class LoadTest:
    """Which of k6's profiles and scenarios (`all`, or one), and at how many times their ordinary rates."""

    profile: str = "smoke"
    scenario: str = "all"
    rate: float = 1
    script: Path = SCRIPT

    def run(self, stack: Stack, *, data: Path, summary: Path | None = None) -> int:
        """k6's exit code: 0 when all thresholds hold. `data` is of `write_data`, `summary` a file for its figures."""
        told = {
            "PROFILE": self.profile,
            "SCENARIO": self.scenario,
            "RATE": str(self.rate),
            "TARGET": stack.url("gateway"),
            "DATA": str(data),
            "METRICS": f"{stack.management_url('activity')}/metrics",
            "FLINK": stack.url("flink"),
        }
        options = [part for name, value in told.items() for part in ("--env", f"{name}={value}")]
        written = [f"--summary-export={summary}"] if summary else []
        quiet = ["--quiet", "--no-usage-report", "--address=", "--no-color"]  # no server of its own either
        command = [str(K6), "run", *quiet, *options, *written, str(self.script)]
        return subprocess.run(command, check=False, env={"PATH": os.environ["PATH"]}).returncode


def scenarios_of(metrics: Mapping[str, Any]) -> list[str]:
    """The scenarios that a run's figures are of."""
    found = (re.fullmatch(r"http_reqs\{scenario:(\w+)\}", name) for name in metrics)
    return [match[1] for match in found if match]


def write_data(stack: Stack) -> Path:
    """Write k6's data file, for its owner alone: it has tokens. Its products get their stock. Raises StepFailed."""
    names = [f"LOAD{number:03}" for number in range(PRODUCTS)]
    _stock_up(stack, names)
    data = {
        "products": names,
        "customers": [credentials.customer_token(f"ULOAD{number:03}") for number in range(CUSTOMERS)],
        "events_token": credentials.service_token("activity:any"),
    }
    path = stack.directory / "load-test.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(data))
    return path


def _stock_up(stack: Stack, names: list[str]) -> None:
    price = {"amount": 1999, "currency": "EUR"}
    rows = [
        {"product_id": name, "title": f"Load {name}", "price": price, "stock": STOCK, "category_path": ["Load test"]}
        for name in names
    ]
    token = credentials.service_token("catalog:write")
    try:
        answer = urllib3.request(
            "POST",
            f"{stack.url('gateway')}/products/bulk",
            json={"products": rows},
            headers={"Authorization": f"Bearer {token}"},
            retries=False,
            timeout=30,
        )
    except urllib3.exceptions.HTTPError as error:
        raise StepFailed("The load test", str(error), "start the stack: make run") from error
    if answer.status != 200 or answer.json()["counts"]["rejected"]:
        raise StepFailed("The load test", f"its products were not taken: {answer.data.decode(errors='replace')}")
