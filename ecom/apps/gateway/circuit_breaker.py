"""A service that does not answer is left alone for a moment: callers are told at once, and one of them tries again."""

import logging
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

FAILURES = 5  # in a row
OPEN_SECONDS = 2.0

OPEN = Gauge(
    "ecom_gateway_circuit_open",
    "Processes that leave a service alone because it does not answer.",
    ["upstream"],
    multiprocess_mode="livesum",
)

log = logging.getLogger(__name__)


class CircuitOpen(Exception):
    """The service is left alone; try again in `seconds`, 1 or more."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class CircuitBreaker:
    """`with breaker.watching():` around each call, for all threads of a process.

    It opens when `limit` calls in a row ended in one of `failures`. After `open_seconds`, one call is the probe and
    all others are still refused: its success closes the circuit, its failure opens it anew, and any other end leaves
    the probe to the next call. Calls that began before the circuit opened say nothing about the time after.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: tuple[type[Exception], ...],
        limit: int = FAILURES,
        open_seconds: float = OPEN_SECONDS,
    ) -> None:
        self._name = name
        self._failures = failures
        self._limit = limit
        self._open_seconds = open_seconds
        self._gauge = OPEN.labels(name)
        self._gauge.set(0)
        self._lock = threading.Lock()
        self._failed = 0
        self._open_until: float | None = None
        self._probing = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch one call. Raises CircuitOpen instead of letting it be made."""
        probe = self._enter()
        try:
            yield
        except self._failures:
            self._failure(probe=probe)
            raise
        except BaseException:
            self._neither(probe=probe)
            raise
        self._success(probe=probe)

    def _enter(self) -> bool:
        """Whether this call is the probe. Raises CircuitOpen."""
        with self._lock:
            if self._open_until is None:
                return False
            left = self._open_until - time.monotonic()
            if left > 0 or self._probing:
                raise CircuitOpen(max(1, math.ceil(left)))
            self._probing = True
            return True

    def _failure(self, *, probe: bool) -> None:
        with self._lock:
            self._failed += 1
            if probe or (self._open_until is None and self._failed >= self._limit):
                self._probing = False
                self._open_until = time.monotonic() + self._open_seconds
                self._gauge.set(1)
                log.warning("circuit open", extra={"upstream": self._name, "failures": self._failed})

    def _success(self, *, probe: bool) -> None:
        with self._lock:
            if probe or self._open_until is None:
                self._failed = 0
            if probe:
                self._probing, self._open_until = False, None
                self._gauge.set(0)
                log.warning("circuit closed", extra={"upstream": self._name})

    def _neither(self, *, probe: bool) -> None:
        if probe:
            with self._lock:
                self._probing = False
