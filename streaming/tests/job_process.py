"""The job as a process of its own, started, looked at, killed and stopped through its command line."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.provision import LOCAL_CREDENTIALS
from streaming.cluster import end_leftovers
from streaming.tests.stage import eventually

ROOT = Path(__file__).resolve().parents[2]


def command_line(*arguments: str, environment: dict[str, str] | None = None, timeout: float = 90) -> Any:
    """Run `python -m streaming …` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "streaming", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=timeout,
        env=clean_environment() | (environment or {}),
    )  # fmt: skip


def clean_environment() -> dict[str, str]:
    """This process's environment without options of the job."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STREAMING_")}
    return kept | LOCAL_CREDENTIALS


@dataclass
class JobProcess:
    """One job; its state directory outlives each of its processes."""

    directory: Path
    options: dict[str, str]
    credentials: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> "JobProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process and self.process.poll() is None:
            self.kill()
        end_leftovers(self.directory / "state")

    def start(self) -> None:
        """Start or resume it; return when all its tasks run and a checkpoint is complete."""
        self.launch()
        answer = self.status("--wait-for-checkpoint", "240")
        assert answer["completed_checkpoints"], self.log.read_text()[-3000:]

    def launch(self) -> None:
        """Start or resume it, and do not wait."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streaming", "run"], cwd=ROOT, env=self.environment(), stdout=log, stderr=log
            )

    @property
    def log(self) -> Path:
        """What the process says."""
        return self.directory / "run.log"

    def environment(self) -> dict[str, str]:
        """The options as environment variables."""
        variables = {f"STREAMING_{name.upper()}": value for name, value in self.options.items()}
        return (
            clean_environment() | self.credentials | variables | {"STREAMING_STATE_DIR": str(self.directory / "state")}
        )

    def status(self, *arguments: str) -> dict[str, Any]:
        """The answer of `status --json`."""
        answer = command_line("status", "--json", *arguments, environment=self.environment(), timeout=260)
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def wait_until_kept(self, records: int) -> None:
        """Wait until so many records were read by this process, and a checkpoint was completed after that."""
        eventually(lambda: (self.status()["records_read"] or 0) >= records, f"{records} records read")
        before = self.status()["completed_checkpoints"]
        eventually(lambda: self.status()["completed_checkpoints"] > before + 1, "checkpoints after the records")

    def kill(self) -> None:
        """kill -9: the process and its JVM, at once."""
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in (self.process.pid, *map(int, children)):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        assert self.process
        self.process.terminate()
        return self.process.wait(60)

    def leftovers(self) -> list[int]:
        """Processes that belong to this job's cluster."""
        mark = f"STREAMING_STATE_OF={self.directory / 'state'}".encode()
        return [int(path.name) for path in Path("/proc").glob("[0-9]*") if mark in _environment(path)]


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
