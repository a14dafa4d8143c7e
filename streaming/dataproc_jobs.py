"""The job as Dataproc's Jobs API knows it: its runs, the way to a run's REST API, its end.

https://cloud.google.com/dataproc/docs/reference/rest/v1/projects.regions.jobs: `submit`, `list`, `get` and `cancel`.
Each run is a cluster of its own on YARN, which is gone when the run has ended: Dataproc alone remembers how.
"""

import json
import re
import time
from datetime import datetime
from typing import Any
from urllib.parse import quote

from streaming.failures import WRONG_OPTION, Failure, NotRunning
from streaming.flink_rest import FlinkRest, Job, RequestFailed, Status
from streaming.google_api import call, endpoint, pages
from streaming.options import Options
from streaming.releases import version_in

NEEDED = ("dataproc_project", "dataproc_region", "dataproc_cluster", "dataproc_staging")
# Dataproc's names of how a job has ended, as Flink's; those of the other states are left as they are.
ENDS = {"DONE": "FINISHED", "CANCELLED": "CANCELED", "ERROR": "FAILED", "ATTEMPT_FAILURE": "FAILED"}
LOOK_SECONDS = 1.0


class Incomplete(Failure):
    """An option that Dataproc needs is missing or wrong."""

    exit_code = WRONG_OPTION


class DataprocJobs:
    """The runs of the job on the cluster that the options name. Raises Incomplete where one is missing or wrong."""

    def __init__(self, options: Options) -> None:
        missing = [f"{name}: Dataproc needs it" for name in NEEDED if not getattr(options, name)]
        if missing:
            raise Incomplete("\n".join(missing))
        if not options.dataproc_staging.startswith("gs://"):
            raise Incomplete(f"dataproc_staging: {options.dataproc_staging} is not a gs:// address")
        self._options = options
        project, region = quote(options.dataproc_project), quote(options.dataproc_region)
        self._root = f"{endpoint('dataproc')}/v1/projects/{project}/regions/{region}/jobs"

    def name_of(self, job_id: str) -> str:
        """Dataproc's id of the run that Flink knows by the id given."""
        return f"{self._options.job_name}-{job_id}"

    def submit(self, request: dict[str, Any]) -> str:
        """Send the request; return Dataproc's id of the job."""
        answer = call("POST", f"{self._root}:submit", json.dumps(request).encode())
        return str(json.loads(answer)["reference"]["jobId"])

    def jobs(self) -> list[Job]:
        """The runs that Dataproc remembers, the newest first."""
        name = label(self._options.job_name)
        query = {"clusterName": self._options.dataproc_cluster, "filter": f"labels.job = {name}"}
        found = (each for page in pages(self._root, query) for each in page.get("jobs", ()))
        mine = [self._job(each) for each in found if each.get("labels", {}).get("job") == name]
        return sorted(mine, key=lambda job: datetime.fromisoformat(job.started_at), reverse=True)

    def flink(self, *, seconds: float) -> FlinkRest:
        """The REST API of the active run's JobManager; it has so long to come up.

        YARN's page of it is a proxy, which passes GET alone. Raises NotRunning.
        """
        active = next((job for job in self.jobs() if job.active), None)
        if active is None:
            raise NotRunning(f"no job {self._options.job_name} is active on {self._options.dataproc_cluster}")
        return self._flink_of(active, seconds=seconds)

    def status(self) -> Status:
        """The state of the newest run: by its REST API, else what Dataproc says of it."""
        newest = next(iter(self.jobs()), None)
        if newest is None:
            return Status(running=False, state="absent")
        try:
            return self._flink_of(newest, seconds=0).status()
        except NotRunning:
            return Status(
                running=False, state=newest.state, job_id=newest.job_id, version=newest.version,
                fingerprint=newest.fingerprint,
            )  # fmt: skip

    def cancel(self, job: Job, *, seconds: float) -> None:
        """Have Dataproc end the run, and wait until it has; its newest checkpoints stay."""
        call("POST", f"{self._root}/{quote(self.name_of(job.job_id))}:cancel", b"{}")
        self.wait_for_end(job, seconds=seconds)

    def wait_for_end(self, job: Job, *, seconds: float) -> None:
        """Wait until the run has ended for Dataproc too; until then no other is submitted, nor is its port free."""
        end = time.monotonic() + seconds
        while self._job(found := self._get(job)).active:
            if time.monotonic() >= end:
                raise RequestFailed(f"{self._named(job)} has not ended in {seconds:.0f} s: {_how(found)}")
            time.sleep(LOOK_SECONDS)

    def _flink_of(self, job: Job, *, seconds: float) -> FlinkRest:
        end = time.monotonic() + seconds
        while True:
            found = self._get(job)
            if not self._job(found).active:
                raise NotRunning(f"{self._named(job)} ended: {_how(found)}")
            try:
                return FlinkRest(FlinkRest(_tracking_url(found)).address(), self._options.job_name)
            except (OSError, LookupError, ValueError, RequestFailed) as error:
                if time.monotonic() >= end:
                    told = f"{self._named(job)} ({_how(found)}) has no REST API after {seconds:.0f} s: {error}"
                    raise NotRunning(told) from error
            time.sleep(LOOK_SECONDS)

    def _get(self, job: Job) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(call("GET", f"{self._root}/{quote(self.name_of(job.job_id))}"))
        return found

    def _named(self, job: Job) -> str:
        return f"Dataproc's job {self.name_of(job.job_id)}"

    def _job(self, found: dict[str, Any]) -> Job:
        state, labels = found["status"]["state"], found["labels"]
        statuses = (*found.get("statusHistory", ()), found["status"])
        code = found["flinkJob"]["properties"]["python.files"].rpartition("/")[2]
        return Job(
            job_id=found["reference"]["jobId"].removeprefix(f"{self._options.job_name}-"),
            state=ENDS.get(state, state),
            running=state == "RUNNING",
            started_at=min((each["stateStartTime"] for each in statuses), key=datetime.fromisoformat),
            version=version_in(code),  # the label has no dots
            fingerprint=labels["plan"],
        )


def label(text: str) -> str:
    """A text as a label's value: lower-case letters, digits, dashes and underscores, at most 63."""
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:63]


def _tracking_url(found: dict[str, Any]) -> str:
    """YARN's page of the application that runs."""
    for each in found.get("yarnApplications", ()):
        if each.get("state") == "RUNNING" and each.get("trackingUrl"):
            return str(each["trackingUrl"]).rstrip("/")
    raise LookupError("YARN runs no application of it")


def _how(found: dict[str, Any]) -> str:
    """A job's state, with the reason that Dataproc gives for it."""
    return ": ".join(filter(None, (found["status"]["state"], found["status"].get("details"))))
