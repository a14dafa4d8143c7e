"""A process that is known again by a later run: its id and start time, kept in a file."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RecordedProcess:
    """A process id together with its start time, since ids are reused."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "RecordedProcess | None":
        """The process that now has this id, or None when there is none (or only a zombie).

        While other threads of a zombie still end, its ports are still taken: then it counts as running.
        """
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        # The command name, in brackets, may hold spaces: count the fields from behind it.
        fields = stat.rpartition(")")[2].split()
        state, threads, started = fields[0], int(fields[17]), fields[19]
        return None if state in "ZX" and threads <= 1 else cls(pid=pid, started=started)

    @classmethod
    def read(cls, path: Path) -> "RecordedProcess | None":
        """The process that the file names if it still runs."""
        try:
            pid, started = path.read_text().split()
        except (OSError, ValueError):
            return None
        recorded = cls(pid=int(pid), started=started)
        return recorded if recorded.is_running() else None

    def write(self, path: Path) -> None:
        """Keep the process in a file for `read`."""
        path.write_text(f"{self.pid} {self.started}\n")

    def is_running(self) -> bool:
        """True while the same process lives."""
        return RecordedProcess.of(self.pid) == self

    def send(self, signum: signal.Signals) -> None:
        """Send a signal if the process still runs."""
        if self.is_running():
            os.kill(self.pid, signum)

    def end(self, *, signum: signal.Signals, grace: float) -> None:
        """Send `signum`, wait up to `grace` seconds, then SIGKILL."""
        self.send(signum)
        if not self.wait(grace):
            self.send(signal.SIGKILL)
            self.wait(5)

    def wait(self, seconds: float) -> bool:
        """Wait until the process has ended; False when it still runs after `seconds`."""
        deadline = time.monotonic() + seconds
        while self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        _reap(self.pid)
        return True


def _reap(pid: int) -> None:
    """Collect the exit status when it is a child of ours: PostgreSQL takes its predecessor's zombie for alive."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
