"""The query parameters of the analytics endpoints, checked one by one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import QueryDict

from ecom.apps.gateway.minutes import MINUTE, ceiling, floor, parse_time, text_of
from ecom.common.problems import FieldError

DEFAULT_MINUTES = 60
MAX_MINUTES = 24 * 60
DEFAULT_LIMIT, MAX_LIMIT = 10, 100
MAX_PRODUCT_ID = 64
MAX_PRODUCTS = 20
MAX_STREAM_PRODUCTS = 5
MAX_WINDOWS = 5 * MAX_MINUTES  # of all products of an answer: some 2 MB


class InvalidParameter(Exception):
    """A parameter that is not what it must be."""

    def __init__(self, name: str, detail: str, code: str = "invalid") -> None:
        super().__init__(detail)
        self.error = FieldError(pointer=name, code=code, detail=detail)


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """The minutes that start at `since` or later, and before `until`; both are whole minutes."""

    product_ids: list[str]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class TrendingQuery:
    """One minute, or None for the newest, and how many of its products."""

    window: datetime | None
    limit: int


@dataclass(frozen=True, slots=True)
class StreamQuery:
    """The products whose series are told beside the trending ones, and how many of those."""

    product_ids: tuple[str, ...]
    limit: int


def series_query(product_id: str, query: QueryDict) -> SeriesQuery:
    """`from` and `to`; without them the 60 minutes before the present one. Raises InvalidParameter."""
    _only(query, {"from", "to"})
    _check_product_id("product_id", product_id)
    return SeriesQuery([product_id], *_range(query))


def products_query(query: QueryDict) -> SeriesQuery:
    """`ids`, `from` and `to`, for some products at once. Raises InvalidParameter."""
    _only(query, {"ids", "from", "to"})
    product_ids = list(dict.fromkeys(query.get("ids", "").split(",")))
    if not 1 <= len(product_ids) <= MAX_PRODUCTS or "" in product_ids:
        raise InvalidParameter("ids", f"ids are 1 to {MAX_PRODUCTS} product ids with commas between them.")
    for product_id in product_ids:
        _check_product_id("ids", product_id)
    since, until = _range(query)
    if len(product_ids) * (until - since) > MAX_WINDOWS * MINUTE:
        detail = f"ids times minutes may be {MAX_WINDOWS} at most; ask for fewer products or a shorter time."
        raise InvalidParameter("from", detail, "max_value")
    return SeriesQuery(product_ids, since, until)


def _check_product_id(name: str, product_id: str) -> None:
    if len(product_id) > MAX_PRODUCT_ID:
        raise InvalidParameter(name, f"A product_id has at most {MAX_PRODUCT_ID} characters.", "max_length")


def _range(query: QueryDict) -> tuple[datetime, datetime]:
    until = _minute(query, "to") or floor(datetime.now(UTC))
    since = _minute(query, "from") or max(until, _EARLIEST) - DEFAULT_MINUTES * MINUTE
    if since >= until:
        raise InvalidParameter("from", "from must be before to, by a minute or more.")
    if until - since > MAX_MINUTES * MINUTE:
        raise InvalidParameter("from", f"from and to may lie {MAX_MINUTES} minutes apart at most.", "max_value")
    return since, until


def trending_query(query: QueryDict) -> TrendingQuery:
    """`window` (a minute, or `newest`) and `limit`. Raises InvalidParameter."""
    _only(query, {"window", "limit"})
    return TrendingQuery(_window(query.get("window", "newest")), _limit(query.get("limit", str(DEFAULT_LIMIT))))


def stream_query(query: QueryDict) -> StreamQuery:
    """`product_id`, once for each product, and `limit`. Raises InvalidParameter."""
    _only(query, {"product_id", "limit"})
    product_ids = tuple(dict.fromkeys(query.getlist("product_id")))
    if len(product_ids) > MAX_STREAM_PRODUCTS or "" in product_ids:
        raise InvalidParameter(
            "product_id", f"A stream tells of {MAX_STREAM_PRODUCTS} products at most, each by its id."
        )
    for product_id in product_ids:
        _check_product_id("product_id", product_id)
    return StreamQuery(product_ids, _limit(query.get("limit", str(DEFAULT_LIMIT))))


def past_minute(text: str) -> str:
    """A minute as the tables name it, "" where the text is no such minute of the past."""
    try:
        minute = text_of(floor(parse_time(text)))
    except ValueError:
        return ""
    return text if minute == text and _FIRST_EVER < text <= text_of(datetime.now(UTC)) else ""


_FIRST_EVER = "1970"
_EARLIEST = datetime(1, 1, 1, tzinfo=UTC) + timedelta(minutes=DEFAULT_MINUTES)


def _window(text: str) -> datetime | None:
    if text == "newest":
        return None
    window = _time("window", text)
    if window != floor(window):
        raise InvalidParameter("window", "window is the start of a minute, such as 2025-11-23T12:40:00Z, or newest.")
    return window


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise InvalidParameter("limit", f"limit is a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def _minute(query: QueryDict, name: str) -> datetime | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return ceiling(_time(name, text))
    except ValueError as error:
        raise InvalidParameter(name, f"{name} lies beyond the calendar.") from error


def _time(name: str, text: str) -> datetime:
    try:
        time = parse_time(text)
        time + MINUTE
    except (ValueError, OverflowError) as error:
        hint = " In a URL, + is written %2B." if " " in text else ""
        raise InvalidParameter(name, f"{name} must be an RFC 3339 time such as 2025-11-23T12:40:00Z.{hint}") from error
    return time


def _only(query: QueryDict, known: Collection[str]) -> None:
    for name in query:
        if name not in known:
            raise InvalidParameter(name[:64], f"The parameters are {', '.join(sorted(known))}.", "unknown")
