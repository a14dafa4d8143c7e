"""The Flink job as a process of its own, for benchmarks that look at it from outside."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.provision import LOCAL_CREDENTIALS

PYTHON = ".venv-streaming/bin/python"
PATIENCE_SECONDS = 300
STOP_SECONDS = 60


def variables(options: Mapping[str, object]) -> dict[str, str]:
    """This process's environment with the job's options in it."""
    named = {f"STREAMING_{name.upper()}": str(value) for name, value in options.items()}
    return {**os.environ, **LOCAL_CREDENTIALS, **named}


def bench(
    options: Mapping[str, object], environment: dict[str, str], *, seconds: float, flags: Sequence[str] = ()
) -> dict[str, Any]:
    """The figures that `streaming bench` prints. Raises CalledProcessError, and TimeoutExpired after `seconds`."""
    told = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    finished = subprocess.run(
        [PYTHON, "-m", "streaming", "bench", *flags, *told],
        env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


class JobProcess:
    """A job that runs; what it says of itself."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def status(self, *arguments: str) -> dict[str, Any]:
        """The answer of `status --json`."""
        command = [PYTHON, "-m", "streaming", "status", "--json", *arguments]
        done = subprocess.run(command, env=self._environment, stdout=subprocess.PIPE, text=True, check=False)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@contextmanager
def running(options: Mapping[str, object]) -> Iterator[JobProcess]:
    """A job with these options; it has completed a checkpoint. Raises RuntimeError with the end of its log."""
    with tempfile.TemporaryDirectory() as folder:
        environment = variables({**options, "state_dir": Path(folder) / "state"})
        log = Path(folder) / "run.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [PYTHON, "-m", "streaming", "run"], env=environment, stdout=output, stderr=output
            )
        try:
            job = JobProcess(environment)
            if not job.status("--wait-for-checkpoint", str(PATIENCE_SECONDS))["completed_checkpoints"]:
                raise RuntimeError(f"the job did not start:\n{log.read_text()[-3000:]}")
            yield job
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Look twenty times a second. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
