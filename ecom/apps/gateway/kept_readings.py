"""Readings of the analytics tables that still hold, so that polling costs no read while nothing has changed.

The job writes finished windows and a status row for each; the newest status, read once a second, says whether there is
anything new. What lies before it is closed: only a backfill changes that, so it is kept for `CLOSED_SECONDS` and no
longer. The rest holds until the status changes. As the rows of one window are written side by side, a reading without
the newest window's is made again each second, until the status is `SETTLING_SECONDS` old.
"""

import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from cachetools import TLRUCache

MAX_BYTES = 16 * 1024 * 1024  # in each process
CLOSED_SECONDS = 300.0
SETTLING_SECONDS = 20.0  # as long as the job may take to write the windows that end together
AGAIN_SECONDS = 1.0
_OVERHEAD = 1024  # of an entry beside its value, roughly


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest finished window by its status row; `since` (time.monotonic) is when this process first saw the row.

    `window_start` is "" where there is none. Times of this form sort as texts.
    """

    window_start: str = ""
    window_end: str = ""
    event_count: int = 0
    updated_at: str = ""
    since: float = 0.0

    @property
    def row(self) -> tuple[str, str]:
        """What changes whenever the job has written a status row."""
        return self.window_start, self.updated_at


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read when `newest` was known.

    `closed`: of windows before the newest. `whole`: nothing of the newest can be missing. `ends_at`: when the first of
    its items expires, by time.time(). `size` in bytes, roughly.
    """

    value: Any
    newest: Newest
    closed: bool
    whole: bool
    ends_at: float
    size: int
    at: float = field(default_factory=time.monotonic)

    def holds(self, newest: Newest) -> bool:
        """Whether it is still what the tables hold, as far as `newest` tells."""
        if time.time() >= self.ends_at:
            return False
        if self.closed:
            return True
        if self.newest.row != newest.row:
            return False
        settled = self.whole or self.at - newest.since >= SETTLING_SECONDS
        return (settled and bool(newest.window_start)) or time.monotonic() - self.at <= AGAIN_SECONDS


class KeptReadings:
    """Readings by key, for all threads of a process; what was used longest ago goes first."""

    def __init__(self, *, max_bytes: int) -> None:
        self._lock = threading.Lock()
        self._readings: TLRUCache[Hashable, Reading] = TLRUCache(
            max_bytes,
            ttu=lambda _, reading, now: now + CLOSED_SECONDS,
            timer=time.monotonic,
            getsizeof=lambda reading: reading.size + _OVERHEAD,
        )

    def find(self, key: Hashable, newest: Newest) -> Reading | None:
        """The reading of this key, if there is one that holds."""
        with self._lock:
            reading = self._readings.get(key)
        return reading if reading and reading.holds(newest) else None

    def keep(self, key: Hashable, reading: Reading) -> Reading:
        """Keep it where it fits, and return it."""
        if reading.size + _OVERHEAD <= self._readings.maxsize:
            with self._lock:
                self._readings[key] = reading
        return reading

    def clear(self) -> None:
        """Hold nothing, as a process that has just begun."""
        with self._lock:
            self._readings.clear()

    @property
    def bytes_held(self) -> int:
        """The sizes of all that is held."""
        return int(self._readings.currsize)
