"""Waits for what becomes true, and fails when it does not in time."""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], object], *, seconds: float = 20, what: str = "the condition") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds:.0f} s"
        time.sleep(0.05)
