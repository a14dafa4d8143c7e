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
from ecom.apps.gateway.api.conditions import client_has, not_modified
from ecom.apps.gateway.api.methods import View, reads_only
from ecom.apps.gateway.api.parameters import (
    InvalidParameter,
    SeriesQuery,
    products_query,
    series_query,
    trending_query,
)
from ecom.apps.gateway.api.readers import refusal
from ecom.apps.gateway.clients.analytics_tables import TablesUnavailable
from ecom.apps.gateway.minutes import text_of
from ecom.apps.gateway.routes import Access, RateClass
from ecom.apps.gateway.selectors import Trending
from ecom.apps.gateway.shown import shown
from ecom.common.problems import CONTENT_TYPE, problem_body, problem_response

RETRY_AFTER_SECONDS = 5


def _analytics(answer: Callable[..., dict[str, Any] | Trending]) -> View:
    """A view that answers with what `answer` gives, and with a problem where it cannot."""

    @wraps(answer)
    def view(request: HttpRequest, **parameters: str) -> HttpResponseBase:
        return admitted(request, Access.OPEN, RateClass.READS, lambda: read(request, **parameters))

    def read(request: HttpRequest, **parameters: str) -> HttpResponseBase:
        if refused := refusal(request):
            return refused
        try:
            return _answered(request, answer(request, **parameters))
        except InvalidParameter as invalid:
            return problem_response(request, 400, str(invalid), errors=[invalid.error])
        except TablesUnavailable:
            return _unavailable(request)

    return reads_only(view)


@_analytics
def product_series(request: HttpRequest, product_id: str) -> dict[str, Any]:
    """`GET /analytics/products/{product_id}?from=&to=`: every minute, those without shoppers too."""
    query = series_query(product_id, request.GET)
    (results,) = selectors.series(product_ids=query.product_ids, since=query.since, until=query.until)
    return {"product_id": product_id, **_range(query), "results": results}


@_analytics
def products(request: HttpRequest) -> dict[str, Any]:
    """`GET /analytics/products?ids=&from=&to=`: the same for some products, in the order of the ids."""
    query = products_query(request.GET)
    found = selectors.series(product_ids=query.product_ids, since=query.since, until=query.until)
    results = [
        {"product_id": product_id, "results": windows}
        for product_id, windows in zip(query.product_ids, found, strict=True)
    ]
    return {**_range(query), "results": results}


@_analytics
def trending(request: HttpRequest) -> Trending:
    """`GET /analytics/trending?window=&limit=`: the products with the most shoppers in one minute."""
    query = trending_query(request.GET)
    return selectors.trending(window=query.window, limit=query.limit)


def _range(query: SeriesQuery) -> dict[str, str]:
    return {"granularity": "1m", "from": text_of(query.since), "to": text_of(query.until)}


def _answered(request: HttpRequest, body: dict[str, Any] | Trending) -> HttpResponse:
    """200 with the freshness beside the body, or 304 where nothing but the age has changed."""
    answer = shown(body, selectors.freshness())
    etag = f'W/"{answer.tag}"'
    headers = {"Cache-Control": "private, no-cache", "ETag": etag}
    if client_has(request, etag):
        return not_modified(headers)
    headers["Content-Length"] = str(len(answer.content))
    return HttpResponse(answer.content, content_type="application/json", headers=headers)


def _unavailable(request: HttpRequest) -> HttpResponse:
    """503 that says how old the last known window is."""
    last_known = selectors.last_known_freshness()
    detail = "The analytics tables do not answer at the moment. Try again shortly."
    if last_known.newest_window_start:
        detail += f" The newest known window is {last_known.newest_window_start}."
    body = problem_body(503, detail, instance=request.path) | {"freshness": asdict(last_known)}
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return HttpResponse(orjson.dumps(body), status=503, content_type=CONTENT_TYPE, headers=headers)
