"""Requests counted and timed by route template, so that the number of series does not grow with the paths.

And the page on which Prometheus finds what all of a service's processes counted.
"""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, Histogram, generate_latest

SLOW_SECONDS = 1.0

# Bounds chosen around the service level (300 ms on average) and the 3 s deadline of an event.
REQUEST_SECONDS = Histogram(
    "ecom_http_request_duration_seconds",
    "Time from a request's arrival in the process to its answer's first byte, by route template.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0, 10.0),
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# What is read anew for each scrape, and not counted by the processes; contexts register their collectors here.
AT_SCRAPE = CollectorRegistry()

log = logging.getLogger(__name__)


class RequestMetricsMiddleware:
    """Observes each request's duration, and logs those that failed or were slow."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        method = request.method if request.method in _METHODS else "OTHER"
        route = route_of(request)
        REQUEST_SECONDS.labels(method, route, response.status_code).observe(seconds)
        if response.status_code >= 500 or seconds >= SLOW_SECONDS:
            log.warning(
                "request failed" if response.status_code >= 500 else "request slow",
                extra={"method": method, "route": route, "status": response.status_code, "seconds": seconds},
            )
        return response


def route_of(request: HttpRequest) -> str:
    """The URL pattern that matched, such as `products/<product_id>`; `unmatched` where none did."""
    match = request.resolver_match
    return match.route if match else "unmatched"


def metrics_page(request: HttpRequest) -> HttpResponse:
    """All metrics of this service, in Prometheus' text format."""
    page: HttpResponse = ExportToDjangoView(request)
    page.content = page.content + generate_latest(AT_SCRAPE)
    return page
