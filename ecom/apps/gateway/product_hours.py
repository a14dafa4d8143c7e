"""Products' windows by the hour: what is read of DynamoDB by one Query, and kept."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import chain

from ecom.apps.gateway.clients import analytics_tables
from ecom.apps.gateway.clients.analytics_tables import COUNTS, Item
from ecom.apps.gateway.kept_readings import MAX_BYTES, KeptReadings, Newest, Reading
from ecom.apps.gateway.minutes import text_of
from ecom.apps.gateway.one_read import OneRead

HOUR = timedelta(hours=1)
WINDOW_BYTES = 600  # of a window in memory, roughly

# One product's windows: the numbers of `COUNTS` by the window's start.
Windows = dict[str, tuple[int, ...]]


def windows_of(*, product_ids: Sequence[str], since: datetime, until: datetime, newest: Newest) -> list[Windows]:
    """For each product the windows of all hours that lie between, in part or wholly. Raises TablesUnavailable.

    One Query for each product of which an hour is not kept, some at the same time.
    """
    hours = _hours(since, until)
    kept = {product_id: _kept(product_id, hours, newest) for product_id in product_ids}
    missing = [product_id for product_id in product_ids if len(kept[product_id]) < len(hours)]
    if missing:
        complete = partial(_complete, hours=hours, newest=newest)
        with analytics_tables.waiting():
            found = [complete(missing[0])] if len(missing) == 1 else analytics_tables.side_by_side(complete, missing)
        kept |= dict(zip(missing, found, strict=True))
    return [dict(chain.from_iterable(hour.items() for hour in kept[product_id].values())) for product_id in product_ids]


@cache
def kept_hours() -> KeptReadings:
    """This process's readings."""
    return KeptReadings(max_bytes=MAX_BYTES)


_one_read = OneRead()


def _kept(product_id: str, hours: Iterable[str], newest: Newest) -> dict[str, Windows]:
    found = ((hour, kept_hours().find((product_id, hour), newest)) for hour in hours)
    return {hour: reading.value for hour, reading in found if reading}


def _complete(product_id: str, *, hours: Sequence[str], newest: Newest) -> dict[str, Windows]:
    """The windows of a product by hour, of which at least one must be read."""
    return _one_read.of((product_id, hours[0], hours[-1], newest.row), lambda: _kept_or_read(product_id, hours, newest))


def _kept_or_read(product_id: str, hours: Sequence[str], newest: Newest) -> dict[str, Windows]:
    kept = _kept(product_id, hours, newest)  # somebody may have been through a moment ago
    missing = [hour for hour in hours if hour not in kept]
    if not missing:
        return kept
    between = hours[hours.index(missing[0]) : hours.index(missing[-1]) + 1]
    items: dict[str, list[Item]] = {hour: [] for hour in between}
    for item in analytics_tables.product_windows(
        product_id=product_id, first=_minute(between[0], 0), last=_minute(between[-1], 59), now=_now()
    ):
        items[item["window_start"]["S"][:13]].append(item)
    read = {hour: _reading(hour, found, newest) for hour, found in items.items()}
    return kept | {hour: kept_hours().keep((product_id, hour), reading).value for hour, reading in read.items()}


def _reading(hour: str, items: Sequence[Item], newest: Newest) -> Reading:
    windows = {item["window_start"]["S"]: tuple(number(item, name) for name in COUNTS) for item in items}
    return Reading(
        windows,
        newest,
        closed=_minute(hour, 59) < newest.window_start,
        whole=newest.window_start in windows or _minute(hour, 0) > newest.window_start,
        ends_at=min(map(expiry, items), default=float("inf")),
        size=WINDOW_BYTES * len(items),
    )


def number(item: Item, name: str) -> int:
    """A count; 0 where an item lacks one that was added later."""
    return int(item[name]["N"]) if name in item else 0


def expiry(item: Item) -> float:
    """When an item expires, in epoch seconds."""
    return float(item["expires_at"]["N"]) if "expires_at" in item else float("inf")


def _hours(since: datetime, until: datetime) -> list[str]:
    """The hours between as the tables begin their times: 2025-11-23T12."""
    first = since.replace(minute=0)
    return [text_of(first + hour * HOUR)[:13] for hour in range(-(-(until - first) // HOUR))]


def _minute(hour: str, minute: int) -> str:
    return f"{hour}:{minute:02}:00Z"


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
