"""What Flink's REST API says of the running job."""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TIMEOUT_SECONDS = 5.0
UNKNOWN_WATERMARK = -(2**63)


@dataclass(frozen=True, kw_only=True)
class Status:
    """The job at a glance. `watermark`: all windows that end by then are written. Ages and uptime in seconds."""

    running: bool
    state: str
    job_id: str | None = None
    uptime_seconds: float | None = None
    restarts: int | None = None
    completed_checkpoints: int = 0
    failed_checkpoints: int = 0
    newest_checkpoint_age_seconds: float | None = None
    watermark: str | None = None
    records_read: int | None = None
    late_records_dropped: int | None = None


class FlinkRest:
    """A client of one cluster with one job."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"

    def status(self) -> Status:
        """The job's state; `unreachable` or `absent` where there is none to ask."""
        try:
            jobs = self._get("/jobs/overview")["jobs"]
            return self._status_of(max(jobs, key=lambda job: job["start-time"])) if jobs else _absent()
        except (OSError, ValueError):
            return Status(running=False, state="unreachable")

    def records_read(self) -> int:
        """The records that the sources have read; 0 while there is no job. Few requests, for who asks often."""
        try:
            (job,) = self._get("/jobs/overview")["jobs"]
            vertices = self._get(f"/jobs/{job['jid']}")["vertices"]
            sources = [
                f"/jobs/{job['jid']}/vertices/{vertex['id']}" for vertex in vertices if "Source" in vertex["name"]
            ]
            return self._sum(sources, "numRecordsIn", operator="Source__") or 0
        except (OSError, ValueError):
            return 0

    def _status_of(self, job: dict[str, Any]) -> Status:
        path = f"/jobs/{job['jid']}"
        checkpoints = self._get(path + "/checkpoints")
        vertices = [f"{path}/vertices/{vertex['id']}" for vertex in self._get(path)["vertices"]]
        newest = (checkpoints["latest"] or {}).get("completed")
        return Status(
            running=job["state"] == "RUNNING" and job["tasks"]["running"] == job["tasks"]["total"],
            state=job["state"],
            job_id=job["jid"],
            uptime_seconds=job["duration"] / 1000,
            restarts=self._restarts(path),
            completed_checkpoints=checkpoints["counts"]["completed"],
            failed_checkpoints=checkpoints["counts"]["failed"],
            newest_checkpoint_age_seconds=round(time.time() - newest["latest_ack_timestamp"] / 1000, 1)
            if newest
            else None,
            watermark=self._watermark(vertices),
            records_read=self._sum(vertices, "numRecordsIn", operator="Source__"),
            late_records_dropped=self._sum(vertices, "numLateRecordsDropped"),
        )

    def _restarts(self, path: str) -> int | None:
        found = self._get(path + "/metrics?get=numRestarts")
        return int(found[0]["value"]) if found else None

    def _watermark(self, vertices: Iterable[str]) -> str | None:
        values = [int(metric["value"]) for vertex in vertices for metric in self._get(vertex + "/watermarks")]
        if not values or min(values) == UNKNOWN_WATERMARK:
            return None
        return datetime.fromtimestamp(min(values) / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _sum(self, vertices: Iterable[str], metric: str, operator: str = "") -> int | None:
        found = [value for vertex in vertices for value in self._values(vertex, metric, operator)]
        return sum(found) if found else None

    def _values(self, vertex: str, metric: str, operator: str) -> Iterator[int]:
        metrics = vertex + "/subtasks/metrics"
        names = [entry["id"] for entry in self._get(metrics)]
        wanted = [name for name in names if name.endswith("." + metric) and name.startswith(operator)]
        for name in wanted:
            for entry in self._get(f"{metrics}?get={urllib.parse.quote(name)}&agg=sum"):
                yield int(entry["sum"])

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self._root + path, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - loopback
            return json.load(answer)


def _absent() -> Status:
    return Status(running=False, state="absent")
