"""A merchant's file from the bucket into the shop: rows per second from the upload to the report, and peak memory.

A million rows, all new, then a part of them again, unchanged; through queue, function, gateway and catalog.
"""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from botocore.exceptions import ClientError

from bench import load, results
from local.provision import REPORTS_BUCKET, UPLOADS_BUCKET, session
from local.stack import MARKER, Stack

ROWS = 1_000_000
AGAIN = 100_000
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 3600
OVER = ("finished", "failed")
CATEGORIES = [f"Bench > Aisle {aisle} > Shelf {shelf}" for aisle in range(20) for shelf in range(10)]


def run(stack: Stack) -> None:
    """Measure and record. It leaves a million products in the stack's catalogue."""
    file = stack.directory / "imports.csv"
    try:
        figures = [_figure(stack, file, f"{rows:,} rows, {what}", rows) for rows, what in _parts()]
    finally:
        file.unlink(missing_ok=True)
    results.record("imports", figures)


def _parts() -> Iterator[tuple[int, str]]:
    yield ROWS, "all new"
    yield AGAIN, "unchanged"


def _figure(stack: Stack, file: Path, what: str, rows: int) -> dict[str, object]:
    _write(file, rows)
    s3 = session().client("s3", endpoint_url=stack.moto.endpoint)
    started = time.perf_counter()
    key = f"bench/{rows}.csv"
    with file.open("rb") as content:
        version = s3.put_object(Bucket=UPLOADS_BUCKET, Key=key, Body=content)["VersionId"]
    memory, report = _watched(stack, s3, f"reports/{key}/{version}.json")
    seconds = time.perf_counter() - started
    if report["status"] != "finished" or report["rows_read"] != rows or report["rejected"]:
        raise load.LoadFailed(f"the import ended so: {report}")
    return {
        "what": what,
        "file_mib": file.stat().st_size / 2**20,
        "seconds": seconds,
        "rows_per_second": rows / seconds,
        "runs": report["runs"],
        "peak_memory_mib": memory,
    }


def _watched(stack: Stack, s3: Any, key: str) -> tuple[float, dict[str, Any]]:
    """The function's peak memory in MiB, and the last report. Raises LoadFailed."""
    memory, deadline = 0.0, time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        memory = max(memory, _peak_memory(stack))
        report = _report(s3, key)
        if report.get("status") in OVER:
            return memory, report
        time.sleep(LOOK_SECONDS)
    raise load.LoadFailed(f"the import took more than {PATIENCE_SECONDS} s")


def _report(s3: Any, key: str) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(s3.get_object(Bucket=REPORTS_BUCKET, Key=key)["Body"].read())
    except ClientError:
        return {}
    return report


def _peak_memory(stack: Stack) -> float:
    """The largest resident set (VmHWM) that the function's process has had, in MiB."""
    for process in psutil.process_iter(["cmdline"]):
        try:
            if "awslambdaric" in process.info["cmdline"] and process.environ().get(MARKER) == str(stack.directory):
                status = Path(f"/proc/{process.pid}/status").read_text()
                return int(status.partition("VmHWM:")[2].split()[0]) / 1024
        except (psutil.Error, OSError, TypeError):
            continue
    return 0.0


def _write(file: Path, rows: int) -> None:
    """Rows as a shop's export has them; the first ones are the same whatever their number."""
    dice = random.Random(1)
    with file.open("w", encoding="utf-8") as target:
        target.write("sku;name;short description;price;brand;category;stock\n")
        for number in range(rows):
            code = dice.randbytes(4).hex()
            price = f"{dice.randrange(1, 2000)},{dice.randrange(100):02}"
            text = f"Model {code}, for those who want number {number} and nothing else"
            place = dice.choice(CATEGORIES)
            target.write(f"B{number};Product {code};{text};{price};Brand {number % 90};{place};{number % 200}\n")
