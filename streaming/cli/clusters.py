"""Commands about the job's life on a cluster. Most of them work for the embedded one too."""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from streaming.cli.command import command, json_flag, say, say_aside, show
from streaming.failures import NO_CHECKPOINT, NOT_RUNNING
from streaming.options import Resolved
from streaming.stores import shown, uri_of

SAVEPOINT_SECONDS = 120.0
for_savepoint = click.option(
    "--within", "seconds", type=float, default=SAVEPOINT_SECONDS, show_default=True, metavar="SECONDS",
    help="The time the savepoint may take.",
)  # fmt: skip


@command(
    "  python -m streaming submit --rest-address flink.internal --rest-port 8081\n"
    "  python -m streaming submit --config production.toml --json"
)
@click.option("--resume-from", help="The checkpoint or savepoint to begin with.")
@json_flag
def submit(resolved: Resolved, resume_from: str | None, as_json: bool) -> None:
    """Submit the job to a standalone cluster; refused while it runs. Begins with its plan's newest checkpoint, if any.

    The cluster's processes need Flink's own jars, and a Python with this job's requirements (--python-executable).
    Code and jars are shipped.
    """
    from streaming import submission

    run = submission.submit(
        resolved.options, say_aside if as_json else say, resume_from=uri_of(resume_from) if resume_from else None
    )
    if as_json:
        show({"job_id": run.job_id, "run_id": run.run_id,
              "resumed_from": shown(run.resume_from) if run.resume_from else None}, True)  # fmt: skip


@command("  python -m streaming resume\n  python -m streaming resume --from .local/streaming/checkpoints/…/savepoint-1")
@click.option("--from", "resume_from", help="A checkpoint or savepoint; else the newest of both.")
@json_flag
def resume(resolved: Resolved, resume_from: str | None, as_json: bool) -> None:
    """Submit a stopped or failed job again from a savepoint or its newest checkpoint; exit code 4 without one."""
    from streaming import lifecycle

    place = uri_of(resume_from) if resume_from else None
    job_id = lifecycle.resume(resolved.options, say_aside if as_json else say, resume_from=place)
    if as_json:
        show({"job_id": job_id}, True)


@command("  python -m streaming list\n  python -m streaming list --rest-address flink.internal --json", name="list")
@json_flag
def list_jobs(resolved: Resolved, as_json: bool) -> None:
    """List the runs of the job that the cluster remembers, the newest first."""
    from streaming.flink_rest import FlinkRest

    jobs = FlinkRest(resolved.options.flink_url, resolved.options.job_name).jobs_or_fail()
    if as_json:
        show({"jobs": [asdict(job) for job in jobs]}, True)
        return
    for job in jobs:
        click.echo(f"{job.job_id}  {job.state:9}  since {job.started_at}  version {job.version or 'unknown'}")


@command("  python -m streaming status\n  python -m streaming status --wait-for-checkpoint 90 --json")
@click.option("--wait-for-checkpoint", "wait", type=float, default=0.0, metavar="SECONDS",
              help="Wait so long for all tasks to run and a checkpoint to be complete.")  # fmt: skip
@json_flag
def status(resolved: Resolved, wait: float, as_json: bool) -> None:
    """Say how the job is: state, checkpoints, watermark, lag, newest window, rates, late and dead records.

    Exit code 3 if it is not running, 4 if it has no checkpoint in time.
    """
    from streaming.flink_rest import FlinkRest
    from streaming.progress import newest_window

    flink, end = FlinkRest(resolved.options.flink_url, resolved.options.job_name), time.monotonic() + wait
    found = flink.status()
    while time.monotonic() < end and not (found.running and found.completed_checkpoints):
        time.sleep(0.5)
        found = flink.status()
    show(asdict(found) | {"newest_window": newest_window(resolved.options)}, as_json)
    if not found.running:
        sys.exit(NOT_RUNNING)
    if wait and not found.completed_checkpoints:
        sys.exit(NO_CHECKPOINT)


@command("  python -m streaming savepoint\n  python -m streaming savepoint --within 300 --json")
@for_savepoint
@json_flag
def savepoint(resolved: Resolved, seconds: float, as_json: bool) -> None:
    """Have the running job write a savepoint, and go on."""
    from streaming import lifecycle

    _show_path(shown(lifecycle.savepoint(resolved.options, seconds=seconds)), as_json)


@command("  python -m streaming stop && python -m streaming resume")
@for_savepoint
@json_flag
def stop(resolved: Resolved, seconds: float, as_json: bool) -> None:
    """Have the running job write a savepoint, and end. `ensure` leaves it so; `resume` starts it again."""
    from streaming import lifecycle

    _show_path(shown(lifecycle.stop(resolved.options, seconds=seconds)), as_json)


@command("  python -m streaming ensure --config production.toml   # every minute, by a schedule")
@click.option("--version", help="Submit this release, and not the code at hand.")
@json_flag
def ensure(resolved: Resolved, version: str | None, as_json: bool) -> None:
    """Submit the job from its newest checkpoint, if it has failed or its cluster has lost it.

    Changes nothing while it runs, or where `stop` or a cancellation ended it. Two at once submit it once.
    """
    from streaming import lifecycle

    _show_outcome(lifecycle.ensure(resolved.options, say_aside, version=version), as_json)


@command(
    "  python -m streaming package --version 1.4.0\n  python -m streaming deploy --version 1.4.0 --watermark-within 300"
)
@click.option("--version", required=True, help="The release to deploy, as `package` made it.")
@click.option("--watermark-within", "seconds", type=float, default=180.0, show_default=True, metavar="SECONDS",
              help="How long the new job has until its watermark must have moved.")  # fmt: skip
@json_flag
def deploy(resolved: Resolved, version: str, seconds: float, as_json: bool) -> None:
    """Stop the job with a savepoint, submit another release, and wait until its watermark moves; else go back.

    A release with the same plan goes on from the savepoint; one with another plan starts cold (see `submit`). Exit
    code 5: the new one did not work and the old one runs again, from the savepoint.
    """
    from streaming import lifecycle

    _show_outcome(lifecycle.deploy(resolved.options, say_aside, version=version, seconds=seconds), as_json)


@command("  python -m streaming package --version 1.4.0 --releases-dir /srv/releases")
@click.option("--version", required=True, help="The version that this code is to be known by.")
@json_flag
def package(resolved: Resolved, version: str, as_json: bool) -> None:
    """Make a release of this code and its jars in --releases-dir: one archive, the same to the byte each time."""
    from streaming import releases
    from streaming.preflight import find_jars

    archive = releases.package(version, Path(resolved.options.releases_dir), find_jars(resolved.options))
    _show_path(str(archive), as_json)


def _show_path(path: str, as_json: bool) -> None:
    if as_json:
        show({"path": path}, True)
    else:
        click.echo(path)


def _show_outcome(outcome: str, as_json: bool) -> None:
    values: dict[str, Any] = {"outcome": outcome}
    if as_json:
        show(values, True)
    else:
        click.echo(outcome)


COMMANDS = (submit, resume, list_jobs, status, savepoint, stop, ensure, deploy, package)
