"""A bound on what may wait for one backend at once, so that a slow one does not take all threads."""

import threading
import time
from types import TracebackType

WAIT_SECONDS = 0.1


class Full(Exception):
    """Every slot is taken: the backend is slower than the requests that come in."""


class Bulkhead:
    """`slots` concurrent users; `with bulkhead:` enters or raises Full.

    A backend that still answers frees a slot within milliseconds, so the next in line waits for one; a backend of which
    no slot was taken or freed for that long is stuck, and then nobody waits.
    """

    def __init__(self, slots: int) -> None:
        self._free = threading.BoundedSemaphore(slots)
        self._moved_at = time.monotonic()

    def enter(self) -> None:
        """Take a slot. Raises Full."""
        moving = time.monotonic() - self._moved_at < WAIT_SECONDS
        if not self._free.acquire(timeout=WAIT_SECONDS if moving else 0):
            raise Full
        self._moved_at = time.monotonic()

    def leave(self) -> None:
        """Give the slot back."""
        self._moved_at = time.monotonic()
        self._free.release()

    def __enter__(self) -> None:
        self.enter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()
