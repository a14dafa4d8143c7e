"""Files of products: put into the bucket from where they are imported, and what became of them.

Remote contract: whatever is put into the uploads bucket is imported by `product_bulk_import_lambda`, which keeps
`reports/<key>/<version>.json` in the reports bucket up to date while it works, and names its error file there.
"""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAYS_LISTED = 7
AT_ONCE = 8  # reports that are read side by side
OVER = ("finished", "failed")
_PATIENCE = Config(connect_timeout=2, read_timeout=20, retries={"mode": "standard", "max_attempts": 2})


class ImportsUnavailable(Exception):
    """The buckets do not answer."""


@dataclass(frozen=True, slots=True)
class FileImport:
    """A file that was uploaded; `report` is empty until its import begins."""

    key: str
    uploaded_at: datetime
    report: dict[str, Any]

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.key).name

    @property
    def status(self) -> str:
        """`uploaded`, or as the report says: running, waiting, finished or failed."""
        return str(self.report.get("status", "uploaded"))

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in OVER

    @property
    def percent(self) -> int:
        """How much of the file has been read."""
        return int(100 * self.report.get("bytes_read", 0) // max(1, self.report.get("size", 0)))

    @property
    def read(self) -> str:
        """The same, as people read it."""
        return f"{self.percent} %"


def upload(*, name: str, content: IO[bytes], mapping: bytes | None) -> str:
    """Put a file, its mapping file before it, into a folder of its own; returns its key. Raises ImportsUnavailable."""
    folder = f"{datetime.now(UTC):%Y-%m-%d/%H%M%S%f}-{secrets.token_hex(3)}"  # S3 tells times by the second only
    try:
        if mapping is not None:
            place = f"{folder}/{name.partition('.')[0]}.mapping.json"
            _s3().put_object(Bucket=settings.UPLOADS_BUCKET, Key=place, Body=mapping)
        _s3().put_object(Bucket=settings.UPLOADS_BUCKET, Key=f"{folder}/{name}", Body=content)
    except (BotoCoreError, ClientError) as error:
        raise ImportsUnavailable(str(error)) from error
    return f"{folder}/{name}"


def recent(limit: int) -> list[FileImport]:
    """What was uploaded in the last days, the newest first. Raises ImportsUnavailable."""
    try:
        found = list(_uploads_by_day(limit))[:limit]
        with ThreadPoolExecutor(AT_ONCE) as readers:
            reports = list(readers.map(_report, [key for _, key in found]))
        return [FileImport(key, at, report) for (at, key), report in zip(found, reports, strict=True)]
    except (BotoCoreError, ClientError) as error:
        raise ImportsUnavailable(str(error)) from error


def file_import(key: str) -> FileImport | None:
    """One of them; None where there is no such file. Raises ImportsUnavailable."""
    try:
        head = _s3().head_object(Bucket=settings.UPLOADS_BUCKET, Key=key)
        return FileImport(key, head["LastModified"], _report(key))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise ImportsUnavailable(str(error)) from error
    except BotoCoreError as error:
        raise ImportsUnavailable(str(error)) from error


def error_file(found: FileImport) -> Iterator[bytes]:
    """The rows that were not taken, as they were uploaded. Raises ImportsUnavailable."""
    try:
        stored = _s3().get_object(Bucket=settings.REPORTS_BUCKET, Key=found.report["errors_key"])
    except (BotoCoreError, ClientError) as error:
        raise ImportsUnavailable(str(error)) from error
    return stored["Body"].iter_chunks(256 * 1024)


def _uploads_by_day(limit: int) -> Iterator[tuple[datetime, str]]:
    """Time and key of files, the newest first, until there are enough."""
    count = 0
    for ago in range(DAYS_LISTED):
        day = f"{datetime.now(UTC) - timedelta(days=ago):%Y-%m-%d}/"
        pages = _s3().get_paginator("list_objects_v2").paginate(Bucket=settings.UPLOADS_BUCKET, Prefix=day)
        listed = [each for page in pages for each in page.get("Contents", [])]
        files = [(each["LastModified"], each["Key"]) for each in listed if not each["Key"].endswith(".mapping.json")]
        yield from sorted(files, reverse=True)
        count += len(files)
        if count >= limit:
            return


def _report(key: str) -> dict[str, Any]:
    """The report on the newest version of a file; empty where none has begun."""
    listed = _s3().list_objects_v2(Bucket=settings.REPORTS_BUCKET, Prefix=f"reports/{key}/").get("Contents", [])
    reports = [(each["LastModified"], each["Key"]) for each in listed if each["Key"].endswith(".json")]
    if not reports:
        return {}
    stored = _s3().get_object(Bucket=settings.REPORTS_BUCKET, Key=max(reports)[1])
    report: dict[str, Any] = json.loads(stored["Body"].read())
    return report


@cache
def _s3() -> "S3Client":
    return boto3.client("s3", region_name=settings.AWS_REGION, endpoint_url=settings.S3_ENDPOINT, config=_PATIENCE)
