"""`GET /analytics/…`: what the job has counted, and how fresh it is."""

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from ecom.apps.gateway import selectors
from ecom.apps.gateway.api.admission import admitted
from ecom.apps.gateway.api.methods import View, reads_only
from ecom.apps.gateway.api.parameters import InvalidParameter, series_query, trending_query
from ecom.apps.gateway.api.readers import refusal
from ecom.apps.gateway.clients.analytics_tables import TablesUnavailable
from ecom.apps.gateway.minutes import text_of
from ecom.apps.gateway.routes import Access, RateClass
from ecom.common.problems import CONTENT_TYPE, problem_body, problem_response

RETRY_AFTER_SECONDS = 5


def _analytics(answer: Callable[..., dict[str, Any]]) -> View:
    """A view that answers with what `answer` gives, and with a problem where it cannot."""

    @wraps(answer)
    def view(request: HttpRequest, **parameters: str) -> HttpResponseBase:
        return admitted(request, Access.OPEN, RateClass.READS, lambda: read(request, **parameters))

    def read(request: HttpRequest, **parameters: str) -> HttpResponseBase:
        if refused := refusal(request):
            return refused
        try:
            return _json(answer(request, **parameters))
        except InvalidParameter as invalid:
            return problem_response(request, 400, str(invalid), errors=[invalid.error])
        except TablesUnavailable:
            return _unavailable(request)

    return reads_only(view)


@_analytics
def product_series(request: HttpRequest, product_id: str) -> dict[str, Any]:
    """`GET /analytics/products/{product_id}?from=&to=`: every minute, those without shoppers too."""
    query = series_query(product_id, request.GET)
    return {
        "product_id": product_id,
        "granularity": "1m",
        "from": text_of(query.since),
        "to": text_of(query.until),
        "results": selectors.product_series(product_id=product_id, since=query.since, until=query.until),
        "freshness": selectors.freshness(),
    }


@_analytics
def trending(request: HttpRequest) -> dict[str, Any]:
    """`GET /analytics/trending?window=&limit=`: the products with the most shoppers in one minute."""
    query = trending_query(request.GET)
    found = selectors.trending(window=query.window)
    return {
        "window_start": found.window_start,
        "window_end": found.window_end,
        "is_final": selectors.is_final(found),
        "results": found.products[: query.limit],
        "freshness": selectors.freshness(),
    }


def _json(body: dict[str, Any]) -> HttpResponse:
    content = orjson.dumps(body)
    headers = {"Content-Length": str(len(content)), "Cache-Control": "private, no-cache"}
    return HttpResponse(content, content_type="application/json", headers=headers)


def _unavailable(request: HttpRequest) -> HttpResponse:
    """503 that says how old the last known window is."""
    last_known = selectors.last_known_freshness()
    detail = "The analytics tables do not answer at the moment. Try again shortly."
    if last_known.newest_window_start:
        detail += f" The newest known window is {last_known.newest_window_start}."
    body = problem_body(503, detail, instance=request.path) | {"freshness": asdict(last_known)}
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return HttpResponse(orjson.dumps(body), status=503, content_type=CONTENT_TYPE, headers=headers)
