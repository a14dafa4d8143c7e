"""The job as a process of its own, started, looked at, killed and stopped through its command line."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.provision import LOCAL_CREDENTIALS
from streaming.cluster import end_leftovers
from streaming.flink_rest import FlinkRest, Status
from streaming.tests.stage import eventually

ROOT = Path(__file__).resolve().parents[2]
METRICS_SECONDS = 10.0


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
        process = self.launch()
        eventually(lambda: process.poll() is not None or self._has_checkpoint(), "a checkpoint", 240)
        assert process.poll() is None, self.log.read_text()[-3000:]

    def launch(self) -> subprocess.Popen[bytes]:
        """Start or resume it, and do not wait."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streaming", "run"], cwd=ROOT, env=self.environment(), stdout=log, stderr=log
            )
        return self.process

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

    def status(self) -> Status:
        """What Flink says of it; for those who ask often."""
        return FlinkRest(f"http://127.0.0.1:{self.options['rest_port']}").status()

    def settled_status(self, watermark: str) -> Status:
        """The same once it shows the watermark, as Flink's metrics follow behind; what it shows after 10 s at most."""
        end = time.monotonic() + METRICS_SECONDS
        while (status := self.status()).watermark != watermark and time.monotonic() < end:
            time.sleep(0.2)
        return status

    def command(self, *arguments: str) -> dict[str, Any]:
        """The JSON that one of its commands answers."""
        answer = command_line(*arguments, "--json", environment=self.environment(), timeout=260)
        assert answer.stdout, answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def wait_until_kept(self, records: int) -> None:
        """Wait until so many records were read by this process, and a checkpoint was completed after that."""
        self.wait_until_read(records)
        before = self.status().completed_checkpoints
        eventually(lambda: self.status().completed_checkpoints > before + 1, "checkpoints after the records")

    def wait_until_read(self, records: int) -> None:
        """Wait until so many records were read by this process."""
        eventually(lambda: (self.status().records_read or 0) >= records, f"{records} records read")

    def stop_with_savepoint(self) -> str:
        """Have it write a savepoint and end; return the savepoint's path."""
        assert self.process
        savepoint: str = self.command("stop")["path"]
        assert self.process.wait(60) == 0
        return savepoint

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

    def _has_checkpoint(self) -> bool:
        status = self.status()
        return status.running and status.completed_checkpoints > 0

    def leftovers(self) -> list[int]:
        """Processes that belong to this job's cluster."""
        mark = f"STREAMING_STATE_OF={self.directory / 'state'}".encode()
        return [int(path.name) for path in Path("/proc").glob("[0-9]*") if mark in _environment(path)]


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
