"""The routing table: every public path that another service answers, as data."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

KIB = 1024
SMALL_BODY = 64 * KIB  # a form or one JSON object


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row: who answers these methods of a path, and within which bounds.

    `path` is a template (`/products/{product_id}`), `body_limit` in bytes (0: no body is taken), `deadline_seconds` the
    time to the answer's beginning. `gives_visitor` marks answers that carry the visitor's cookie to a new browser,
    `shared` reads that are the same for everyone and may come from the shared cache.
    """

    path: str
    methods: tuple[str, ...]
    upstream: str
    body_limit: int = 0
    deadline_seconds: float = 5.0
    gives_visitor: bool = False
    shared: bool = False

    @property
    def allowed(self) -> tuple[str, ...]:
        """The methods with HEAD, which goes wherever GET goes."""
        return (*self.methods, "HEAD") if "GET" in self.methods else self.methods


def _reads(upstream: str, *paths: str, shared: bool = False) -> Iterable[Route]:
    return (Route(path=path, methods=("GET",), upstream=upstream, shared=shared) for path in paths)


def _writes(upstream: str, methods: tuple[str, ...], *paths: str) -> Iterable[Route]:
    return (Route(path=path, methods=methods, upstream=upstream, body_limit=SMALL_BODY) for path in paths)


def _events(path: str, body_limit: int) -> Route:
    # Activity answers within its own 3 s, whatever Kafka does.
    return Route(path=path, methods=("POST",), upstream="activity", body_limit=body_limit, gives_visitor=True)


# The busiest first: Django tries the patterns in this order.
ROUTES: tuple[Route, ...] = (
    _events("/activity/event", SMALL_BODY),
    _events("/activity/events", 500 * KIB),
    _events("/activity/beacon", 500 * KIB),
    *_reads("catalog", "/products", "/products/{product_id}", "/categories", shared=True),
    *_writes("catalog", ("POST",), "/products"),
    *_writes("catalog", ("PATCH", "DELETE"), "/products/{product_id}"),
    Route(
        path="/products/bulk",
        methods=("POST",),
        upstream="catalog",
        body_limit=5 * KIB * KIB,
        deadline_seconds=30.0,
    ),
    *_writes("customers", ("POST",), "/auth/register", "/auth/token", "/auth/token/refresh", "/auth/logout"),
    *_writes("customers", ("POST",), "/auth/email/verify"),
    *_writes("customers", ("POST",), "/auth/password/reset", "/auth/password/reset/confirm", "/auth/password/change"),
    *_reads("customers", "/customers/me", "/customers/me/export"),
    *_writes("customers", ("PATCH", "DELETE"), "/customers/me"),
    *_reads("customers", "/customers/me/addresses", "/customers/me/addresses/{address_id}"),
    *_writes("customers", ("POST",), "/customers/me/addresses"),
    *_writes("customers", ("PATCH", "DELETE"), "/customers/me/addresses/{address_id}"),
    *_reads("orders", "/cart", "/orders", "/orders/{order_id}"),
    *_writes("orders", ("DELETE",), "/cart"),
    *_writes(
        "orders", ("POST",), "/cart/add", "/orders", "/orders/{order_id}/cancel", "/orders/{order_id}/transitions"
    ),
    *_writes("orders", ("PATCH", "DELETE"), "/cart/items/{product_id}"),
)


def url_pattern(path: str) -> str:
    """The Django pattern of a template: `/products/{product_id}` is `products/<product_id>`."""
    return re.sub(r"\{(\w+)\}", r"<\1>", path.removeprefix("/"))


def routes_by_path() -> dict[str, dict[str, Route]]:
    """For each path template its rows by method, fixed paths before those with parameters, which would take theirs."""
    table: dict[str, dict[str, Route]] = {}
    for route in sorted(ROUTES, key=lambda route: "{" in route.path):
        rows = table.setdefault(route.path, {})
        for method in route.allowed:
            if rows.setdefault(method, route) is not route:
                raise ValueError(f"two rows answer {method} {route.path}")
    return table
