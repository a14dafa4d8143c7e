"""What a process's streams have to be told: read once for all of them, in the way polling reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from ecom.apps.gateway import selectors
from ecom.apps.gateway.minutes import MINUTE, parse_time, text_of
from ecom.apps.gateway.selectors import WindowCount
from ecom.apps.gateway.shown import Shown, shown

RESUMED_MINUTES = 30  # what was missed longer ago is not sent again: GET has it
FIRST_MINUTES = 2  # of a product, before the first update: the newest may not be final yet
PRODUCTS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What streams ask for. Minutes are texts.

    `resumed` are those who come again, by the last minute they saw and their limit; `products` have the earliest of the
    minutes that their streams were told last, "" where none was.
    """

    limits: frozenset[int]
    resumed: frozenset[tuple[str, int]]
    products: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Update:
    """The present state. `missed` has, for each of `Wanted.resumed`, minutes and their lists, oldest first."""

    newest_window_start: str
    trending: dict[int, Shown]
    missed: dict[tuple[str, int], list[tuple[str, Shown]]]
    series: dict[str, list[WindowCount]]


def read_update(wanted: Wanted) -> Update:
    """Read what is wanted. Raises TablesUnavailable."""
    freshness = selectors.freshness()
    newest = freshness.newest_window_start
    trending = {limit: shown(selectors.trending(window=None, limit=limit), freshness) for limit in wanted.limits}
    if newest is None:
        return Update("", trending, {}, {})
    minute = parse_time(newest)
    missed = {
        (last_seen, limit): [
            (found.window_start or "", shown(found, freshness))
            for found in selectors.trending_between(since=_earliest(last_seen, minute), until=minute, limit=limit)
        ]
        for last_seen, limit in wanted.resumed
    }
    return Update(newest, trending, missed, _series(wanted.products, minute))


def first_told(newest_window_start: str) -> str:
    """The minute before the first of a product that a new stream is told."""
    return text_of(parse_time(newest_window_start) - FIRST_MINUTES * MINUTE)


def _series(products: Mapping[str, str], newest: datetime) -> dict[str, list[WindowCount]]:
    """Of each product the final minutes, from the earliest that somebody has not been told."""
    first = first_told(text_of(newest))
    by_start: dict[datetime, list[str]] = {}
    for product_id, told in products.items():
        by_start.setdefault(_earliest(min(told or first, first), newest), []).append(product_id)
    series: dict[str, list[WindowCount]] = {}
    for since, product_ids in by_start.items():
        for at in range(0, len(product_ids), PRODUCTS_AT_ONCE):
            some = product_ids[at : at + PRODUCTS_AT_ONCE]
            found = selectors.series(product_ids=some, since=since, until=newest + MINUTE)
            series |= dict(zip(some, map(_final, found), strict=True))
    return series


def _final(windows: list[WindowCount]) -> list[WindowCount]:
    return list(takewhile(lambda window: window.is_final, windows))


def _earliest(last_seen: str, newest: datetime) -> datetime:
    return max(parse_time(last_seen), newest - RESUMED_MINUTES * MINUTE)
