"""Reads a page of commands and answers, and runs the commands one after the other in one shell."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCKS = re.compile(
    r"^```console\n(?P<commands>.*?)^```$(?:\n+^```text\n(?P<answer>.*?)^```$)?", re.DOTALL | re.MULTILINE
)
_MARK = "--- end of block ---"


@dataclass(frozen=True, slots=True)
class Block:
    """Commands, and what they print: `…` stands for whatever differs from run to run. None: they print as they like."""

    commands: str
    answer: str | None

    def matches(self, printed: str) -> bool:
        """Whether this is the answer that the page promises."""
        if self.answer is None:
            return True
        pattern = ".*?".join(map(re.escape, self.answer.strip().split("…")))
        return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def blocks(page: Path) -> Iterator[Block]:
    """The page's blocks in their order."""
    for found in _BLOCKS.finditer(page.read_text()):
        yield Block(found["commands"], found["answer"])


def run(page: Path, *, folder: Path, environment: Mapping[str, str], seconds: float) -> list[tuple[Block, str]]:
    """Each block with what it printed. Raises AssertionError where a command fails, with all output."""
    steps = list(blocks(page))
    script = "set -euo pipefail\n" + "".join(f"{step.commands}\necho '{_MARK}'\n" for step in steps)
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, timeout=seconds, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"a command of {page.name} ended with {done.returncode}:\n{done.stdout}")
    printed = done.stdout.split(f"{_MARK}\n")[:-1]
    return list(zip(steps, printed, strict=True))
