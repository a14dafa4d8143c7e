"""Latency of the catalog's reads: one client for latency, eight for throughput, through the gateway and directly."""

from collections.abc import Iterator

import urllib3

from bench import load, results
from local.stack import Stack

READS = {
    "list of 20": "/products?limit=20",
    "list of 100": "/products?limit=100",
    "list of 20 in a category, by price": "/products?limit=20&sort=price&category={category}",
    "search": "/products?limit=20&q=notebook",
    "one product": "/products/{product_id}",
    "all categories": "/categories",
}


def run(stack: Stack) -> None:
    """Measure and record; the stack's catalogue is loaded."""
    figures = list(_figures(stack))
    results.record("catalog", figures)


def _figures(stack: Stack) -> Iterator[dict[str, object]]:
    known = _known(stack)
    for name, template in READS.items():
        for service in ("gateway", "catalog"):
            url = stack.url(service) + template.format(**known)
            load.get(url, connections=1, seconds=1)  # warm
            alone, crowd = load.get(url, connections=1, seconds=4), load.get(url, connections=8, seconds=4)
            yield {
                "read": name,
                "to": service,
                "p50_ms": alone.p50_ms,
                "p95_ms": alone.p95_ms,
                "requests_per_second_of_8_clients": crowd.per_second,
                "p95_ms_of_8_clients": crowd.p95_ms,
            }


def _known(stack: Stack) -> dict[str, str]:
    """A product and a category that exist."""
    products = urllib3.request("GET", f"{stack.url('gateway')}/products?limit=100").json()["results"]
    product = next(product for product in products if product["category"])
    return {"product_id": product["product_id"], "category": product["category"]["path"]}
