"""A stack that fails says why, and whatever becomes of it, nothing is left running."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.process_sessions import marked
from local.servers.ports import LOOPBACK, is_free
from local.servers.server import REPOSITORY
from local.stack import MARKER, PORTS, Stack

START_SECONDS = 300
STACK, NEIGHBOUR = Stack(offset=3000), Stack(offset=3300)


def local(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the embedded stack to its end."""
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PORT_OFFSET": str(stack.offset), "RECORDED_TIME": "0", "SHOPPERS": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )


@pytest.fixture(autouse=True)
def _no_state() -> Iterator[None]:
    yield
    for stack in (STACK, NEIGHBOUR):
        local(stack, "down")
        shutil.rmtree(stack.directory, ignore_errors=True)


def assert_nothing_is_left(stack: Stack) -> None:
    assert marked(MARKER, str(stack.directory)) == []
    assert stack.supervisor is None
    assert [name for name in PORTS if not is_free(stack.port(name))] == []


def test_a_failing_step_is_named_and_the_others_are_stopped() -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, STACK.port("kafka")))
        other.listen()

        started = local(STACK, "up", "--detach")

    assert started.returncode == 1
    assert "FAILED: Kafka" in started.stdout
    assert f"port {STACK.port('kafka')} is taken" in started.stdout
    assert_nothing_is_left(STACK)


def test_to_stop_what_does_not_run_is_no_failure() -> None:
    stopped = local(STACK, "down")

    assert stopped.returncode == 0
    assert "No stack runs" in stopped.stdout


@pytest.mark.check_all
def test_a_stop_leaves_nothing_even_after_the_supervisor_was_killed() -> None:
    assert local(STACK, "up", "--detach").returncode == 0
    supervisor = STACK.supervisor
    assert supervisor is not None

    supervisor.send(signal.SIGKILL)
    stopped = local(STACK, "down")

    assert "left behind" in stopped.stdout
    assert_nothing_is_left(STACK)


@pytest.mark.check_all
def test_two_stacks_run_side_by_side() -> None:
    for stack in (STACK, NEIGHBOUR):
        assert local(stack, "up", "--detach").returncode == 0

    second_start = local(STACK, "up", "--detach")
    assert "runs already" in second_start.stderr
    assert local(NEIGHBOUR, "down").returncode == 0

    assert local(STACK, "status").returncode == 0
    assert_nothing_is_left(NEIGHBOUR)
