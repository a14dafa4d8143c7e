"""What the gateway itself asks of the catalog: products' titles, which are an extra.

Remote contract: `GET /products?ids=a,b` (100 ids at most) answers 200 with `results`, the active ones of these. Ids of
products are as in `_PRODUCT_ID`; a call with others may be refused whole.
"""

import logging
import re
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from urllib.parse import urlencode

import msgspec
from cachetools import TTLCache

from ecom.apps.gateway.bulkhead import Full
from ecom.apps.gateway.circuit_breaker import CircuitOpen
from ecom.apps.gateway.clients.upstreams import Answer, TooLate, UpstreamError, upstream
from ecom.apps.gateway.one_read import OneRead
from ecom.common.request_context import current_request_context

SECONDS = 1.0
MAX_IDS = 100
MAX_ANSWER = 1024 * 1024
KNOWN_SECONDS = 300.0  # for so long a changed title may be shown as it was
MAX_KNOWN = 10_000  # some 2 MB

_PRODUCT_ID = re.compile(r"[A-Za-z0-9._:~-]{1,64}")

log = logging.getLogger(__name__)


class _Product(msgspec.Struct):
    product_id: str
    title: str


class _Page(msgspec.Struct):
    results: list[_Product]


_known: TTLCache[str, str | None] = TTLCache(MAX_KNOWN, KNOWN_SECONDS)
_lock = threading.Lock()
_one_call = OneRead()


def titles(product_ids: Collection[str]) -> dict[str, str | None]:
    """The title of each product; None where the catalog has none or is away.

    One call for those not known yet, also for others who ask for the same meanwhile.
    """
    known = _known_of(product_ids)
    unknown = [
        product_id for product_id in product_ids if product_id not in known and _PRODUCT_ID.fullmatch(product_id)
    ]
    if asked := tuple(unknown[:MAX_IDS]):
        known |= _one_call.of(asked, lambda: _asked(asked))
    return dict.fromkeys(product_ids) | known


def forget() -> None:
    """Know no title, as a process that has just begun."""
    with _lock:
        _known.clear()


def _known_of(product_ids: Iterable[str]) -> dict[str, str | None]:
    with _lock:
        return {product_id: _known[product_id] for product_id in product_ids if product_id in _known}


def _asked(product_ids: Sequence[str]) -> dict[str, str | None]:
    known = _known_of(product_ids)
    if len(known) == len(product_ids):  # by somebody who was through a moment ago
        return known
    try:
        found = _titles_of(product_ids)
    except (UpstreamError, CircuitOpen, Full, msgspec.MsgspecError) as error:
        log.info("titles are not known", extra={"error": repr(error)})
        return {}
    answered = {product_id: found.get(product_id) for product_id in product_ids}
    with _lock:
        _known.update(answered)
    return answered


def _titles_of(product_ids: Iterable[str]) -> dict[str, str]:
    target = f"/products?{urlencode({'ids': ','.join(product_ids)}, safe=',:')}"
    context = current_request_context()
    headers = {"x-request-id": context.request_id, "traceparent": context.traceparent} if context else {}
    answer = upstream("catalog").request("GET", target, headers=headers, body=None, seconds=SECONDS)
    try:
        return {product.product_id: product.title for product in _page(answer).results}
    finally:
        answer.close()


def _page(answer: Answer) -> _Page:
    """The whole answer. Raises UpstreamError or MsgspecError where it is not as agreed."""
    body, deadline = bytearray(), time.monotonic() + SECONDS
    while piece := answer.read():
        body += piece
        if len(body) > MAX_ANSWER or time.monotonic() > deadline:
            raise TooLate
    if answer.status != 200:
        raise UpstreamError(f"status {answer.status}")
    return msgspec.json.decode(body, type=_Page)
