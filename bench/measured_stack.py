"""The platform under measurement: a stack of its own, started before and stopped after."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local import credentials
from local.stack import Stack

PORT_OFFSET = 1000
START_SECONDS = 900


@contextmanager
def running(*, recorded_time: bool = False) -> Iterator[Stack]:
    """A stack with fresh state and without simulated shoppers; stopped at the end, whatever happens."""
    stack = Stack(offset=PORT_OFFSET, recorded_time=recorded_time)
    variables = {
        "PORT_OFFSET": str(PORT_OFFSET),
        "RECORDED_TIME": str(int(recorded_time)),
        "SHOPPERS": "0",
        "TABLES_IN_MEMORY": "1",
    }
    _local("down", variables)
    shutil.rmtree(stack.directory, ignore_errors=True)
    _local("up", variables, "--detach")
    try:
        yield stack
    finally:
        _local("down", variables)


def _local(verb: str, variables: dict[str, str], *options: str) -> None:
    command = [sys.executable, "-m", "local", verb, *options]
    subprocess.run(command, env={**os.environ, **variables}, check=True, timeout=START_SECONDS)


def manage(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a management command in the stack's environment; raises CalledProcessError with its output."""
    command = [sys.executable, "-m", "local", "exec", "monolith", "--", sys.executable, "manage.py", *arguments]
    variables = {"PORT_OFFSET": str(stack.offset), "RECORDED_TIME": str(int(stack.recorded_time))}
    return subprocess.run(
        command, env={**os.environ, **variables}, check=True, text=True, stdout=subprocess.PIPE, timeout=START_SECONDS
    )


def service_headers() -> dict[str, str]:
    """The headers of a service account that may speak for any shopper."""
    return {"Authorization": f"Bearer {credentials.service_token('activity:any')}"}
