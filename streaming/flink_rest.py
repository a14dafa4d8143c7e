"""Flink's REST API: what it says of the job, and what it is asked to do with it."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from streaming.failures import Failure, NotRunning

TIMEOUT_SECONDS = 5.0
LOOK_SECONDS = 0.2
UNKNOWN_WATERMARK = -(2**63)
UNREACHABLE = "unreachable"
ENDED = ("FAILED", "CANCELED", "FINISHED")
# Status' counters: the operator whose name begins so, and the metrics of it that are summed over all its subtasks.
COUNTERS = {
    "records_read": ("Source__", "numRecordsIn"),
    "records_per_second": ("Source__", "numRecordsInPerSecond"),
    "consumer_lag": ("Source__", "pendingRecords"),
    "late_records_dropped": ("", "numLateRecordsDropped"),
    "late_events": ("late_events", "Writer.numRecordsIn"),
    "dead_letters": ("dead_letters", "Writer.numRecordsIn"),
    "windows_sent": ("product_analytics", "Writer.numRecordsIn"),
    "dynamodb_items": ("PythonCalc", "dynamodb_items"),
    "dynamodb_calls": ("PythonCalc", "dynamodb_calls"),
    "dynamodb_retries": ("PythonCalc", "dynamodb_retries"),
    "dynamodb_milliseconds": ("PythonCalc", "dynamodb_milliseconds"),
}


class RequestFailed(Failure):
    """Flink refused a request, or what it asked for failed; with Flink's reason."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job of a cluster. `version`, `fingerprint` and `run_id` are what it was submitted with."""

    job_id: str
    state: str
    running: bool
    started_at: str
    uptime_seconds: float | None = None
    version: str | None = None
    fingerprint: str | None = None
    run_id: str | None = None

    @property
    def active(self) -> bool:
        """Whether it has not ended, well or badly."""
        return self.state not in ENDED


@dataclass(frozen=True, kw_only=True)
class Status:
    """The job at a glance. `watermark`: all windows that end by then are written. Ages and uptime in seconds.

    Counters are those of the job's present run. `consumer_lag`: records of the topic that it has not read yet.
    """

    running: bool
    state: str
    job_id: str | None = None
    version: str | None = None
    fingerprint: str | None = None
    run_id: str | None = None
    uptime_seconds: float | None = None
    restarts: int | None = None
    completed_checkpoints: int = 0
    failed_checkpoints: int = 0
    newest_checkpoint_age_seconds: float | None = None
    newest_checkpoint_duration_ms: int | None = None
    newest_checkpoint_bytes: int | None = None
    watermark: str | None = None
    watermark_delay_seconds: float | None = None
    records_read: int | None = None
    records_per_second: float | None = None
    consumer_lag: int | None = None
    late_records_dropped: int | None = None
    late_events: int | None = None
    dead_letters: int | None = None
    windows_sent: int | None = None
    dynamodb_items: int | None = None
    dynamodb_calls: int | None = None
    dynamodb_retries: int | None = None
    dynamodb_milliseconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Largest:
    """The size of the largest of a job's completed checkpoints, and the time of the longest; 0 where there was none."""

    largest_checkpoint_bytes: int
    longest_checkpoint_ms: int


class FlinkRest:
    """A client of one cluster and of the jobs with one name on it."""

    def __init__(self, root: str, job_name: str = "ecom-streaming") -> None:
        self.root = root
        self._job_name = job_name

    def status(self) -> Status:
        """The state of the job submitted last; `unreachable` or `absent` where there is none to ask."""
        try:
            jobs = self.jobs()
            return self._status_of(jobs[0]) if jobs else Status(running=False, state="absent")
        except (OSError, ValueError, RequestFailed):
            return Status(running=False, state=UNREACHABLE)

    def jobs(self) -> list[Job]:
        """The jobs of this name that the cluster remembers, the newest first. Raises OSError where none answers."""
        found = [job for job in self._get("/jobs/overview")["jobs"] if job["name"] == self._job_name]
        return [self._job(job) for job in sorted(found, key=lambda job: int(job["start-time"]), reverse=True)]

    def jobs_or_fail(self) -> list[Job]:
        """The same, or NotRunning where no cluster answers."""
        try:
            return self.jobs()
        except (OSError, ValueError) as error:
            raise NotRunning(f"no Flink cluster answers at {self.root}: {error}") from error

    def address(self) -> str:
        """Where the JobManager itself listens, for who asks by a proxy: YARN's passes GET alone.

        By its settings, which on YARN hold its node's name and the port that the submission has fixed. Raises OSError,
        RequestFailed, and LookupError or ValueError where the answer says something else.
        """
        told = {each["key"]: each["value"] for each in self._get("/jobmanager/config")}
        return f"http://{told['rest.address']}:{int(told['rest.bind-port'])}"

    def free_slots(self) -> int:
        """How many task slots no job has taken."""
        return int(self._get("/overview")["slots-available"])

    def records_read(self) -> int:
        """The records that the sources have read; 0 while there is no job. Few requests, for who asks often."""
        try:
            (job,) = self._get("/jobs/overview")["jobs"]
            vertices = [vertex for vertex in self._get(f"/jobs/{job['jid']}")["vertices"] if "Source" in vertex["name"]]
            found = self._counters(f"/jobs/{job['jid']}", vertices, {"records_read": COUNTERS["records_read"]})
            return int(found["records_read"] or 0)
        except (OSError, ValueError, RequestFailed):
            return 0

    def largest_checkpoint(self) -> Largest:
        """What the only job's checkpoints came to. By Flink's summary, as its history forgets the older ones."""
        (job,) = self._get("/jobs/overview")["jobs"]
        summary = self._get(f"/jobs/{job['jid']}/checkpoints")["summary"]
        return Largest(
            largest_checkpoint_bytes=summary["state_size"]["max"],
            longest_checkpoint_ms=summary["end_to_end_duration"]["max"],
        )

    def savepoint(self, job_id: str, directory: str, *, seconds: float) -> str:
        """Have the job write a savepoint below the directory and go on; return its path."""
        answer = self._post(f"/jobs/{job_id}/savepoints", {"target-directory": directory, "cancel-job": False})
        return self._location(job_id, answer["request-id"], seconds)

    def stop(self, job_id: str, directory: str, *, seconds: float) -> str:
        """Have the job write a savepoint below the directory and end; return its path."""
        answer = self._post(f"/jobs/{job_id}/stop", {"targetDirectory": directory, "drain": False})
        location = self._location(job_id, answer["request-id"], seconds)
        self.wait_for_end(job_id, seconds=seconds)
        return location

    def cancel(self, job_id: str, *, seconds: float) -> None:
        """Have the job end without a savepoint, and wait until it has; its newest checkpoints stay."""
        self._request("PATCH", f"/jobs/{job_id}?mode=cancel")
        self.wait_for_end(job_id, seconds=seconds)

    def wait_for_end(self, job_id: str, *, seconds: float) -> None:
        """Wait until the job has ended."""
        end = time.monotonic() + seconds
        while self._get(f"/jobs/{job_id}")["state"] not in ENDED:
            if time.monotonic() > end:
                raise RequestFailed(f"job {job_id} has not ended in {seconds:.0f} s")
            time.sleep(LOOK_SECONDS)

    def _location(self, job_id: str, request_id: str, seconds: float) -> str:
        end = time.monotonic() + seconds
        while (answer := self._get(f"/jobs/{job_id}/savepoints/{request_id}"))["status"]["id"] != "COMPLETED":
            if time.monotonic() > end:
                raise RequestFailed(f"no savepoint of job {job_id} in {seconds:.0f} s")
            time.sleep(LOOK_SECONDS)
        if "location" not in answer["operation"]:
            raise RequestFailed(_reason(answer["operation"]["failure-cause"]["stack-trace"]))
        return str(answer["operation"]["location"])

    def _job(self, found: dict[str, Any]) -> Job:
        tasks = found["tasks"]
        given = self._get(f"/jobs/{found['jid']}/config").get("execution-config", {}).get("user-config", {})
        return Job(
            job_id=found["jid"],
            state=found["state"],
            running=found["state"] == "RUNNING" and tasks["running"] == tasks["total"],
            started_at=_rfc3339(found["start-time"]),
            uptime_seconds=found["duration"] / 1000,
            **{name: given.get(name) for name in ("version", "fingerprint", "run_id")},
        )

    def _status_of(self, job: Job) -> Status:
        path = f"/jobs/{job.job_id}"
        checkpoints = self._get(path + "/checkpoints")
        vertices = self._get(path)["vertices"]
        newest = (checkpoints["latest"] or {}).get("completed") or {}
        watermark = self._watermark(f"{path}/vertices/{vertex['id']}" for vertex in vertices)
        return Status(
            running=job.running,
            state=job.state,
            job_id=job.job_id,
            version=job.version,
            fingerprint=job.fingerprint,
            run_id=job.run_id,
            uptime_seconds=job.uptime_seconds,
            restarts=self._restarts(path),
            completed_checkpoints=checkpoints["counts"]["completed"],
            failed_checkpoints=checkpoints["counts"]["failed"],
            newest_checkpoint_age_seconds=_age(newest["latest_ack_timestamp"]) if newest else None,
            newest_checkpoint_duration_ms=newest.get("end_to_end_duration"),
            newest_checkpoint_bytes=newest.get("state_size"),
            watermark=None if watermark is None else _rfc3339(watermark),
            watermark_delay_seconds=None if watermark is None else _age(watermark),
            **self._counters(path, vertices, COUNTERS),
        )

    def _restarts(self, path: str) -> int | None:
        found = self._get(path + "/metrics?get=numRestarts")
        return int(found[0]["value"]) if found else None

    def _watermark(self, vertices: Iterable[str]) -> int | None:
        values = [int(metric["value"]) for vertex in vertices for metric in self._get(vertex + "/watermarks")]
        return min(values) if values and min(values) != UNKNOWN_WATERMARK else None

    def _counters(
        self, path: str, vertices: Iterable[dict[str, Any]], wanted: dict[str, tuple[str, str]]
    ) -> dict[str, Any]:
        """Each wanted counter summed over the job's operators and subtasks; None where no operator has it."""
        sums: dict[str, Any] = dict.fromkeys(wanted)
        for vertex in vertices:
            metrics = f"{path}/vertices/{vertex['id']}/subtasks/metrics"
            names = {entry["id"]: _counter_of(entry["id"], wanted) for entry in self._get(metrics)}
            asked = ",".join(urllib.parse.quote(name) for name, counter in names.items() if counter)
            for entry in self._get(f"{metrics}?get={asked}&agg=sum") if asked else ():
                counter = names[entry["id"]]
                sums[counter] = round((sums[counter] or 0) + entry["sum"], 1)
        return {name: value if value is None or "_per_" in name else int(value) for name, value in sums.items()}

    def _get(self, path: str) -> Any:
        return self._request("GET", path)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._request("POST", path, json.dumps(body).encode())

    def _request(self, method: str, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the scheme is ours
            self.root + path, body, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            raise RequestFailed(f"{method} {path}: {error.code} {_reason(text)}") from error


def _counter_of(metric: str, wanted: dict[str, tuple[str, str]]) -> str | None:
    for counter, (operator, name) in wanted.items():
        if metric.startswith(operator) and metric.endswith(("." + name, "__" + name)):
            return counter
    return None


def _reason(text: str) -> str:
    """The innermost cause of one of Flink's stack traces; else the text's first line."""
    lines = [line for line in text.replace("\\n", "\n").splitlines() if line.strip()] or ["no reason given"]
    return [lines[0], *(line for line in lines if line.startswith("Caused by: "))][-1][:1000]


def _age(milliseconds: int) -> float:
    return round(time.time() - milliseconds / 1000, 1)


def _rfc3339(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
