"""Those who want the same thing at the same moment get it by one read."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

Value = TypeVar("Value")


class OneRead:
    """Reads by key: whoever comes first reads, and those who come meanwhile wait for what it gets, or its error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Hashable, Future[Any]] = {}

    def of(self, key: Hashable, read: Callable[[], Value]) -> Value:
        """What `read` gives. Raises what it raises, for all who waited."""
        mine: Future[Value] = Future()
        with self._lock:
            running = self._running.setdefault(key, mine)
        if running is mine:
            self._run(key, mine, read)
        value: Value = running.result()
        return value

    def _run(self, key: Hashable, future: Future[Value], read: Callable[[], Value]) -> None:
        try:
            value = read()
        except BaseException as error:
            self._end(key)
            future.set_exception(error)
        else:
            self._end(key)
            future.set_result(value)

    def _end(self, key: Hashable) -> None:
        with self._lock:
            del self._running[key]
