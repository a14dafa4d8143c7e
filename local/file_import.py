"""`make import FILE=…`: a file goes into the bucket, and what the function makes of it is shown while it happens."""

import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from local.provision import REPORTS_BUCKET, UPLOADS_BUCKET, session
from local.stack import Stack

LOOK_SECONDS = 0.3
BEGIN_SECONDS = 60
OVER = ("finished", "failed")


def import_file(stack: Stack, file: Path) -> int:
    """Upload and wait for the end; the exit code is 0 where every row was taken. Raises ValueError."""
    if not file.is_file():
        raise ValueError(f"{file} is no file; say which one: make import FILE=products.csv.gz")
    s3 = session().client("s3", endpoint_url=stack.moto.endpoint)
    key = f"{datetime.now(UTC):%Y-%m-%d/%H%M%S%f}/{file.name}"
    mapping = file.with_name(f"{file.name.partition('.')[0]}.mapping.json")
    if mapping.is_file():
        s3.upload_file(str(mapping), UPLOADS_BUCKET, f"{Path(key).parent}/{mapping.name}")
    with file.open("rb") as content:
        version = s3.put_object(Bucket=UPLOADS_BUCKET, Key=key, Body=content)["VersionId"]
    report = _watched(s3, f"reports/{key}/{version}.json")
    print("\n".join(_lines(report)))
    if report["errors_key"]:
        errors = stack.directory / "imports" / f"{file.name.partition('.')[0]}.errors.csv"
        errors.parent.mkdir(parents=True, exist_ok=True)
        with errors.open("wb") as target:
            shutil.copyfileobj(s3.get_object(Bucket=REPORTS_BUCKET, Key=report["errors_key"])["Body"], target)
        print(f"The rows that were not taken, to mend and import again: {errors}")
    return int(report["status"] == "failed" or report["rejected"] > 0)


def _watched(s3: Any, key: str) -> dict[str, Any]:
    """The last report; the bar follows the bytes that the function has read."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("waiting for the function", total=None)
        for report in _reports(s3, key):
            told = f"{report['rows_read']:,} rows, {report['rejected']:,} rejected"
            progress.update(task, total=report["size"] or 1, completed=report["bytes_read"], description=told)
    return report


def _reports(s3: Any, key: str) -> Iterator[dict[str, Any]]:
    """The report again and again, until it is the last one. Raises ValueError where none comes."""
    deadline = time.monotonic() + BEGIN_SECONDS
    while True:
        try:
            report: dict[str, Any] = json.loads(s3.get_object(Bucket=REPORTS_BUCKET, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            if time.monotonic() > deadline:
                raise ValueError("The function did not begin; see `make logs NAME=product-import`.") from error
        else:
            yield report
            if report["status"] in OVER:
                return
        time.sleep(LOOK_SECONDS)


def _lines(report: dict[str, Any]) -> Iterator[str]:
    outcomes = ", ".join(f"{report[name]:,} {name}" for name in ("created", "updated", "unchanged", "rejected"))
    yield f"{report['status']}: {report['rows_read']:,} rows: {outcomes}"
    if report["reason"]:
        yield report["reason"]
    yield f"{report['duration_seconds']:.1f} s, {report['rows_per_second']:,.0f} rows a second"
