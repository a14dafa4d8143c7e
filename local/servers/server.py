"""What every embedded server has in common: start, readiness, log, stop, and leftovers of an earlier run."""

import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from local.servers.ports import LOOPBACK, is_free
from local.servers.recorded_process import RecordedProcess

REPOSITORY = Path(__file__).resolve().parents[2]
JARS = REPOSITORY / ".local" / "jars"


class ServerFailed(RuntimeError):
    """A server did not become ready; the message ends with the end of its log."""


class Server(ABC):
    """One server process with its state in a directory of its own, listening on a loopback port.

    A server left over from an earlier run on the same directory is stopped before a new one starts.
    Starting again on the same directory finds the same data.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    start_seconds: ClassVar[float] = 60
    stop_seconds: ClassVar[float] = 30

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory.resolve()
        self.port = port

    @property
    def log(self) -> Path:
        """The server's output, of this start and earlier ones."""
        return self.directory / "server.log"

    @property
    def process(self) -> RecordedProcess | None:
        """The running server process, also when another process started it."""
        return RecordedProcess.read(self._pid_file)

    def start(self) -> Self:
        """Start and wait until the server answers. Raises ServerFailed."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.stop()
        self._refuse_taken_port()
        self.prepare()
        deadline = time.monotonic() + self.start_seconds
        self._spawn()
        self._wait_until_ready(deadline)
        return self

    def stop(self) -> None:
        """Stop cleanly; a server that does not end in time is killed."""
        if process := self.process:
            process.end(signum=self.stop_signal, grace=self.stop_seconds)
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would."""
        if process := self.process:
            process.end(signum=signal.SIGKILL, grace=10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The command line that runs the server in the foreground."""

    @abstractmethod
    def is_ready(self) -> bool:
        """True once the server answers a request."""

    def prepare(self) -> None:  # noqa: B027 - most servers need nothing
        """Make what the server needs in its directory; called before each start."""

    def environment(self) -> dict[str, str]:
        """The server's environment variables."""
        return dict(os.environ)

    def log_tail(self, lines: int = 25) -> str:
        """The last lines of the server's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def run(self, command: Sequence[str]) -> None:
        """Run a tool of the server's to its end. Raises ServerFailed with its output."""
        done = subprocess.run(
            command, env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ServerFailed(f"{Path(command[0]).name} of {self.name} failed:\n{done.stdout}{done.stderr}")

    @property
    def _pid_file(self) -> Path:
        return self.directory / "server.pid"

    def _refuse_taken_port(self) -> None:
        if not is_free(self.port):
            raise ServerFailed(
                f"{self.name}: port {self.port} is taken. Stop what listens there or choose another PORT_OFFSET."
            )

    def _spawn(self) -> None:
        """Start the process in a session of its own: Ctrl-C in a terminal must not reach it."""
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                self.command(),
                cwd=self.directory,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # Its life is followed by the recorded id: Popen would only warn that the child outlives the object.
        child.returncode = 0
        if process := RecordedProcess.of(child.pid):
            process.write(self._pid_file)

    def _wait_until_ready(self, deadline: float) -> None:
        while not self.is_ready():
            process = self.process
            if process is None or time.monotonic() > deadline:
                tail = self.log_tail()
                self.kill()
                reason = "ended" if process is None else f"was not ready after {self.start_seconds:.0f} s"
                raise ServerFailed(f"{self.name} {reason}. The end of {self.log}:\n{tail}")
            process.wait(0.05)


def java() -> str:
    """The Java launcher: JAVA_HOME's, else the one on the PATH."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if not found:
        raise ServerFailed("no `java` found: install a JDK 17 or newer, or set JAVA_HOME.")
    return found


def class_path(name: str) -> str:
    """The class path of a Java server's jars. Raises ServerFailed when Maven has not fetched them."""
    folder = JARS / name
    if not any(folder.glob("*.jar")):
        raise ServerFailed(f"no jars in {folder}: run `make setup`.")
    return f"{folder}/*"


__all__ = ["JARS", "LOOPBACK", "REPOSITORY", "Server", "ServerFailed", "class_path", "java"]
