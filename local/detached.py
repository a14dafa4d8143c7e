"""`make run DETACH=1`: the stack in the background, its progress in the foreground until it is ready."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from local.only_one import already_running
from local.servers.server import REPOSITORY
from local.shut_down import shut_down
from local.stack import Stack


def bring_up_detached(stack: Stack) -> int:
    """Start the stack as a process of its own and return 0 when it is ready, else its exit code.

    A stop before that (Ctrl-C, SIGTERM) stops the stack too. Raises StepFailed where one runs already.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if stack.supervisor:
        raise already_running(stack)
    stack.directory.mkdir(parents=True, exist_ok=True)
    stack.ready_file.unlink(missing_ok=True)
    output = stack.directory / "up.log"
    with output.open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "local", "up"],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return _follow(child, output, stack)
    except KeyboardInterrupt:
        shut_down(stack)
        return 130


def _follow(child: "subprocess.Popen[bytes]", output: Path, stack: Stack) -> int:
    with output.open(encoding="utf-8", errors="replace") as log:
        while True:
            # Looked at before the log is read, so that the last lines are not missed.
            code, ready = child.poll(), stack.ready_file.exists()
            print(log.read(), end="", flush=True)
            if code is not None:
                return code
            if ready and stack.ready_file.exists():
                child.returncode = 0  # it goes on without us
                print(log.read(), end="", flush=True)
                return 0
            time.sleep(0.2)
