"""Attempts that cost more time the more there are, counted in the database, as several processes count together.

An attempt is counted before it is made, in one statement: a hundred at once cannot all be the first. Nothing here
depends on whether an account exists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connections
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from ecom.apps.customers.models import ALIAS, Throttle

FORGOTTEN_AFTER_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` attempts cost nothing; then each doubles the wait, from a second up to `longest` seconds."""

    name: str
    free: int
    longest: int

    def of(self, *parts: str) -> "Counter":
        """The counter of these parts under this limit."""
        text = "\0".join((self.name, *parts))
        return Counter(self, salted_hmac("ecom.customers.throttle", text, algorithm="sha256").hexdigest())


@dataclass(frozen=True, slots=True)
class Counter:
    """Attempts of one kind from one place, under a key that tells neither."""

    limit: Limit
    key: str


def client_limit(name: str) -> Limit:
    """The limit on what one network address does, whoever is behind it."""
    return Limit(name, free=settings.FREE_ATTEMPTS_PER_CLIENT, longest=300)


class TooManyAttempts(Exception):
    """The attempt must wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds:.0f} s")
        self.seconds = seconds


# The clock is read when the row is locked: an attempt that waited for another one is later than it. A counter that
# rests for an hour begins anew. The rows are locked in the order of their keys, so that two attempts with counters in
# common cannot block each other for good.
_COUNT = f"""
    INSERT INTO customers_throttle AS t (key, attempts, free, longest, blocked_until)
    SELECT key, 1, free, longest, clock_timestamp()
    FROM unnest(%s::text[], %s::int[], %s::int[]) AS counter (key, free, longest) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        attempts = CASE
            WHEN t.blocked_until > clock_timestamp() THEN t.attempts
            WHEN t.blocked_until < clock_timestamp() - interval '{FORGOTTEN_AFTER_SECONDS} seconds' THEN 1
            ELSE t.attempts + 1 END,
        blocked_until = greatest(t.blocked_until, clock_timestamp() + make_interval(secs => CASE
            WHEN t.blocked_until > clock_timestamp() THEN 0
            WHEN t.blocked_until < clock_timestamp() - interval '{FORGOTTEN_AFTER_SECONDS} seconds' THEN 0
            WHEN t.attempts < excluded.free THEN 0
            ELSE least(excluded.longest, 2 ^ least(t.attempts - excluded.free, 30)) END))
    RETURNING extract(epoch FROM old.blocked_until - clock_timestamp())::float
"""  # noqa: S608 - the one value in it is a number of ours

# Read in the same order as they are counted in.
_FORGIVE = """
    UPDATE customers_throttle AS t
    SET attempts = CASE WHEN t.key = ANY(%s) THEN 0 ELSE greatest(t.attempts - 1, 0) END,
        blocked_until = clock_timestamp()
    FROM (SELECT key FROM customers_throttle WHERE key = ANY(%s) ORDER BY key FOR UPDATE) AS mine
    WHERE t.key = mine.key
"""


def count_attempt(counters: Sequence[Counter]) -> None:
    """Count an attempt under each counter. Raises TooManyAttempts where one of them has to wait. One statement."""
    keys, limits = [counter.key for counter in counters], [counter.limit for counter in counters]
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_COUNT, [keys, [limit.free for limit in limits], [limit.longest for limit in limits]])
        wait = max((seconds for (seconds,) in cursor.fetchall() if seconds is not None), default=0)
    if wait > 0:
        raise TooManyAttempts(wait)


def forgive(*, own: Sequence[Counter], shared: Sequence[Counter] = ()) -> None:
    """The attempt was a good one: `own` counters begin anew, `shared` ones lose this attempt alone. One statement."""
    forgotten = [counter.key for counter in own]
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_FORGIVE, [forgotten, [*forgotten, *(counter.key for counter in shared)]])


def purge() -> int:
    """Remove the counters that have rested long enough to begin anew. Returns how many."""
    rested = Now() - timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
    return Throttle.objects.filter(blocked_until__lt=rested).delete()[0]
