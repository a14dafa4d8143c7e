"""What an earlier cluster left behind is ended, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

from streaming.cluster import MARK, end_leftovers

WAITS = [sys.executable, "-c", "import sys; sys.stdin.read()"]


def test_only_processes_of_the_same_state_directory_are_ended(tmp_path: Path) -> None:
    mine = subprocess.Popen(WAITS, stdin=subprocess.PIPE, env=os.environ | {MARK: str(tmp_path)})
    other = subprocess.Popen(WAITS, stdin=subprocess.PIPE, env=os.environ | {MARK: str(tmp_path / "other")})
    with mine, other:
        assert end_leftovers(tmp_path) == [mine.pid]
        assert mine.wait(5) != 0
        assert other.poll() is None
        other.kill()
