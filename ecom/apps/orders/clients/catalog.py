"""What orders asks of the catalog: products as they are now, and units to be held, sold or given back.

Remote contract, all JSON over HTTP:

- `GET /products?ids=a,b` (100 ids at most): 200 with `results` of the active ones; open to anyone.
- `PUT /internal/reservations/{order_id}` `{"lines": [{"product_id", "quantity"}]}`: 201, or 200 for the same again,
  with the lines and their title and price; 409 `out-of-stock` with `shortages`, 409 `reservation-differs` or
  `reservation-ended`. All or nothing. A hold that is not confirmed ends by itself.
- `POST /internal/reservations/confirm` and `/release` `{"order_ids": [...]}` (500 at most): 200 with an outcome each.
- `GET /internal/reservations?state=held,confirmed`: pages of what is held and sold.

All but the first need a token for `catalog` with the scope `catalog:reserve`. Every call means the same when it is sent
again, so each is, once, where the connection was closed before an answer. `CatalogError` is the root of what can go
wrong; after `CatalogAway` nobody knows whether a call was carried out.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
from django.conf import settings
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3.exceptions import HTTPError, ProtocolError

from ecom.common.request_context import current_request_context
from ecom.common.service_tokens import NoServiceToken, ServiceTokens

CONNECT_SECONDS = 1.0
PRODUCTS_SECONDS = 1.5  # a cart can be shown without
RESERVATION_SECONDS = 3.0
BATCH_SECONDS = 10.0  # only the worker waits so long
POOL_SECONDS = 0.5  # for one of the connections; where none is given back in that time, the catalog is stuck
MAX_ANSWER = 2 * 1024 * 1024
MAX_BATCH = 500
AUDIENCE = "catalog"

Shape = TypeVar("Shape")


class CatalogError(Exception):
    """The catalog did not do what it was asked."""


class CatalogAway(CatalogError):
    """It was not reached, was too late, or did not answer as agreed. Whether a call was carried out is not known."""


class OutOfStock(CatalogError):
    """Not everything can be sold; nothing is held.

    `shortages` say what was short at that moment, `positions` where each product stood among the lines, from 0.
    """

    def __init__(self, shortages: "Sequence[Shortage]", lines: "Sequence[Line]") -> None:
        super().__init__(", ".join(shortage.product_id for shortage in shortages))
        self.positions = {line.product_id: position for position, line in enumerate(lines)}
        self.shortages = [shortage for shortage in shortages if shortage.product_id in self.positions]


class ReservationTaken(CatalogError):
    """Under this order's id there is, or was, a hold that cannot be made again: of other lines, or one that ended."""


class Money(msgspec.Struct, frozen=True):
    """`amount` is in minor units of the ISO 4217 `currency`."""

    amount: int
    currency: str


class Product(msgspec.Struct, frozen=True):
    """An active product as it is now; `stock` is how many can be sold."""

    product_id: str
    title: str
    price: Money
    stock: int


class Line(msgspec.Struct, frozen=True):
    """So many of a product."""

    product_id: str
    quantity: int


class SoldLine(msgspec.Struct, frozen=True):
    """So many of a product, held, with its title and the price of one at that moment."""

    product_id: str
    quantity: int
    title: str
    price: Money


class Shortage(msgspec.Struct, frozen=True):
    """Fewer are `available` than were `requested`."""

    product_id: str
    requested: int
    available: int


class Reservation(msgspec.Struct, frozen=True):
    """Units that are held for an order, or sold to it."""

    order_id: str
    state: Literal["held", "confirmed"]
    created_at: datetime
    lines: list[Line]


Outcome = Literal["confirmed", "released", "expired", "unknown"]


class _Products(msgspec.Struct, frozen=True):
    results: list[Product]


class _Hold(msgspec.Struct, frozen=True):
    lines: list[SoldLine]


class _Problem(msgspec.Struct, frozen=True):
    type: str
    shortages: list[Shortage] = []


class _OutcomeOf(msgspec.Struct, frozen=True):
    order_id: str
    outcome: Outcome


class _Outcomes(msgspec.Struct, frozen=True):
    results: list[_OutcomeOf]


class _Reservations(msgspec.Struct, frozen=True):
    results: list[Reservation]
    next: str | None


def products(product_ids: Collection[str]) -> dict[str, Product]:
    """The active products among these (100 at most), by id; none without a call. Raises CatalogAway."""
    if not product_ids:
        return {}
    target = f"/products?{urlencode({'ids': ','.join(product_ids)})}"
    _, body = _asked("GET", target, seconds=PRODUCTS_SECONDS)
    return {product.product_id: product for product in _decoded(body, _Products).results}


def reserve(*, order_id: str, lines: Sequence[Line]) -> list[SoldLine]:
    """Hold these units for the order, all or none; the lines as sold, in the given order.

    Raises OutOfStock, ReservationTaken, CatalogAway (then units may be held, until their hold ends).
    """
    status, body = _asked(
        "PUT",
        f"/internal/reservations/{order_id}",
        body={"lines": lines},
        seconds=RESERVATION_SECONDS,
        expected=(200, 201, 409),
        headers=_authorization(),
    )
    if status == 409:
        raise _refusal(_decoded(body, _Problem), lines)
    sold = {line.product_id: line for line in _decoded(body, _Hold).lines}
    held = [sold[line.product_id] for line in lines if line.product_id in sold]
    if [(line.product_id, line.quantity) for line in held] != [(line.product_id, line.quantity) for line in lines]:
        raise CatalogAway("it holds other lines than it was asked for")
    return held


def _refusal(problem: _Problem, lines: Sequence[Line]) -> CatalogError:
    if problem.type.endswith(":out-of-stock") and problem.shortages:
        return OutOfStock(problem.shortages, lines)
    if problem.type.endswith((":reservation-differs", ":reservation-ended")):
        return ReservationTaken(problem.type)
    return CatalogAway(f"it refused with {problem.type}")


def confirm(order_ids: Sequence[str]) -> dict[str, Outcome]:
    """The units of these orders (500 at most) are sold. The outcome of each; anything but `confirmed`: there are none.

    Raises CatalogAway.
    """
    return _settled("confirm", order_ids)


def release(order_ids: Sequence[str]) -> dict[str, Outcome]:
    """The units of these orders (500 at most) can be sold again. The outcome of each. Raises CatalogAway."""
    return _settled("release", order_ids)


def _settled(what: str, order_ids: Sequence[str]) -> dict[str, Outcome]:
    target, body = f"/internal/reservations/{what}", {"order_ids": order_ids}
    _, answer = _asked("POST", target, body=body, seconds=BATCH_SECONDS, headers=_authorization())
    return {result.order_id: result.outcome for result in _decoded(answer, _Outcomes).results}


def reservations() -> Iterator[list[Reservation]]:
    """All that is held or sold, page by page. Raises CatalogAway."""
    target: str | None = "/internal/reservations?state=held,confirmed&limit=500"
    while target:
        _, body = _asked("GET", target, seconds=BATCH_SECONDS, headers=_authorization())
        page = _decoded(body, _Reservations)
        yield page.results
        target = page.next


def _asked(
    method: str,
    target: str,
    *,
    seconds: float,
    body: Any = None,
    expected: Collection[int] = (200,),
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Status and body of an answer with an expected status, within `seconds`. Raises CatalogAway."""
    deadline = time.monotonic() + seconds
    content = None if body is None else msgspec.json.encode(body)
    sent = {**_headers(content), **(headers or {})}
    try:
        response = _sent(method, target, content, sent, deadline)
        answer = _read(response, deadline)
    except HTTPError as error:
        raise CatalogAway(f"{type(error).__name__}: {error}") from error
    if response.status == 401:
        _service_tokens().refused(AUDIENCE)
    if response.status not in expected:
        raise CatalogAway(f"it answered {response.status}")
    return response.status, answer


def _sent(
    method: str, target: str, content: bytes | None, headers: Mapping[str, str], deadline: float
) -> BaseHTTPResponse:
    """The answer's beginning; sent once more where a kept connection turned out to be closed."""
    for last in (False, True):
        left = max(0.01, deadline - time.monotonic())
        try:
            return _pool(settings.UPSTREAMS["catalog"], settings.REQUESTS_IN_FLIGHT).urlopen(
                method,
                target,
                body=content,
                headers=headers,
                timeout=Timeout(connect=min(CONNECT_SECONDS, left), read=left),
                pool_timeout=POOL_SECONDS,  # type: ignore[arg-type] # its type is too narrow
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except ProtocolError as error:
            if last or not isinstance(error.args[-1], ConnectionError):
                raise
    raise AssertionError("not reached")


def _read(response: BaseHTTPResponse, deadline: float) -> bytes:
    """The whole body, if it comes in time and is no larger than an answer may be. Raises CatalogAway, HTTPError."""
    body = bytearray()
    try:
        while piece := response.read1(64 * 1024):
            body += piece
            if time.monotonic() > deadline or len(body) > MAX_ANSWER:
                raise CatalogAway("its answer does not end")
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()
    return bytes(body)


def _decoded(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError as error:
        raise CatalogAway(f"its answer is not as agreed: {error}") from error


def _headers(content: bytes | None) -> dict[str, str]:
    headers = {"Accept": "application/json"}
    if content is not None:
        headers["Content-Type"] = "application/json"
    if context := current_request_context():
        headers |= {"X-Request-ID": context.request_id, "traceparent": context.traceparent}
    return headers


def _authorization() -> dict[str, str]:
    try:
        return {"Authorization": f"Bearer {_service_tokens().for_audience(AUDIENCE)}"}
    except NoServiceToken as error:
        raise CatalogAway(str(error)) from error


def _service_tokens() -> ServiceTokens:
    return _tokens(settings.UPSTREAMS["customers"], settings.SERVICE_CLIENT_ID, settings.SERVICE_CLIENT_SECRET)


@cache
def _pool(url: str, slots: int) -> HTTPConnectionPool:
    """Kept connections, and the bound on how many requests may wait for the catalog at once."""
    address = urlsplit(url)
    return HTTPConnectionPool(address.hostname or "", address.port or 80, maxsize=slots, block=True)


@cache
def _tokens(customers_url: str, client_id: str, client_secret: str) -> ServiceTokens:
    return ServiceTokens(customers_url=customers_url, client_id=client_id, client_secret=client_secret)
