"""Handing the job to a cluster: the statements, what its processes need, and an id that a cluster takes once."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyflink.table import StatementSet
from pyflink.util.exceptions import JavaException

from streaming import job, preflight
from streaming.checkpoints import Plan, Run
from streaming.cluster import Cluster
from streaming.failures import AlreadyThere, Failure
from streaming.flink_rest import FlinkRest, Job
from streaming.flink_settings import job_settings, remote_settings, run_settings
from streaming.options import Options
from streaming.releases import version, write_code
from streaming.stores import shown

Say = Callable[[str], None]
CLIENT_HEAP_MB = 512
TAKEN = "DuplicateJobSubmissionException"


class JobRefused(Failure):
    """Flink did not take the job; with its reason."""


def submit(options: Options, say: Say, *, resume_from: str | None = None) -> Run:
    """Submit the job to the standalone cluster of the options and return its run.

    Raises AlreadyThere where one runs or another submission was first, NotReady and JobRefused.
    """
    jars, partitions = preflight.find_jars(options), preflight.check(options)
    run = _decide(options, resume_from)
    with tempfile.TemporaryDirectory() as directory:
        code = write_code(Path(directory) / "streaming.zip")
        client = Cluster(Path(options.state_dir).resolve() / "client", CLIENT_HEAP_MB, short_lived=True)
        client.start()
        try:
            settings = remote_settings(options, jars=[*jars, preflight.find_python_jar()], code=code)
            execute(options, run, settings, partitions, say)
        finally:
            client.stop()
    Plan(options, run.fingerprint).forget_other_runs(run)
    say(f"run {run.run_id} is job {run.job_id} at {options.flink_url}")
    return run


def drive(options: Options, run: Run, say: Say) -> None:
    """Submit from within Flink's own Python driver, to the cluster that the driver was started for."""
    found = job.fingerprint(options)
    if found != run.fingerprint:
        raise JobRefused(f"here the plan is {found}, not {run.fingerprint}: is this Flink another version?")
    execute(options, run, {}, preflight.check(options), say)


def wait(statements: StatementSet) -> None:
    """Run a bounded job to its end."""
    try:
        statements.execute().wait()
    except (JavaException, Py4JJavaError) as error:
        raise JobRefused(f"the job failed: {_cause(error)}") from error


def execute(options: Options, run: Run, settings: Mapping[str, str], partitions: int, say: Say) -> Any:
    """Build the statements and hand them to the cluster that the settings name; return Flink's client of the job."""
    say(f"resuming from {shown(run.resume_from)}" if run.resume_from else f"starting without a checkpoint: {run.start}")
    environment = job.table_environment({**job_settings(options), **settings, **run_settings(run, version=version())})
    try:
        statements = job.build(environment, options, start=run.start, partitions=partitions, run_id=run.run_id)
        return statements.execute().get_job_client()
    except (JavaException, Py4JJavaError) as error:
        if TAKEN in str(error):
            raise AlreadyThere(f"job {run.job_id} was submitted by someone else") from error
        raise JobRefused(f"the job did not start: {_cause(error)}") from error


def _decide(options: Options, resume_from: str | None) -> Run:
    """Decide where to begin, while no job of this name runs.

    Whoever decides at the same time decides for the same run: the checkpoint is looked up again after the jobs, and
    one that a job wrote meanwhile starts the decision anew.
    """
    plan, flink = Plan(options, job.fingerprint(options)), FlinkRest(options.flink_url, options.job_name)
    while True:
        before = plan.newest()
        jobs = flink.jobs_or_fail()
        if active := [found for found in jobs if found.active]:
            raise AlreadyThere(_describe(active[0]))
        if plan.newest() == before:
            ended = " ".join(sorted(found.job_id for found in jobs))
            return plan.begin(attempt=ended, resume_from=resume_from or before)


def _describe(found: Job) -> str:
    return f"job {found.job_id} (version {found.version}) is {found.state} already"


def _cause(error: Exception) -> str:
    lines = str(error).splitlines()
    return [lines[0], *(line for line in lines if line.startswith("Caused by: "))][-1]
