"""The one record of an import: claim, progress and report in one object of S3, which only its owner writes.

Each write holds only if nobody wrote in between (`If-None-Match`, `If-Match`). Whoever works on a file has a lease
until the time limit of its run, after which the runtime would have ended it: a second notification, at the same time or
later, finds the lease or the end, and a run that was killed leaves a record of which rows are settled.
"""

import json
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RUNNING, WAITING, FINISHED, FAILED = "running", "waiting", "finished", "failed"
CLOCKS_DIFFER_SECONDS = 2
_CONFLICTS = ("PreconditionFailed", "ConditionalRequestConflict")
ABSENT = ("NoSuchKey", "404")


class Busy(Exception):
    """Another run works on this file, or just took it over."""


@dataclass(slots=True)
class Progress:
    """What is known of one version of a file; counts are of rows that are settled, from the file's beginning on.

    Times are RFC 3339; `lease_until` is in epoch seconds, 0 where nobody works on it. `columns` is ours -> the file's,
    `header` all that the file has. `error_parts` are the first rows of the parts of the error file.
    """

    bucket: str
    key: str
    version: str
    size: int
    started_at: str
    status: str = RUNNING
    reason: str = ""
    rows_read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    duration_seconds: float = 0.0
    rows_per_second: float = 0.0
    runs: int = 0
    bytes_read: int = 0
    updated_at: str = ""
    encoding: str = ""
    delimiter: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    header: list[str] = field(default_factory=list)
    decimal: str = ""
    mapping: dict[str, Any] = field(default_factory=dict)
    errors_key: str = ""
    error_parts: list[int] = field(default_factory=list)
    lease_until: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in (FINISHED, FAILED)


class Ledger:
    """The record of one version of a file."""

    def __init__(self, s3: "S3Client", bucket: str, *, key: str, version: str) -> None:
        self._s3, self.bucket = s3, bucket
        self.name = f"{key}/{version}"
        self._etag: str | None = None

    @property
    def report_key(self) -> str:
        """Where the record is."""
        return f"reports/{self.name}.json"

    def claim(self, new: Progress, *, lease_seconds: float) -> Progress:
        """The record, which is ours from now on unless the import is over. Raises Busy."""
        progress = self._read() or new
        if progress.is_over:
            return progress
        if progress.lease_until + CLOCKS_DIFFER_SECONDS > time.time():
            raise Busy(f"Another run works on {self.name}.")
        progress.status, progress.reason = RUNNING, ""
        progress.lease_until = time.time() + lease_seconds
        progress.runs += 1
        self.save(progress)
        return progress

    def save(self, progress: Progress) -> None:
        """Write the record. Raises Busy where somebody else did since we read it."""
        progress.updated_at = now()
        condition = {"IfMatch": self._etag} if self._etag else {"IfNoneMatch": "*"}
        try:
            stored = self._s3.put_object(
                Bucket=self.bucket,
                Key=self.report_key,
                Body=json.dumps(asdict(progress), indent=1).encode(),
                ContentType="application/json",
                **condition,  # type: ignore[arg-type] # names of parameters
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _CONFLICTS:
                raise Busy(f"Another run took over {self.name}.") from error
            raise
        self._etag = stored["ETag"]

    def _read(self) -> Progress | None:
        try:
            stored = self._s3.get_object(Bucket=self.bucket, Key=self.report_key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return None
            raise
        self._etag = stored["ETag"]
        return Progress(**json.loads(stored["Body"].read()))


def now() -> str:
    """The time, as reports tell it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
