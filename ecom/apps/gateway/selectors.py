"""Analytics as they are shown: series without gaps, trending products, and how fresh both are."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson
from django.conf import settings

from ecom.apps.gateway.clients import analytics_tables
from ecom.apps.gateway.clients.analytics_tables import Item
from ecom.apps.gateway.minutes import MINUTE, parse_time, text_of
from ecom.apps.gateway.recently_read import RecentlyRead

NEWEST_SECONDS = 1.0  # a window comes once a minute


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
    is_final: bool


@dataclass(frozen=True, slots=True)
class Trending:
    """The products of one minute with the most shoppers, in descending order; `products` as the job wrote them."""

    window_start: str | None
    window_end: str | None
    products: list[dict[str, Any]]
    expires_at: float = float("inf")


_NOTHING = Trending(None, None, [])


def product_series(*, product_id: str, since: datetime, until: datetime) -> list[WindowCount]:
    """Every minute from `since` to before `until` (whole minutes), 0 where nobody came. Raises TablesUnavailable."""
    empty_until = _empty_minutes_final_until()  # before the items, so that none comes in between
    items = analytics_tables.product_windows(
        product_id=product_id, first=text_of(since), last=text_of(until - MINUTE), now=_now_seconds()
    )
    counted = {item["window_start"]["S"]: item for item in items}
    starts = [since + minute * MINUTE for minute in range((until - since) // MINUTE)]
    texts = [text_of(start) for start in (*starts, until)]
    return [
        _window(product_id, start, end, counted.get(start), is_final=end <= empty_until)
        for start, end in pairwise(texts)
    ]


def trending(*, window: datetime | None) -> Trending:
    """The top products of a minute, or of the newest that had any (None). Raises TablesUnavailable."""
    if window is None:
        found = _newest_trending.get()
        return found if found.expires_at > _now_seconds() else _NOTHING
    found = _trending(analytics_tables.trending_window(window_start=text_of(window)))
    if found.window_start and found.expires_at > _now_seconds():
        return found
    return Trending(text_of(window), text_of(window + MINUTE), [])


def freshness() -> Freshness:
    """How old the newest window is. Raises TablesUnavailable."""
    return _freshness(_newest_status.get())


def last_known_freshness() -> Freshness:
    """The same by what this process read last, for when DynamoDB is away."""
    return _freshness(_newest_status.last_known())


def is_final(found: Trending) -> bool:
    """Whether this minute's list can no longer change. Raises TablesUnavailable."""
    return bool(found.products) or (found.window_end or "~") <= _empty_minutes_final_until()


def _window(product_id: str, start: str, end: str, item: Item | None, *, is_final: bool) -> WindowCount:
    """`is_final` is for a minute without an item; the job writes an item only when its window is finished."""
    if item is None:
        return WindowCount(product_id, start, end, 0, 0, 0, is_final)
    return WindowCount(
        product_id,
        start,
        end,
        _number(item, "unique_user_count"),
        _number(item, "verified_user_count"),
        _number(item, "event_count"),
        is_final=True,
    )


def _number(item: Item, name: str) -> int:
    """0 where an item lacks a count that was added later."""
    return int(item[name]["N"]) if name in item else 0


def _trending(item: Item | None) -> Trending:
    if item is None:
        return _NOTHING
    expires_at = float(item["expires_at"]["N"]) if "expires_at" in item else float("inf")
    return Trending(item["window_start"]["S"], item["window_end"]["S"], orjson.loads(item["products"]["S"]), expires_at)


def _freshness(status: Item | None) -> Freshness:
    if status is None:
        return Freshness(None, None, "unknown", None)
    age = (datetime.now(UTC) - parse_time(status["window_end"]["S"])).total_seconds()
    state = "live" if age <= settings.ANALYTICS_STALE_SECONDS else "stale"
    return Freshness(status["window_start"]["S"], max(0, int(age)), state, _number(status, "event_count"))


def _empty_minutes_final_until() -> str:
    """The end of the last minute whose missing items mean that nobody came; times in this form sort as texts.

    It is a minute before the newest status row's, which may be written while the same window's items still are.
    """
    status = _newest_status.get()
    return text_of(parse_time(status["window_end"]["S"]) - MINUTE) if status else ""


def _now_seconds() -> int:
    return int(datetime.now(UTC).timestamp())


def _read_newest_trending() -> Trending:
    attributes = "window_start, window_end, products, expires_at"
    return _trending(analytics_tables.newest(granularity="1m", attributes=attributes))


def _read_newest_status() -> Item | None:
    return analytics_tables.newest(granularity="status", attributes="window_start, window_end, event_count")


_newest_trending = RecentlyRead(_read_newest_trending, seconds=NEWEST_SECONDS)
_newest_status = RecentlyRead(_read_newest_status, seconds=NEWEST_SECONDS)
