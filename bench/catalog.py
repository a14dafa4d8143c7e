"""Latency of the catalog's reads: one client for latency, eight for throughput, with their number of SQL statements.

Through the gateway each is measured from its shared cache and, with `Cache-Control: no-cache`, without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import urllib3

from bench import load, results
from bench.statements import statements
from local.stack import Stack

READS = {
    "list of 20": "/products?limit=20",
    "list of 100": "/products?limit=100",
    "list of 20 in a category, by price": "/products?limit=20&sort=price&category={category}",
    "search": "/products?limit=20&q=notebook",
    "one product": "/products/{product_id}",
    "all categories": "/categories",
}
PRESENT = {"Cache-Control": "no-cache"}
COUNTED = 50  # requests over which statements are counted


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask: which service, and with which headers."""

    name: str
    service: str
    headers: dict[str, str]


WAYS = (
    Way("gateway, cached", "gateway", {}),
    Way("gateway, uncached", "gateway", PRESENT),
    Way("catalog itself", "catalog", {}),
)


def run(stack: Stack) -> None:
    """Measure and record; the stack's catalogue is loaded."""
    results.record("catalog", list(_figures(stack)))


def _figures(stack: Stack) -> Iterator[dict[str, object]]:
    known = _known(stack)
    for read, template in READS.items():
        for way in WAYS:
            url = stack.url(way.service) + template.format(**known)
            yield {"read": read, "to": way.name, **_measured(stack, way, url)}


def _measured(stack: Stack, way: Way, url: str) -> dict[str, object]:
    load.get(url, headers=way.headers, connections=1, seconds=1)  # warm
    alone = load.get(url, headers=way.headers, connections=1, seconds=3)
    crowd = load.get(url, headers=way.headers, connections=8, seconds=3)
    return {
        "p50_ms": alone.p50_ms,
        "p95_ms": alone.p95_ms,
        "requests_per_second_of_8_clients": crowd.per_second,
        "p95_ms_of_8_clients": crowd.p95_ms,
        "sql_statements": _statements_for_each(stack, url, way.headers),
    }


def _statements_for_each(stack: Stack, url: str, headers: dict[str, str]) -> float:
    """Statements that the catalog sent to PostgreSQL for one request."""
    before = statements(stack, "catalog")
    for _ in range(COUNTED):
        urllib3.request("GET", url, headers=headers)
    return (statements(stack, "catalog") - before) / COUNTED


def _known(stack: Stack) -> dict[str, str]:
    """A product and a category that exist."""
    products = urllib3.request("GET", f"{stack.url('gateway')}/products?limit=100").json()["results"]
    product = next(product for product in products if product["category"])
    return {"product_id": product["product_id"], "category": product["category"]["path"]}
