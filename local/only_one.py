"""One stack at a port offset: a lock, and a record of the process that runs it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from typing import TextIO

from local.servers.recorded_process import RecordedProcess
from local.shut_down import end_leftovers
from local.stack import Stack
from local.steps import StepFailed

LOCK_SECONDS = 10


@contextmanager
def only_one(stack: Stack) -> Iterator[None]:
    """Hold the stack's lock and record this process as its supervisor; end what a killed one left."""
    stack.directory.mkdir(parents=True, exist_ok=True)
    with (stack.directory / "lock").open("w") as lock:
        if stack.supervisor:
            raise already_running(stack)
        end_leftovers(stack)
        if not _locked(lock):
            raise already_running(stack)
        if this := RecordedProcess.of(os.getpid()):
            this.write(stack.supervisor_file)
        yield
        stack.supervisor_file.unlink(missing_ok=True)


def _locked(lock: TextIO) -> bool:
    """Take the lock; what a killed supervisor left may hold it for a moment longer."""
    deadline = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            flock(lock, LOCK_EX | LOCK_NB)
            return True
        time.sleep(0.1)
    return False


def already_running(stack: Stack) -> StepFailed:
    """The failure of a second start."""
    return StepFailed(
        "Start", f"A stack at port offset {stack.offset} runs already.", "make stop, or choose another PORT_OFFSET."
    )
