"""How often a client may ask: fixed windows per client and class of routes, in this process's memory.

The configured numbers are divided by the number of workers, so they hold roughly; the bound on all clients together is
the firewall's.
"""

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from prometheus_client import Counter

from ecom.apps.gateway.routes import RateClass

MAX_WINDOWS = 50_000  # some 10 MB

REFUSED = Counter("ecom_gateway_rate_limited", "Requests beyond a client's limit.", ["rate"])

_NO_WINDOW = (0, 0.0)


class BoundedWindows(Storage):
    """The counters of at most `max_windows` clients; whoever has not come for longest is forgotten first.

    The library's own memory holds as many clients as come, and goes through all of them a hundred times a second, in a
    thread that it starts anew each time.
    """

    STORAGE_SCHEME = None

    def __init__(self, max_windows: int) -> None:
        super().__init__()
        self._max_windows = max_windows
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()  # requests and the window's end
        self._lock = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            count, ends_at = self._windows.get(key, _NO_WINDOW)
            window = (count + amount, ends_at) if now < ends_at else (amount, now + expiry)
            self._windows[key] = window
            self._windows.move_to_end(key)
            if len(self._windows) > self._max_windows:
                self._windows.popitem(last=False)
        return window[0]

    def get(self, key: str) -> int:
        count, ends_at = self._windows.get(key, _NO_WINDOW)
        return count if time.time() < ends_at else 0

    def get_expiry(self, key: str) -> float:
        return self._windows.get(key, _NO_WINDOW)[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._lock:
            forgotten = len(self._windows)
            self._windows.clear()
        return forgotten

    def clear(self, key: str) -> None:
        with self._lock:
            self._windows.pop(key, None)


@dataclass(frozen=True, slots=True)
class Quota:
    """What a client has left in its window, after the request that was just counted; `exceeded` refuses that one."""

    limit: int
    remaining: int
    reset_seconds: int
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        """The `RateLimit-*` fields of the IETF draft (draft-ietf-httpapi-ratelimit-headers-03)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


def count(client: str, rate: RateClass) -> Quota:
    """Count one request of a client."""
    limiter, limit = _limiter(), settings.RATE_LIMITS[rate]
    allowed = limiter.hit(limit, rate, client)
    window = limiter.get_window_stats(limit, rate, client)
    if not allowed:
        REFUSED.labels(rate).inc()
    reset = max(1, math.ceil(window.reset_time - time.time()))
    return Quota(limit.amount, window.remaining, reset, exceeded=not allowed)


@cache
def _limiter() -> FixedWindowRateLimiter:
    """This process's counters."""
    return FixedWindowRateLimiter(BoundedWindows(MAX_WINDOWS))
