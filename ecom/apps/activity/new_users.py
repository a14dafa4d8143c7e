"""How many different user_ids one client address may bring in a minute, in memory that does not grow."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_SECONDS = 60
MAX_CLIENTS = 20_000


@dataclass(slots=True)
class _Minute:
    """The user_ids (their hashes) that a client has brought since `started`."""

    started: float
    users: set[int] = field(default_factory=set)


class NewUserLimit:
    """Counts different user_ids by client and minute. Approximate by design: per process, and the longest idle client
    is forgotten when there are too many.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._clients: OrderedDict[str, _Minute] = OrderedDict()
        self._lock = threading.Lock()

    def seconds_to_wait(self, client: str, user_id: str) -> int:
        """0 where the client may speak for this user now, else the seconds until it may bring new ones."""
        with self._lock:
            minute = self._minute_of(client)
            user = hash(user_id)
            if user in minute.users:
                return 0
            if len(minute.users) >= self.per_minute:
                return max(1, round(minute.started + WINDOW_SECONDS - self._clock()))
            minute.users.add(user)
            return 0

    def _minute_of(self, client: str) -> _Minute:
        now = self._clock()
        minute = self._clients.get(client)
        if minute is None or now - minute.started >= WINDOW_SECONDS:
            minute = self._clients[client] = _Minute(now)
        self._clients.move_to_end(client)
        if len(self._clients) > MAX_CLIENTS:
            self._clients.popitem(last=False)
        return minute
