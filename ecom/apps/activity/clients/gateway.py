"""The gateway's public API, as shoppers and dashboards use it.

What it is relied on for: `POST /activity/events` answers each event by its index, `GET /products` pages through the
catalogue, and `GET /analytics/products/{product_id}` gives a product's minutes, those without shoppers as 0.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec
import urllib3
from msgspec import UNSET, UnsetType

from ecom.apps.activity.clocks import rfc3339
from ecom.contracts.raw_event import RawEvent

CONNECT_SECONDS = 2.0
READ_SECONDS = 15.0
DEFAULT_RETRY_SECONDS = 1.0
MAX_RETRY_SECONDS = 60.0
PRODUCTS_PAGE = 100

Answer = TypeVar("Answer")


class GatewayError(Exception):
    """The gateway did not do what it was asked; the message says what it answered."""


class Unavailable(GatewayError):
    """It cannot now: ask again after `retry_after` seconds."""

    def __init__(self, detail: str, *, retry_after: float = DEFAULT_RETRY_SECONDS) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Refused(GatewayError):
    """It will not, however often it is asked."""


class EventResult(msgspec.Struct, frozen=True):
    """What became of one event: `outcome` is accepted, invalid or retry."""

    index: int
    outcome: str
    errors: list[dict[str, str]] | UnsetType = UNSET


class _Results(msgspec.Struct):
    results: list[EventResult] | UnsetType = UNSET


class _Minute(msgspec.Struct):
    window_start: datetime
    unique_user_count: int


class _Series(msgspec.Struct):
    results: list[_Minute]


class _Product(msgspec.Struct):
    product_id: str


class _Products(msgspec.Struct):
    results: list[_Product]
    next: str | None = None


class GatewayClient:
    """Calls from any number of threads, at most `connections` at once. `token` is a service account's."""

    def __init__(self, address: str, *, token: str | None = None, connections: int = 8) -> None:
        self._address = address
        headers = {"User-Agent": "ecom-shoppers/1.0", **({"Authorization": f"Bearer {token}"} if token else {})}
        self._pool = urllib3.PoolManager(
            maxsize=connections,
            block=True,
            headers=headers,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )

    def send_events(self, events: Sequence[RawEvent]) -> list[EventResult]:
        """Send up to 500 events. Raises Unavailable where none was taken, Refused where the request is at fault."""
        body = msgspec.json.encode(list(events))
        answer = self._request("POST", "/activity/events", body=body, headers={"Content-Type": "application/json"})
        results = _decoded(answer, _Results).results if answer.status in {202, 422} else UNSET
        if results is UNSET:
            raise _refusal(answer)
        return results

    def product_ids(self, *, limit: int) -> list[str]:
        """The first `limit` products of the catalogue."""
        found: list[str] = []
        query: dict[str, str] | None = {"limit": str(PRODUCTS_PAGE)}
        while query is not None and len(found) < limit:
            page = _decoded(self._got("/products", query), _Products)
            found += [product.product_id for product in page.results]
            # The link's host is for the outside; only its cursor matters here.
            query = dict(parse_qsl(urlsplit(page.next).query)) if page.next else None
        return found[:limit]

    def shoppers_by_minute(self, product_id: str, *, start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
        """The minutes from `start` (inclusive) to `end` (exclusive) and the shoppers that the product had in each."""
        path = f"/analytics/products/{quote(product_id, safe='')}"
        series = _decoded(self._got(path, {"from": rfc3339(start), "to": rfc3339(end)}), _Series)
        return ((minute.window_start, minute.unique_user_count) for minute in series.results)

    def _got(self, path: str, query: dict[str, str]) -> urllib3.BaseHTTPResponse:
        answer = self._request("GET", path, fields=query)
        if answer.status != 200:
            raise _refusal(answer)
        return answer

    def _request(self, method: str, path: str, **arguments: Any) -> urllib3.BaseHTTPResponse:
        """The pool's headers are the defaults; those of a call are added to them."""
        headers = {**self._pool.headers, **arguments.pop("headers", {})}
        try:
            return self._pool.request(method, f"{self._address}{path}", headers=headers, **arguments)
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"{method} {self._address}{path}: {type(error).__name__}") from error


def _refusal(answer: urllib3.BaseHTTPResponse) -> GatewayError:
    detail = f"HTTP {answer.status}: {answer.data[:300].decode(errors='replace')}"
    if answer.status == 429 or answer.status >= 500:
        return Unavailable(detail, retry_after=_retry_after(answer))
    return Refused(detail)


def _retry_after(answer: urllib3.BaseHTTPResponse) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), MAX_RETRY_SECONDS) if text.isdecimal() else DEFAULT_RETRY_SECONDS


def _decoded(answer: urllib3.BaseHTTPResponse, kind: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(answer.data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"HTTP {answer.status} with an answer that is not ours: {error}") from error
