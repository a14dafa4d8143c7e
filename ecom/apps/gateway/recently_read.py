"""A value that many ask for, kept for a moment so that their polling costs few reads."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Reading(Generic[Value]):
    """A value and when it was read, by time.monotonic()."""

    value: Value
    at: float


class RecentlyRead(Generic[Value]):
    """Reads with `load`, at most about once in `seconds`. It holds one value and locks nothing.

    Threads that find the value too old at the same moment each read: one that waited for another's read would wait out
    its timeouts too.
    """

    def __init__(self, load: Callable[[], Value], *, seconds: float) -> None:
        self._load = load
        self._seconds = seconds
        self._reading: Reading[Value] | None = None

    def get(self) -> Value:
        """The value, at most `seconds` old. Raises what `load` raises."""
        last = self._reading
        if last is None or time.monotonic() - last.at > self._seconds:
            last = self._reading = Reading(self._load(), time.monotonic())
        return last.value

    def last_known(self) -> Value | None:
        """What was read last, however old it is."""
        return self._reading.value if self._reading else None
