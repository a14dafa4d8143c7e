"""Analytics as they are shown: series without gaps, trending products, and how fresh both are."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any

import orjson
from django.conf import settings

from ecom.apps.gateway.clients import analytics_tables, catalog
from ecom.apps.gateway.clients.analytics_tables import COUNTS, Item
from ecom.apps.gateway.kept_readings import KeptReadings, Newest, Reading
from ecom.apps.gateway.minutes import MINUTE, parse_time, text_of
from ecom.apps.gateway.one_read import OneRead
from ecom.apps.gateway.product_hours import expiry, number, windows_of
from ecom.apps.gateway.recently_read import RecentlyRead

NEWEST_SECONDS = 1.0  # a window comes once a minute
AHEAD_SECONDS = 1.0  # by which a status row may be there before its window's other rows
KEPT_BYTES = 8 * 1024 * 1024  # of trending minutes, in each process


@dataclass(frozen=True, slots=True)
class Freshness:
    """The job's newest finished window.

    `state` is `live` while windows keep coming, with shoppers or without; `stale` when they stopped, which is the job's
    fault and not a quiet shop's; `unknown` before the first. `age_seconds` counts from the window's end.
    """

    newest_window_start: str | None
    age_seconds: int | None
    state: str
    newest_window_event_count: int | None


@dataclass(frozen=True, slots=True)
class WindowCount:
    """One product's minute. Until `is_final`, a count of 0 means that the minute may not be counted yet."""

    product_id: str
    window_start: str
    window_end: str
    unique_user_count: int
    verified_user_count: int
    event_count: int
    bot_event_count: int
    view_count: int
    cart_count: int
    wishlist_count: int
    purchase_count: int
    other_count: int
    is_final: bool = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class TrendingProduct:
    """A product in a minute's list. `title` is None where the catalog knows none or is away, a count where the job did
    not write it then.
    """

    product_id: str
    title: str | None
    unique_user_count: int
    verified_user_count: int | None
    event_count: int
    view_count: int | None
    cart_count: int | None
    wishlist_count: int | None
    purchase_count: int | None
    other_count: int | None


@dataclass(frozen=True, slots=True)
class Trending:
    """The products of one minute with the most shoppers, in descending order. A final list does not change any more."""

    window_start: str | None
    window_end: str | None
    is_final: bool
    results: list[TrendingProduct]


@dataclass(frozen=True, slots=True)
class _Minute:
    """A minute's whole list, as the job wrote it."""

    window_start: str | None
    window_end: str | None
    products: list[dict[str, Any]]


_NOTHING = _Minute(None, None, [])
_NO_COUNTS = (0,) * len(COUNTS)
_IN_TRENDING = TrendingProduct.__slots__[2:]


def series(*, product_ids: Sequence[str], since: datetime, until: datetime) -> list[list[WindowCount]]:
    """For each product every minute from `since` to before `until` (whole minutes), 0 where nobody came.

    Costs at most one Query for each product, and none while nothing has changed. Raises TablesUnavailable.
    """
    newest = _newest.get()  # before the items, so that none comes in between
    windows = windows_of(product_ids=product_ids, since=since, until=until, newest=newest)
    starts = [since + minute * MINUTE for minute in range((until - since) // MINUTE)]
    minutes = list(pairwise(map(text_of, (*starts, until))))
    empty_until = newest.window_start  # a minute before its end: the newest window's items may be on their way
    return [
        [
            WindowCount(
                product_id, start, end, *found.get(start, _NO_COUNTS), is_final=start in found or end <= empty_until
            )
            for start, end in minutes
        ]
        for product_id, found in zip(product_ids, windows, strict=True)
    ]


def trending(*, window: datetime | None, limit: int) -> Trending:
    """The top products of a minute, or of the newest that had any (None). Raises TablesUnavailable."""
    newest = _newest.get()
    start = text_of(window) if window else None
    reading = _kept_minutes().find(start, newest)
    if reading is None:
        with analytics_tables.waiting():
            reading = _one_read.of((start, newest.row), lambda: _minute_reading(start, newest))
    found: _Minute = reading.value
    if window and found.window_start is None:
        found = _Minute(start, text_of(window + MINUTE), [])
    return _shown(found, limit, newest)


def trending_between(*, since: datetime, until: datetime, limit: int) -> list[Trending]:
    """The lists of the minutes from `since` to before `until` that have one, by one Query. Raises TablesUnavailable.

    `until` is the newest window or before it.
    """
    newest = _newest.get()
    starts = [text_of(since + minute * MINUTE) for minute in range((until - since) // MINUTE)]
    found: Sequence[Reading | None] = [_kept_minutes().find(start, newest) for start in starts]
    if not all(found):
        with analytics_tables.waiting():
            found = _one_read.of((*starts, newest.row), lambda: _minute_readings(starts, newest))
    minutes = [reading.value for reading in found if reading and reading.value.products]
    catalog.titles({product["product_id"] for minute in minutes for product in minute.products[:limit]})
    return [_shown(minute, limit, newest) for minute in minutes]


def freshness() -> Freshness:
    """How old the newest window is. Raises TablesUnavailable."""
    return _freshness(_newest.get())


def last_known_freshness() -> Freshness:
    """The same by what this process read last, for when DynamoDB is away."""
    return _freshness(_newest.last_known() or Newest())


def _shown(found: _Minute, limit: int, newest: Newest) -> Trending:
    """With titles, which cost one call of the catalog where they are not known."""
    products = found.products[:limit]
    titles = catalog.titles([product["product_id"] for product in products])
    is_final = bool(products) or (found.window_end or "~") <= newest.window_start
    results = [_named(product, titles[product["product_id"]]) for product in products]
    return Trending(found.window_start, found.window_end, is_final, results)


def _named(product: dict[str, Any], title: str | None) -> TrendingProduct:
    counts: dict[str, Any] = {name: product.get(name) for name in _IN_TRENDING}
    return TrendingProduct(product["product_id"], title, **counts)


def _minute_reading(start: str | None, newest: Newest) -> Reading:
    """The minute's list, or the newest. Somebody may have been through with it a moment ago."""
    if kept := _kept_minutes().find(start, newest):
        return kept
    item = analytics_tables.trending_window(window_start=start) if start else analytics_tables.newest_trending()
    return _keep_minute(start, item, newest)


def _minute_readings(starts: Sequence[str], newest: Newest) -> list[Reading]:
    now = int(time.time())
    read = analytics_tables.trending_windows(first=starts[0], last=starts[-1], now=now)
    items = {item["window_start"]["S"]: item for item in read}
    return [_keep_minute(start, items.get(start), newest) for start in starts]


def _keep_minute(start: str | None, read: Item | None, newest: Newest) -> Reading:
    item = read if read and expiry(read) > time.time() else None
    reading = Reading(
        _minute(item),
        newest,
        closed=start is not None and start < newest.window_start,
        whole=_is_whole(item, start, newest),
        ends_at=expiry(item) if item else float("inf"),
        size=4 * len(item["products"]["S"]) if item else 0,  # parsed, it takes so much more
    )
    return _kept_minutes().keep(start, reading)


def _is_whole(item: Item | None, start: str | None, newest: Newest) -> bool:
    """Whether the newest window's list is there, if this is about it and it has one."""
    if start:
        return item is not None or start > newest.window_start
    return newest.event_count == 0 or (item is not None and item["window_start"]["S"] >= newest.window_start)


def _minute(item: Item | None) -> _Minute:
    if item is None:
        return _NOTHING
    return _Minute(item["window_start"]["S"], item["window_end"]["S"], orjson.loads(item["products"]["S"]))


def _freshness(newest: Newest) -> Freshness:
    if not newest.window_start:
        return Freshness(None, None, "unknown", None)
    age = (datetime.now(UTC) - parse_time(newest.window_end)).total_seconds()
    state = "live" if age <= settings.ANALYTICS_STALE_SECONDS else "stale"
    return Freshness(newest.window_start, max(0, int(age)), state, newest.event_count)


def _read_newest() -> Newest:
    item = analytics_tables.newest_status()
    if item is None:
        return Newest()
    window = (item["window_start"]["S"], item["window_end"]["S"])
    newest = Newest(*window, number(item, "event_count"), item["updated_at"]["S"], since=time.monotonic())
    last = _newest.last_known()
    return last if last and (last.row == newest.row or _is_ahead(newest, last)) else newest


def _is_ahead(newest: Newest, last: Newest) -> bool:
    """Whether the next window's other rows may still be on their way: the job writes them beside its status.

    Looking once more before it counts makes one reading of two, and one update of two for all who are told. Where the
    job's clock is wrong by more than that second, they are read again (`kept_readings.py`).
    """
    if newest.event_count == 0 or newest.window_start != last.window_end:
        return False
    return 0 <= (datetime.now(UTC) - parse_time(newest.updated_at)).total_seconds() < AHEAD_SECONDS


@cache
def _kept_minutes() -> KeptReadings:
    return KeptReadings(max_bytes=KEPT_BYTES)


_one_read = OneRead()
_newest = RecentlyRead(_read_newest, seconds=NEWEST_SECONDS, waiting=analytics_tables.waiting)
