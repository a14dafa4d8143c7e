"""What all commands have in common: options, output, failures as exit codes."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from streaming.failures import EXIT_CODES, Failure
from streaming.options import help_of, resolve


def command(examples: str, *, name: str | None = None) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command of a function: its first argument is the options resolved, the rest are its own parameters."""
    epilog = f"\b\nExamples:\n{examples}\n\n\b\n{EXIT_CODES}"

    def decorate(function: Callable[..., None]) -> click.Command:
        return click.command(name, epilog=epilog)(_with_options(function))

    return decorate


def json_flag(function: Callable[..., None]) -> Callable[..., None]:
    """Give the command `--json`, as its parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def say(text: str) -> None:
    """Tell the operator, with the time, what is being done."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    click.echo(f"{now} {text}")


def say_aside(text: str) -> None:
    """The same on standard error, where standard output is a command's answer."""
    click.echo(text, err=True)


def show(values: dict[str, Any], as_json: bool) -> None:
    """Print a command's answer."""
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"{name.replace('_', ' ')}: {'unknown' if value is None else value}")


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    def resolved(config: Path | None, **values: Any) -> None:
        flags = {name: values.pop(name) for name, _, _ in help_of()}
        try:
            function(resolve(flags, file=config), **values)
        except Failure as failure:
            click.echo(f"error: {failure}", err=True)
            sys.exit(failure.exit_code)

    resolved.__name__, resolved.__doc__ = function.__name__, function.__doc__
    resolved.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for name, kind, text in reversed(list(help_of())):
        flag = "--" + name.replace("_", "-")
        flags = f"{flag}/--no-{flag[2:]}" if kind is bool else flag
        resolved = click.option(flags, type=kind, default=None, help=text)(resolved)
    config_type = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option("--config", type=config_type, help="TOML file with options.")(resolved)
