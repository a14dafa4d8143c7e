"""A value that many ask for, kept for a moment so that their polling costs few reads."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, TypeVar

from ecom.apps.gateway.one_read import OneRead

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Reading(Generic[Value]):
    """A value and when it was read, by time.monotonic()."""

    value: Value
    at: float


class RecentlyRead(Generic[Value]):
    """Reads with `load`, once in `seconds` at most. It holds one value.

    Threads that find the value too old at the same moment wait for one of them, each within `waiting()`, which bounds
    how many threads may.
    """

    def __init__(
        self, load: Callable[[], Value], *, seconds: float, waiting: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._waiting = waiting
        self._one_read = OneRead()
        self._reading: Reading[Value] | None = None

    def get(self) -> Value:
        """The value, at most `seconds` old. Raises what `load` and `waiting` raise."""
        reading = self._fresh()
        if reading is None:
            with self._waiting():
                reading = self._one_read.of(self, self._read_again)
        return reading.value

    def last_known(self) -> Value | None:
        """What was read last, however old it is."""
        return self._reading.value if self._reading else None

    def forget(self) -> None:
        """Hold nothing, as a process that has just begun."""
        self._reading = None

    def _read_again(self) -> Reading[Value]:
        reading = self._fresh()  # of somebody who was through a moment ago
        if reading is None:
            reading = self._reading = Reading(self._load(), time.monotonic())
        return reading

    def _fresh(self) -> Reading[Value] | None:
        last = self._reading
        return last if last and time.monotonic() - last.at <= self._seconds else None
