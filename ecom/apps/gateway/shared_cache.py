"""Public answers kept for as long as the service that gave them allows, so that a hot list costs it nothing.

A shared cache by RFC 9111: only GET without `Authorization`, only 200 with `Cache-Control: public, max-age=…` and
without `Vary` or cookies, and never past that age. It is bounded in bytes; what was used longest ago goes first.
"""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cachetools import TLRUCache
from django.http import HttpRequest
from prometheus_client import Counter

MAX_BYTES = 16 * 1024 * 1024  # in each process
_OVERHEAD = 1024  # of an entry beside its body, roughly
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])")

LOOKUPS = Counter("ecom_gateway_shared_cache", "Reads that the shared cache may answer.", ["outcome"])


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A whole answer with status 200; `stored_at` and `fresh_until` by time.monotonic()."""

    body: bytes
    headers: Mapping[str, str]
    stored_at: float
    fresh_until: float

    @property
    def age_seconds(self) -> int:
        """What the header `Age` says."""
        return int(time.monotonic() - self.stored_at)


class SharedCache:
    """Answers by path and query, for all threads of a process."""

    def __init__(self, *, max_bytes: int) -> None:
        self._lock = threading.Lock()
        self._answers: TLRUCache[str, StoredAnswer] = TLRUCache(
            max_bytes,
            ttu=lambda _, answer, now: answer.fresh_until,
            timer=time.monotonic,
            getsizeof=lambda answer: len(answer.body) + _OVERHEAD,
        )

    def find(self, target: str) -> StoredAnswer | None:
        """The fresh answer for this path and query, if there is one."""
        with self._lock:
            answer = self._answers.get(target)
        LOOKUPS.labels("miss" if answer is None else "hit").inc()
        return answer

    def offer(self, target: str, *, body: bytes, headers: Mapping[str, str]) -> None:
        """Keep a complete answer with status 200 where its headers allow that."""
        seconds = fresh_seconds(headers)
        if seconds == 0 or len(body) + _OVERHEAD > self._answers.maxsize:
            return
        now = time.monotonic()
        with self._lock:
            self._answers[target] = StoredAnswer(body, dict(headers), stored_at=now, fresh_until=now + seconds)


def may_answer(request: HttpRequest) -> bool:
    """Whether this request takes an answer that was given to somebody else."""
    wants_fresh = "no-cache" in request.META.get("HTTP_CACHE_CONTROL", "")
    return request.method == "GET" and not wants_fresh and "HTTP_AUTHORIZATION" not in request.META


def fresh_seconds(headers: Mapping[str, str]) -> int:
    """How long an answer may be given to others; 0 where it may not."""
    named = {name.lower(): value for name, value in headers.items()}
    control = named.get("cache-control", "").lower()
    refused = any(word in control for word in ("private", "no-store", "no-cache")) or "public" not in control
    age = _MAX_AGE.search(control)
    return 0 if refused or age is None or "vary" in named or "set-cookie" in named else int(age[1])


@cache
def shared_cache() -> SharedCache:
    """This process's cache."""
    return SharedCache(max_bytes=MAX_BYTES)
