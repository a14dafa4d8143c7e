"""A command whose output goes to a log file."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.steps import StepFailed, tail


def run_logged(
    command: Sequence[str | Path],
    *,
    title: str,
    log: Path,
    advice: str = "",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    line: str = "",
) -> None:
    """Run to the end, `line` as its input, its output appended to `log`. Raises StepFailed with the log's end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        try:
            done = subprocess.run(
                command,
                cwd=cwd,
                env=env,
                input=line.encode(),
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            raise StepFailed(title, str(error), advice) from error
    if done.returncode:
        raise StepFailed(title, tail(log), advice)
