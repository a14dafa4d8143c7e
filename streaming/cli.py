"""The commands. Exit codes: 0 done; 1 failed; 2 wrong usage or option; 3 not running; 4 no checkpoint in time."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from streaming.options import InvalidOptions, Resolved, help_of, resolve

FAILED, WRONG_OPTION, NOT_RUNNING, NO_CHECKPOINT = 1, 2, 3, 4
EXAMPLES = """\b
Examples:
  python -m streaming run
  python -m streaming run --bootstrap-servers 127.0.0.1:19092 --dynamodb-endpoint http://127.0.0.1:18000
  python -m streaming status --wait-for-checkpoint 90 --json
  STREAMING_LATENESS_SECONDS=30 python -m streaming config
  python -m streaming explain

Each option is taken from its flag, else from the environment (STREAMING_ and its name in capitals), else from the TOML
file of --config or STREAMING_CONFIG. AWS credentials and region come from the environment as usual.

Exit codes: 0 done; 1 failed; 2 wrong usage or option; 3 not running; 4 no checkpoint in time.
"""


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command a flag for each option and, as its first argument, the options resolved."""

    def resolved(config: Path | None, **values: Any) -> None:
        flags = {name: values.pop(name) for name, _, _ in help_of()}
        try:
            command(resolve(flags, file=config), **values)
        except InvalidOptions as error:
            _fail(str(error), WRONG_OPTION)

    resolved.__name__, resolved.__doc__ = command.__name__, command.__doc__
    resolved.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for name, kind, text in reversed(list(help_of())):
        flag = "--" + name.replace("_", "-")
        flags = f"{flag}/--no-{flag[2:]}" if kind is bool else flag
        resolved = click.option(flags, type=kind, default=None, help=text)(resolved)
    config_type = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option("--config", type=config_type, help="TOML file with options.")(resolved)


@click.group(epilog=EXAMPLES, context_settings={"max_content_width": 120})
def main() -> None:
    """Exact per-minute shopper counts from Kafka, by Flink, into DynamoDB and Kafka."""


@main.command()
@with_options
def run(resolved: Resolved) -> None:
    """Run the job on an embedded cluster until SIGTERM or Ctrl-C; resumes from the newest checkpoint."""
    from streaming import runner
    from streaming.cluster import ClusterFailed
    from streaming.not_ready import NotReady

    try:
        runner.run(resolved.options, _say)
    except (NotReady, ClusterFailed, runner.JobFailed, runner.AlreadyRunning) as error:
        _fail(str(error), FAILED)


@main.command()
@click.option("--wait-for-checkpoint", "wait", type=float, default=0.0, metavar="SECONDS",
              help="Wait so long for all tasks to run and a checkpoint to be complete.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_options
def status(resolved: Resolved, wait: float, as_json: bool) -> None:
    """Say how the job is: state, checkpoints, watermark, records read, late records dropped."""
    from streaming.flink_rest import FlinkRest

    flink, end = FlinkRest(resolved.options.rest_port), time.monotonic() + wait
    found = flink.status()
    while time.monotonic() < end and not (found.running and found.completed_checkpoints):
        time.sleep(0.5)
        found = flink.status()
    _show(asdict(found), as_json)
    if not found.running:
        sys.exit(NOT_RUNNING)
    if wait and not found.completed_checkpoints:
        sys.exit(NO_CHECKPOINT)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_options
def config(resolved: Resolved, as_json: bool) -> None:
    """Show each option's value and where it came from."""
    values = asdict(resolved.options)
    if as_json:
        _show({name: {"value": value, "from": resolved.origins[name]} for name, value in values.items()}, True)
        return
    for name, value in values.items():
        click.echo(f"{name} = {json.dumps(value)}  ({resolved.origins[name]})")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_options
def explain(resolved: Resolved, as_json: bool) -> None:
    """Show the optimized plan and the fingerprint by which checkpoints are found. Needs neither Kafka nor DynamoDB."""
    from streaming import runner
    from streaming.cluster import ClusterFailed
    from streaming.not_ready import NotReady

    try:
        plan, fingerprint = runner.explain(resolved.options)
    except (NotReady, ClusterFailed) as error:
        _fail(str(error), FAILED)
    if as_json:
        _show({"fingerprint": fingerprint, "plan": plan}, True)
    else:
        click.echo(f"{plan}\nfingerprint: {fingerprint}")


@main.command()
@click.option("--events", default=2_000_000, show_default=True, help="Events in the topic.")
@click.option("--products", default=500, show_default=True, help="Products they are about.")
@click.option("--minutes", default=2, show_default=True, help="Minutes they are spread over.")
@click.option("--items", default=5_000, show_default=True, help="Items that one writer writes.")
@with_options
def bench(resolved: Resolved, events: int, products: int, minutes: int, items: int) -> None:
    """Measure the job from a full topic beside a job that only parses, and one writer; print JSON.

    Needs Kafka and DynamoDB; makes topics and tables of its own, and removes them.
    """
    from streaming.bench import Load
    from streaming.bench import bench as measure

    load = Load(events=events, products=products, minutes=minutes)
    click.echo(json.dumps(measure(resolved.options, load, items, lambda text: click.echo(text, err=True))))


def _say(text: str) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    click.echo(f"{now} {text}")


def _show(values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"{name.replace('_', ' ')}: {'unknown' if value is None else value}")


def _fail(text: str, code: int) -> NoReturn:
    click.echo(f"error: {text}", err=True)
    sys.exit(code)
