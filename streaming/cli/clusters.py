"""Commands about the job's life on a cluster. Most of them work for the embedded one too."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from streaming.cli.command import command, json_flag, say, say_aside, show
from streaming.failures import NO_CHECKPOINT, NOT_RUNNING
from streaming.options import DATAPROC, Resolved
from streaming.stores import shown, uri_of

SAVEPOINT_SECONDS = 120.0
for_savepoint = click.option(
    "--within", "seconds", type=float, default=SAVEPOINT_SECONDS, show_default=True, metavar="SECONDS",
    help="The time the savepoint may take.",
)  # fmt: skip


@command(
    "  python -m streaming submit --rest-address flink.internal --rest-port 8081\n"
    "  python -m streaming submit --config production.toml --json\n"
    "  python -m streaming submit --target dataproc --version 1.4.0"
)
@click.option("--version", help="Dataproc: the release to submit, as `package` made it.")
@click.option("--environment", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Dataproc: the Python environment, if not the one packaged with the release.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Dataproc: print what would be uploaded and sent, and do neither.")
@click.option("--resume-from", help="The checkpoint or savepoint to begin with.")
@json_flag
def submit(
    resolved: Resolved, version: str | None, environment: Path | None, dry_run: bool, resume_from: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Submit the job to a cluster; refused while it runs. Begins with its plan's newest checkpoint, if any.

    A standalone cluster's processes need Flink's own jars, and a Python with this job's requirements
    (--python-executable); code and jars are shipped. To Dataproc all is shipped, by way of a bucket.
    """
    if resolved.options.target == DATAPROC:
        _submit_to_dataproc(resolved, version, environment, dry_run, resume_from, as_json)
        return
    from streaming import submission

    run = submission.submit(
        resolved.options, say_aside if as_json else say, resume_from=uri_of(resume_from) if resume_from else None
    )
    if as_json:
        show({"job_id": run.job_id, "run_id": run.run_id,
              "resumed_from": shown(run.resume_from) if run.resume_from else None}, True)  # fmt: skip


def _submit_to_dataproc(
    resolved: Resolved, version: str | None, environment: Path | None, dry_run: bool, resume_from: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    from streaming import dataproc, environments

    if not version:
        raise click.UsageError("--target dataproc needs --version")
    archive = environment or environments.path_of(version, Path(resolved.options.releases_dir))
    found = dataproc.prepare(resolved.options, version=version, environment=archive, resume_from=resume_from)
    if dry_run:
        show({"uploads": list(found.uploads), "request": found.request, "shell": found.shell()}, True)
        return
    job_id = dataproc.submit(resolved.options, found, say_aside if as_json else say)
    if as_json:
        show({"job_id": job_id, "run_id": found.run.run_id}, True)


@command("  flink run … -c org.apache.flink.client.python.PythonDriver -pym streaming drive --run-id …")
@click.option("--run-job-id", required=True)
@click.option("--run-id", required=True)
@click.option("--run-plan", required=True)
@click.option("--run-fingerprint", required=True)
@click.option("--run-first-window-ms", type=int, required=True)
@click.option("--run-read-from-ms", type=int)
@click.option("--run-resume-from")
def drive(
    resolved: Resolved, run_job_id: str, run_id: str, run_plan: str, run_fingerprint: str, run_first_window_ms: int,
    run_read_from_ms: int | None, run_resume_from: str | None,
) -> None:  # fmt: skip
    """What Flink's Python driver runs on Dataproc: submits the run that `submit` has decided for. Not for people."""
    from streaming import submission
    from streaming.checkpoints import Run, Start

    run = Run(
        plan=run_plan, fingerprint=run_fingerprint, job_id=run_job_id, run_id=run_id,
        start=Start(run_read_from_ms, run_first_window_ms), resume_from=run_resume_from,
    )  # fmt: skip
    submission.drive(resolved.options, run, say)


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
    from streaming import lifecycle

    jobs = lifecycle.jobs(resolved.options)
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
    from streaming import lifecycle
    from streaming.progress import newest_window

    found = lifecycle.status(resolved.options, seconds=wait)
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
@click.option("--version", help="Submit this release, and not the code at hand; Dataproc needs it.")
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
    code 5: the new one did not work and the old one runs again, from the savepoint. On Dataproc both are to be
    packaged with their environment.
    """
    from streaming import lifecycle

    _show_outcome(lifecycle.deploy(resolved.options, say_aside, version=version, seconds=seconds), as_json)


@command(
    "  python -m streaming package --version 1.4.0 --releases-dir /srv/releases\n"
    "  python -m streaming package --version 1.4.0 --environment"
)
@click.option("--version", help="The version that this code is to be known by.")
@click.option("--environment", is_flag=True, help="Package the Python environment too, for Dataproc.")
@json_flag
def package(resolved: Resolved, version: str | None, environment: bool, as_json: bool) -> None:
    """Make a release of this code and its jars in --releases-dir: one archive, the same to the byte each time.

    The archive of the environment is of this machine's kind, and is named by what it holds; a note says which one a
    release runs in. --environment alone makes it alone.
    """
    from streaming import environments, releases
    from streaming.preflight import find_jars

    if not version and not environment:
        raise click.UsageError("package takes --version, --environment or both")
    directory = Path(resolved.options.releases_dir)
    made = releases.package(version, directory, find_jars(resolved.options)) if version else None
    if environment:
        archive = environments.package_environment(directory)
        if version:
            environments.pair(version, archive)
        made = made or archive
    _show_path(str(made), as_json)


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


COMMANDS = (submit, drive, resume, list_jobs, status, savepoint, stop, ensure, deploy, package)
