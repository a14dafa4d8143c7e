"""Submission to Dataproc: what is put into the bucket, and the request to its Jobs API.

The request is that of https://cloud.google.com/dataproc/docs/reference/rest/v1/projects.regions.jobs/submit with a
FlinkJob; see docs/adr/0014 for why, and for the shell command that does the same without the Jobs API.
"""

import shlex
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streaming import job, preflight, releases
from streaming.checkpoints import Plan, Run
from streaming.cloud_storage import CloudStorage
from streaming.dataproc_jobs import NEEDED, DataprocJobs, label
from streaming.environments import EXECUTABLE
from streaming.failures import AlreadyThere
from streaming.options import Options

Say = Callable[[str], None]
DRIVER = "org.apache.flink.client.python.PythonDriver"
UNPACKED = "environment"  # the folder into which Flink unpacks the Python environment
REST_PORT = "8081"  # that of Flink's REST API on whichever node it is: the one that firewalls let through
# What belongs to the machine that submits and not to the one that runs.
HERE = ("target", "state_dir", "releases_dir", "jars_dir", "rest_address", "rest_port", "python_executable", *NEEDED)


@dataclass(frozen=True)
class Submission:
    """What is to be uploaded (address and file's content, read when it is needed), and the request to send then."""

    uploads: dict[str, Callable[[], bytes]]
    request: dict[str, Any]
    run: Run

    def shell(self) -> str:
        """The same by Flink's own client in YARN's application mode, for a shell on the cluster's master."""
        flink = self.request["job"]["flinkJob"]
        settings = [f"-D{name}={value}" for name, value in flink["properties"].items()]
        jars = f"-Dyarn.ship-files={';'.join(flink['jarFileUris'])}"
        return shlex.join(["flink", "run", "-t", "yarn-application", *settings, jars, *flink["args"]])


def prepare(options: Options, *, version: str, environment: Path, resume_from: str | None = None) -> Submission:
    """Decide where the run begins and build its request. Raises AlreadyThere while a job of the name is active."""
    archive = releases.path_of(version, Path(options.releases_dir))
    if not archive.exists():
        raise releases.NoRelease(f"{archive} does not exist: `package --version {version}` makes it")
    run = _decide(options, resume_from)
    places = _places(options, version, archive, environment)
    return Submission(places, _request(options, run, version, list(places)), run)


def submit(options: Options, submission: Submission, say: Say) -> str:
    """Upload what the bucket has not yet and send the request; return Dataproc's id of the job."""
    for address, content in submission.uploads.items():
        place = urlsplit(address)
        storage, name = CloudStorage(place.netloc), place.path.lstrip("/")
        if name not in storage.list(name):
            storage.create(name, content())
            say(f"uploaded {address}")
    job_id = DataprocJobs(options).submit(submission.request)
    say(f"run {submission.run.run_id} is Dataproc's job {job_id} on {options.dataproc_cluster}")
    return job_id


def _decide(options: Options, resume_from: str | None) -> Run:
    """Decide where to begin while no job of this name is active, as a submission to any cluster does."""
    dataproc, plan = DataprocJobs(options), Plan(options, job.fingerprint(options))
    while True:
        before = plan.newest()
        jobs = dataproc.jobs()
        if active := [found for found in jobs if found.active]:
            raise AlreadyThere(f"Dataproc's job {dataproc.name_of(active[0].job_id)} is active")
        if plan.newest() == before:
            ended = " ".join(sorted(found.job_id for found in jobs))
            return plan.begin(attempt=ended, resume_from=resume_from or before)


def _places(options: Options, version: str, archive: Path, environment: Path) -> dict[str, Callable[[], bytes]]:
    """Environment, code and jars, in this order: their addresses in the bucket, and what reads them here."""
    staging = options.dataproc_staging.rstrip("/")
    folder, python_jar = f"{staging}/releases/{version}", preflight.find_python_jar()

    def packed(name: str) -> Callable[[], bytes]:
        return lambda: zipfile.ZipFile(archive).read(name)

    jars = [name for name in releases.label_of(archive)["files"] if name.startswith("jars/")]
    return {
        f"{staging}/environments/{environment.name}": environment.read_bytes,
        f"{folder}/{archive.name}": archive.read_bytes,
        f"{folder}/{python_jar.name}": python_jar.read_bytes,
        **{f"{folder}/{name.removeprefix('jars/')}": packed(name) for name in jars},
    }


def _request(options: Options, run: Run, version: str, places: list[str]) -> dict[str, Any]:
    environment, code, *jars = places
    python = f"{UNPACKED}/{EXECUTABLE}"
    flink = {
        "mainClass": DRIVER,
        "jarFileUris": jars,
        "args": ["-pym", "streaming", "drive", *_told(options, run)],
        "properties": {
            "python.files": code,
            "python.archives": f"{environment}#{UNPACKED}",
            "python.executable": python,
            "python.client.executable": python,
            "rest.bind-port": REST_PORT,
            "metrics.reporter.prom.factory.class": "org.apache.flink.metrics.prometheus.PrometheusReporterFactory",
            "metrics.reporter.prom.port": "9250-9260",
        },
    }
    return {
        # Of two requests with one id Dataproc answers the second with the job of the first.
        "requestId": run.job_id,
        "job": {
            "reference": {"projectId": options.dataproc_project, "jobId": DataprocJobs(options).name_of(run.job_id)},
            "placement": {"clusterName": options.dataproc_cluster},
            "labels": {"job": label(options.job_name), "version": label(version), "plan": run.fingerprint},
            "flinkJob": flink,
        },
    }


def _told(options: Options, run: Run) -> list[str]:
    """The run and the options as flags of `drive`."""
    told = {"run-job-id": run.job_id, "run-id": run.run_id, "run-plan": run.plan, "run-fingerprint": run.fingerprint,
            "run-first-window-ms": run.start.first_window_ms, "run-read-from-ms": run.start.read_from_ms,
            "run-resume-from": run.resume_from}  # fmt: skip
    told |= {name.replace("_", "-"): value for name, value in options.changed().items() if name not in HERE}
    return [_flag(name, value) for name, value in told.items() if value is not None]


def _flag(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    return f"--{name}={value}"
