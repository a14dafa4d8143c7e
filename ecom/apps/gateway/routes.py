"""The routing table: every public path that another service answers, as data."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

KIB = 1024
SMALL_BODY = 64 * KIB  # a form or one JSON object


class Access(StrEnum):
    """What the gateway itself asks of a caller; whether the caller may do it, the service decides.

    `OPEN`: a token is not looked at, so that one that has ended does not stop its owner. `OPTIONAL`: anonymous,
    or with a good token. `SIGNED_IN`: with a good token.
    """

    OPEN = "open"
    OPTIONAL = "token-if-given"
    SIGNED_IN = "token"


class RateClass(StrEnum):
    """Requests that are counted together for each client; how many are free stands in the settings."""

    SIGN_IN = "sign_in"
    READS = "reads"
    WRITES = "writes"
    MACHINES = "machines"  # of service accounts, whatever they ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row: who answers these methods of a path, and within which bounds.

    `path` is a template (`/products/{product_id}`), `body_limit` in bytes (0: no body is taken), `deadline_seconds` the
    time to the answer's beginning. `access` and `rate` say who may ask and how often (None: as often as they like).
    `gives_visitor` marks answers that carry the visitor's cookie to a new browser, `shared` reads that are the same for
    everyone and may come from the shared cache.
    """

    path: str
    methods: tuple[str, ...]
    upstream: str
    access: Access
    rate: RateClass | None
    body_limit: int = 0
    deadline_seconds: float = 5.0
    gives_visitor: bool = False
    shared: bool = False

    @property
    def allowed(self) -> tuple[str, ...]:
        """The methods with HEAD, which goes wherever GET goes."""
        return (*self.methods, "HEAD") if "GET" in self.methods else self.methods


def _reads(upstream: str, access: Access, *paths: str, shared: bool = False) -> Iterable[Route]:
    rate = RateClass.READS
    return (
        Route(path=path, methods=("GET",), upstream=upstream, access=access, rate=rate, shared=shared) for path in paths
    )


def _writes(
    upstream: str, access: Access, methods: tuple[str, ...], *paths: str, rate: RateClass = RateClass.WRITES
) -> Iterable[Route]:
    return (
        Route(path=path, methods=methods, upstream=upstream, access=access, rate=rate, body_limit=SMALL_BODY)
        for path in paths
    )


def _events(path: str, body_limit: int) -> Route:
    # Activity answers within its own 3 s, whatever Kafka does, and bounds the shoppers of an address by itself.
    return Route(
        path=path,
        methods=("POST",),
        upstream="activity",
        access=Access.OPTIONAL,
        rate=None,
        body_limit=body_limit,
        gives_visitor=True,
    )


def _signing_in(*paths: str) -> Iterable[Route]:
    # The body brings what is needed.
    return _writes("customers", Access.OPEN, ("POST",), *paths, rate=RateClass.SIGN_IN)


# The busiest first: Django tries the patterns in this order.
ROUTES: tuple[Route, ...] = (
    _events("/activity/event", SMALL_BODY),
    _events("/activity/events", 500 * KIB),
    _events("/activity/beacon", 500 * KIB),
    *_reads("catalog", Access.OPEN, "/products", "/products/{product_id}", "/categories", shared=True),
    *_writes("catalog", Access.SIGNED_IN, ("POST",), "/products"),
    *_writes("catalog", Access.SIGNED_IN, ("PATCH", "DELETE"), "/products/{product_id}"),
    Route(
        path="/products/bulk",
        methods=("POST",),
        upstream="catalog",
        access=Access.SIGNED_IN,
        rate=RateClass.WRITES,
        body_limit=5 * KIB * KIB,
        deadline_seconds=30.0,
    ),
    *_signing_in("/auth/register", "/auth/token", "/auth/email/verify"),
    *_signing_in("/auth/password/reset", "/auth/password/reset/confirm"),
    *_writes("customers", Access.OPEN, ("POST",), "/auth/token/refresh", "/auth/logout"),
    *_writes("customers", Access.SIGNED_IN, ("POST",), "/auth/password/change", rate=RateClass.SIGN_IN),
    *_reads("customers", Access.SIGNED_IN, "/customers/me", "/customers/me/export"),
    *_writes("customers", Access.SIGNED_IN, ("PATCH", "DELETE"), "/customers/me"),
    *_reads("customers", Access.SIGNED_IN, "/customers/me/addresses", "/customers/me/addresses/{address_id}"),
    *_writes("customers", Access.SIGNED_IN, ("POST",), "/customers/me/addresses"),
    *_writes("customers", Access.SIGNED_IN, ("PATCH", "DELETE"), "/customers/me/addresses/{address_id}"),
    *_reads("orders", Access.OPTIONAL, "/cart"),
    *_writes("orders", Access.OPTIONAL, ("POST",), "/cart/add"),
    *_writes("orders", Access.OPTIONAL, ("DELETE",), "/cart"),
    *_writes("orders", Access.OPTIONAL, ("PATCH", "DELETE"), "/cart/items/{product_id}"),
    *_reads("orders", Access.SIGNED_IN, "/orders", "/orders/{order_id}"),
    *_writes(
        "orders", Access.SIGNED_IN, ("POST",), "/orders", "/orders/{order_id}/cancel", "/orders/{order_id}/transitions"
    ),
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
