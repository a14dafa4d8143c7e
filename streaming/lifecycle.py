"""A job's life on a cluster: savepoint, stop, resume, ensure, deploy.

The cluster itself is the one record of what runs: a job that `stop` or a cancellation ended is left alone by `ensure`,
one that failed, or that a restarted cluster has forgotten, is not.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from streaming import environments, releases
from streaming.checkpoints import Plan
from streaming.failures import (
    ALREADY_RUNNING,
    WRONG_OPTION,
    AlreadyThere,
    Failure,
    NoCheckpoint,
    NotReady,
    NotRunning,
    WentBack,
)
from streaming.flink_rest import UNREACHABLE, Job, Status
from streaming.options import DATAPROC, PREFIX, Options, as_environment
from streaming.stores import shown, uri_of
from streaming.targets import cluster_of

Say = Callable[[str], None]
LOOK_SECONDS = 0.5
STOP_SECONDS = 60.0
REST_SECONDS = 60.0  # until a run that is active has a REST API
ENDED_ON_PURPOSE = ("FINISHED", "CANCELED")


class NeedsRelease(Failure):
    """To Dataproc only releases are submitted, not the code at hand."""

    exit_code = WRONG_OPTION


def jobs(options: Options) -> list[Job]:
    """The runs of the job that the cluster remembers, the newest first. Raises NotRunning where none answers."""
    return cluster_of(options).jobs()


def status(options: Options, *, seconds: float = 0.0) -> Status:
    """How the job is; it has so long for all its tasks to run and a checkpoint to be complete."""
    cluster, end = cluster_of(options), time.monotonic() + seconds
    found = cluster.status()
    while time.monotonic() < end and not (found.running and found.completed_checkpoints):
        time.sleep(LOOK_SECONDS)
        found = cluster.status()
    return found


def savepoint(options: Options, *, seconds: float) -> str:
    """Have the job write a savepoint and go on; return its URI."""
    job = running(options)
    directory = _plan(options, job).savepoints(job.job_id)
    flink = cluster_of(options).flink(seconds=REST_SECONDS)
    return uri_of(flink.savepoint(job.job_id, directory, seconds=seconds))


def stop(options: Options, *, seconds: float) -> str:
    """Have the job write a savepoint and end; return its URI."""
    job, cluster = running(options), cluster_of(options)
    plan = _plan(options, job)
    directory = plan.savepoints(job.job_id)
    flink = cluster.flink(seconds=REST_SECONDS)
    try:
        found = uri_of(flink.stop(job.job_id, directory, seconds=seconds))
    except OSError as error:  # a cluster of the job's own ends with it, and may not have answered
        found = plan.newest() or ""
        if not found.startswith(f"{directory}/"):
            raise NotRunning(f"the cluster ended, and there is no savepoint in {shown(directory)}: {error}") from error
    cluster.wait_for_end(job, seconds=seconds)
    return found


def resume(options: Options, say: Say, *, resume_from: str | None) -> str:
    """Submit the job from the checkpoint given or its plan's newest one; return the job's id."""
    from streaming.job import fingerprint
    from streaming.submission import submit

    if options.target == DATAPROC:
        raise NeedsRelease("on Dataproc `submit --version …` begins with the newest checkpoint or --resume-from")
    plan = Plan(options, fingerprint(options))
    found = resume_from or plan.newest()
    if found is None:
        raise NoCheckpoint(f"no checkpoint in {shown(plan.uri)}: `submit` starts without one")
    return submit(options, say, resume_from=found).job_id


def ensure(options: Options, say: Say, *, version: str | None) -> str:
    """Submit the job, from its newest checkpoint, if it is not running; return `running`, `submitted` or `stopped`."""
    if options.target == DATAPROC and not version:
        raise NeedsRelease("ensure on Dataproc needs --version")
    found = jobs(options)
    if any(job.active for job in found):
        return "running"
    if found and found[0].state in ENDED_ON_PURPOSE:
        return "stopped"
    return "submitted" if _submit_unless_there(options, say, version) else "running"


def deploy(options: Options, say: Say, *, version: str, seconds: float) -> str:
    """Put a release in the place of what runs; return `running` if it ran already, else `deployed`.

    Stops the old job with a savepoint, submits the new one, and waits until its watermark moves. Where it does not in
    `seconds`, goes back to the old release from the savepoint and raises WentBack.
    """
    old = next((job for job in jobs(options) if job.active), None)
    if old and old.version == version:
        return "running"
    _require_releases(options, version, old)
    told, stopped_at = (_options_of(options, old), _stop_or_cancel(options, old, say)) if old else ({}, None)
    try:
        _run_release(options, version, asdict(options), say)
        _wait_until_the_watermark_moves(options, seconds)
    except Failure as failure:
        _cancel_if_active(options)
        if old is None:
            raise
        say(f"version {version} does not work: {failure}")
        _go_back(options, old, told, stopped_at, say)
        _wait_until_the_watermark_moves(options, seconds)
        raise WentBack(f"version {version} does not work, {old.version} runs again: {failure}") from failure
    return "deployed"


def running(options: Options) -> Job:
    """The job that runs, or NotRunning."""
    for job in jobs(options):
        if job.active:
            return job
    place = options.dataproc_cluster if options.target == DATAPROC else options.flink_url
    raise NotRunning(f"no job {options.job_name} runs at {place}")


def _plan(options: Options, job: Job) -> Plan:
    """What is kept of the running job's plan."""
    if job.fingerprint is None:
        raise NotReady(f"job {job.job_id} was not submitted by this command: it does not say its plan's fingerprint")
    return Plan(options, job.fingerprint)


def _submit_unless_there(options: Options, say: Say, version: str | None) -> bool:
    """Submit this code or a release; False where another submission was first."""
    from streaming.submission import submit

    try:
        if version:
            _run_release(options, version, asdict(options), say)
        else:
            submit(options, say)
    except AlreadyThere as there:
        say(str(there))
        return False
    return True


def _require_releases(options: Options, version: str, old: Job | None) -> None:
    """Before anything is stopped: the new release is whole, and there is one to go back to."""
    for needed in filter(None, (version, old.version if old else None)):
        with releases.unpacked(needed, Path(options.releases_dir)):
            if options.target == DATAPROC:
                environments.path_of(needed, Path(options.releases_dir))


def _options_of(options: Options, job: Job) -> dict[str, Any]:
    """What the running job was told, so that going back means the same job."""
    return _plan(options, job).options_of(job.job_id)


def _stop_or_cancel(options: Options, old: Job, say: Say) -> str | None:
    """Stop with a savepoint; a job that is too broken for one is cancelled, and has its newest checkpoint."""
    end = time.monotonic() + STOP_SECONDS
    while True:
        try:
            found = stop(options, seconds=STOP_SECONDS)
        except Failure as failure:
            if time.monotonic() < end:  # its tasks may be about to start
                time.sleep(LOOK_SECONDS)
                continue
            say(f"no savepoint of job {old.job_id} (version {old.version}), so it is cancelled: {failure}")
            _cancel_if_active(options)
            return _plan(options, old).newest()
        say(f"stopped job {old.job_id} (version {old.version}) with {shown(found)}")
        return found


def _cancel_if_active(options: Options) -> None:
    cluster = cluster_of(options)
    for job in cluster.jobs():
        if job.active:
            cluster.cancel(job, seconds=STOP_SECONDS)


def _go_back(options: Options, old: Job, told: Mapping[str, Any], checkpoint: str | None, say: Say) -> None:
    """Run the old release again, with the options it had."""
    arguments = ["--resume-from", checkpoint] if checkpoint else []
    _run_release(options, str(old.version), {**asdict(options), **told}, say, *arguments)


def _run_release(options: Options, version: str, told: Mapping[str, Any], say: Say, *arguments: str) -> None:
    """Have a release's own code submit it."""
    if options.target == DATAPROC:
        arguments = ("--version", version, *arguments)
    with releases.unpacked(version, Path(options.releases_dir)) as directory:
        places = {
            "state_dir": str(Path(options.state_dir).resolve()), "checkpoints_dir": options.checkpoints,
            "releases_dir": str(Path(options.releases_dir).resolve()), "jars_dir": str(directory / "jars"),
        }  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        with subprocess.Popen(
            [sys.executable, "-m", "streaming", "submit", *arguments], cwd=directory, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=kept | as_environment({**told, **places}) | {"PYTHONPATH": str(directory), "PYTHONUNBUFFERED": "1"},
        ) as process:  # fmt: skip
            line = "it said nothing"
            for line in map(str.rstrip, process.stdout or ()):
                say(f"[{version}] {line}")
    if process.returncode:
        raise (AlreadyThere if process.returncode == ALREADY_RUNNING else Failure)(line.removeprefix("error: "))


def _wait_until_the_watermark_moves(options: Options, seconds: float) -> None:
    """Wait until all tasks run, a checkpoint is complete and the watermark has been seen to go on."""
    cluster, end, first = cluster_of(options), time.monotonic() + seconds, None
    flink = cluster.flink(seconds=seconds)
    seen = flink.status()
    while time.monotonic() < end:
        if seen.running and seen.completed_checkpoints and seen.watermark:
            first = first or seen.watermark
            if seen.watermark > first:
                return
        if seen.state == UNREACHABLE:  # a cluster of the job's own may have moved to another node, or ended
            flink = cluster.flink(seconds=end - time.monotonic())
        time.sleep(LOOK_SECONDS)
        seen = flink.status()
    raise Failure(f"its watermark did not move in {seconds:.0f} s: {seen.state}, {seen.restarts} restarts")
