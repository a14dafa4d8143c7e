"""Public answers kept for as long as the service that gave them allows, so that a hot list costs it nothing.

A shared cache by RFC 9111: only GET without `Authorization`, only 200 with `Cache-Control: public, max-age=…` and
without `Vary` or cookies. After that age an answer with an `ETag` is asked about rather than asked for, and with
`stale-if-error` (RFC 5861) it stands in for a service that fails. The cache is bounded in bytes; what was used longest
ago goes first.
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from cachetools import TLRUCache
from django.http import HttpRequest
from prometheus_client import Counter

MAX_BYTES = 16 * 1024 * 1024  # in each process
REVALIDATED_SECONDS = 600  # for so long after its age an answer is worth asking about
WAIT_SECONDS = 0.5
_OVERHEAD = 1024  # of an entry beside its body, roughly
_SECONDS = re.compile(r"(?:^|[\s,])(max-age|s-maxage|stale-if-error)=(\d{1,9})(?=$|[\s,])")
_NOT_SHARED = ("private", "no-store", "no-cache")
_NEVER_STALE = ("must-revalidate", "proxy-revalidate")

LOOKUPS = Counter("ecom_gateway_shared_cache", "Reads that the shared cache may answer.", ["outcome"])


@dataclass(frozen=True, slots=True)
class Lifetime:
    """For how many seconds an answer may be given to others, and for how many more in place of an error."""

    fresh: int
    in_place_of_error: int


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A whole answer with status 200; times by time.monotonic()."""

    body: bytes
    headers: Mapping[str, str]
    etag: str | None
    stored_at: float
    fresh_until: float
    usable_until: float

    @property
    def age_seconds(self) -> int:
        """What the header `Age` says."""
        return int(time.monotonic() - self.stored_at)

    @property
    def is_fresh(self) -> bool:
        """Whether it may be given to anyone."""
        return time.monotonic() < self.fresh_until

    @property
    def replaces_error(self) -> bool:
        """Whether it may be given where the service fails."""
        return time.monotonic() < self.usable_until

    @property
    def kept_until(self) -> float:
        """When it is of no use any more."""
        return max(self.usable_until, self.fresh_until + (REVALIDATED_SECONDS if self.etag else 0))


class SharedCache:
    """Answers by path and query, for all threads of a process."""

    def __init__(self, *, max_bytes: int) -> None:
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Event] = {}
        self._answers: TLRUCache[str, StoredAnswer] = TLRUCache(
            max_bytes,
            ttu=lambda _, answer, now: answer.kept_until,
            timer=time.monotonic,
            getsizeof=lambda answer: len(answer.body) + _OVERHEAD,
        )

    def find(self, target: str) -> StoredAnswer | None:
        """The answer for this path and query, fresh or not, if there is one."""
        with self._lock:
            return self._answers.get(target)

    def offer(self, target: str, *, body: bytes, headers: Mapping[str, str]) -> StoredAnswer | None:
        """Keep a complete answer with status 200 where its headers allow that."""
        lifetime = lifetime_of(headers)
        if lifetime is None or len(body) + _OVERHEAD > self._answers.maxsize:
            return None
        now = time.monotonic()
        fresh_until = now + lifetime.fresh
        etag = next((value for name, value in headers.items() if name.lower() == "etag"), None)
        usable_until = fresh_until + lifetime.in_place_of_error
        answer = StoredAnswer(body, dict(headers), etag, now, fresh_until, usable_until)
        with self._lock:
            self._answers[target] = answer
        return answer

    @contextmanager
    def one_asks(self, target: str) -> Iterator[None]:
        """The first to come here goes on; others wait until it is through, for a moment at most."""
        with self._lock:
            asking = self._asking.get(target)
            if asking is None:
                mine = self._asking[target] = threading.Event()
        if asking is not None:
            asking.wait(WAIT_SECONDS)
            yield
            return
        try:
            yield
        finally:
            with self._lock:
                del self._asking[target]
            mine.set()


def may_answer(request: HttpRequest) -> bool:
    """Whether this request takes an answer that was given to somebody else."""
    wants_fresh = "no-cache" in request.META.get("HTTP_CACHE_CONTROL", "")
    return request.method == "GET" and not wants_fresh and "HTTP_AUTHORIZATION" not in request.META


def lifetime_of(headers: Mapping[str, str]) -> Lifetime | None:
    """How long an answer may be given to others; None where it may not."""
    named = {name.lower(): value for name, value in headers.items()}
    control = named.get("cache-control", "").lower()
    seconds = {name: int(number) for name, number in _SECONDS.findall(control)}
    fresh = seconds.get("s-maxage", seconds.get("max-age", 0))
    refused = any(word in control for word in _NOT_SHARED) or "public" not in control
    if refused or not fresh or "vary" in named or "set-cookie" in named:
        return None
    never_stale = any(word in control for word in _NEVER_STALE)
    return Lifetime(fresh, 0 if never_stale else seconds.get("stale-if-error", 0))


@cache
def shared_cache() -> SharedCache:
    """This process's cache."""
    return SharedCache(max_bytes=MAX_BYTES)
