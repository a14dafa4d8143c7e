"""Keeps one process of the stack running: log file, restart after a crash, clean stop."""

import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from local.process_sessions import end_session
from local.steps import tail

STOP_SECONDS = 40
# A process that ends this soon after its start, this often in a row, is broken rather than unlucky.
SOON_SECONDS = 15
ATTEMPTS = 3


class Supervised:
    """One command, started again whenever it ends before it was told to."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = command
        self._log = log
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Run until a signal stops it (0) or it keeps failing (1)."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._stop)
        failures = 0
        while not self._stopping.is_set():
            begun = time.monotonic()
            code = self._run_once()
            if self._stopping.is_set():
                break
            failures = failures + 1 if time.monotonic() - begun < SOON_SECONDS else 1
            if failures >= ATTEMPTS:
                print(f"ended with {code}, {failures} times in a row.\n{tail(self._log)}", flush=True)
                return 1
            print(f"ended with {code}; starting it again", flush=True)
            self._stopping.wait(failures)
        return 0

    def _run_once(self) -> int:
        """Run the command in a session of its own, and leave nothing of that session behind."""
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if self._stopping.is_set():  # the signal came before there was a child to pass it on to
            self._child.terminate()
        code = self._wait(self._child)
        end_session(self._child.pid)
        return code

    def _wait(self, child: "subprocess.Popen[bytes]") -> int:
        told: float | None = None
        while True:
            try:
                return child.wait(0.5)
            except subprocess.TimeoutExpired:
                if self._stopping.is_set():
                    told = told or time.monotonic()
                    if time.monotonic() - told > STOP_SECONDS:
                        child.kill()

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self._stopping.set()
        if self._child:
            self._child.terminate()
