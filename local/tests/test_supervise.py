"""A supervised process comes back after a crash, stops when told, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.process_sessions import end_marked, marked
from local.servers.server import REPOSITORY

DEADLINE_SECONDS = 20
MARK = "LOCAL_TEST_SUPERVISED"
# A parent that says its id and waits, with a child that outlives it unless somebody ends it.
PARENT_AND_CHILD = "sleep 600 & echo $$; wait"


class Case:
    """One supervised shell command, with its log and the processes that came of it."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "process.log"
        self.mark = uuid.uuid4().hex
        self.supervisor: subprocess.Popen[str]

    def start(self, script: str) -> None:
        self.supervisor = subprocess.Popen(
            [sys.executable, "-m", "local", "supervise", "--log", str(self.log), "--", "sh", "-c", script],
            cwd=REPOSITORY,
            env={**os.environ, MARK: self.mark},
            stdout=subprocess.PIPE,
            text=True,
        )

    def started(self) -> list[int]:
        """The ids that the command has said so far, one a start."""
        return [int(line) for line in self.log.read_text().split()] if self.log.exists() else []

    def running(self) -> list[int]:
        return marked(MARK, self.mark)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    case = Case(tmp_path)
    yield case
    end_marked(MARK, case.mark, grace=1)
    case.supervisor.communicate()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)


def test_a_killed_process_is_started_again_without_the_children_of_the_first(case: Case) -> None:
    case.start(PARENT_AND_CHILD)
    wait_until(lambda: len(case.started()) == 1)

    os.kill(case.started()[0], signal.SIGKILL)

    wait_until(lambda: len(case.started()) == 2)
    # The supervisor, the second shell and its child: the first child is gone.
    wait_until(lambda: len(case.running()) == 3)


def test_a_stop_ends_the_process_and_its_children(case: Case) -> None:
    case.start(PARENT_AND_CHILD)
    wait_until(lambda: len(case.started()) == 1)

    case.supervisor.terminate()

    assert case.supervisor.wait(DEADLINE_SECONDS) == 0
    assert case.running() == []


def test_a_process_that_cannot_run_is_given_up_with_the_end_of_its_log(case: Case) -> None:
    case.start("echo the reason; exit 7")

    output, _ = case.supervisor.communicate(timeout=DEADLINE_SECONDS)

    assert case.supervisor.returncode == 1
    assert "ended with 7, 3 times in a row" in output
    assert "the reason" in output


def test_only_processes_with_the_mark_are_ended(case: Case) -> None:
    case.start(PARENT_AND_CHILD)
    wait_until(lambda: len(case.started()) == 1)

    assert end_marked(MARK, "of somebody else", grace=1) == []
    assert len(end_marked(MARK, case.mark, grace=10)) == 3
    assert case.running() == []
