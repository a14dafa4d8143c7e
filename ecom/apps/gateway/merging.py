"""One OpenAPI document of the gateway's own operations and of what its routing table leads to."""

from collections.abc import Iterable, Mapping
from typing import Any

from ecom.apps.gateway.routes import ROUTES, Access, Route
from ecom.common.problem_schema import problem_answer

Document = dict[str, Any]

_UNSENT = (502, 503, 504)


def merged(own: Document, documents: Mapping[str, Document], routes: Iterable[Route] = ROUTES) -> Document:
    """`own` with the operations of the services that are in the table; `x-missing-services` gave no document."""
    routes = list(routes)
    paths = {path: dict(item) for path, item in own["paths"].items()}
    for route in routes:
        for method in route.methods:
            described = _operation(documents.get(route.upstream, {}), route.path, method)
            if described:
                paths.setdefault(route.path, {})[method.lower()] = _through_gateway(described, route)
    missing = sorted({route.upstream for route in routes} - documents.keys())
    return {**own, "x-missing-services": missing, "paths": paths, "components": _components(own, documents.values())}


def _operation(document: Document, path: str, method: str) -> Document | None:
    operation: Document | None = document.get("paths", {}).get(path, {}).get(method.lower())
    return operation


def _through_gateway(operation: Document, route: Route) -> Document:
    """The operation with what the gateway may answer in the service's place."""
    added = {400, *_UNSENT}
    added |= {401} if route.access is not Access.OPEN else set()
    added |= {429} if route.rate else set()
    added |= {408, 413} if route.body_limit else set()
    answers = {str(status): problem_answer(status) for status in added}
    return {**operation, "responses": dict(sorted({**answers, **operation["responses"]}.items()))}


def _components(own: Document, documents: Iterable[Document]) -> Document:
    """All of them: names begin with their service's, or are the shared kernel's and so the same."""
    kinds: Document = {kind: dict(named) for kind, named in own["components"].items()}
    for document in documents:
        for kind, named in document.get("components", {}).items():
            kinds[kind] = {**named, **kinds.get(kind, {})}
    return kinds
