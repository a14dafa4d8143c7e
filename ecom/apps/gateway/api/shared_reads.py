"""Reads that are the same for everyone: from the shared cache, asked of the service again when they have aged."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, ResponseHeaders

from ecom.apps.gateway.api.conditions import client_has, not_modified
from ecom.apps.gateway.shared_cache import LOOKUPS, StoredAnswer, shared_cache

# Asks the service; the given conditions (`If-None-Match`) go in place of the client's own.
Ask = Callable[[Mapping[str, str]], HttpResponseBase]

_ERRORS = frozenset({500, 502, 503, 504})  # RFC 5861, section 4
_OF_THE_BODY = frozenset({"content-length", "content-type", "content-encoding", "content-language"})
_IN_304 = frozenset({"cache-control", "content-location", "date", "etag", "expires", "vary"})
_HIT, _REVALIDATED, _STALE, _MISS = map(LOOKUPS.labels, ("hit", "revalidated", "stale", "miss"))


def shared_read(request: HttpRequest, target: str, ask: Ask) -> HttpResponseBase:
    """An answer that somebody else was given, else the service's, which is kept for the next."""
    stored = shared_cache().find(target)
    if stored and stored.is_fresh:
        _HIT.inc()
        return _answer(request, stored)
    with shared_cache().one_asks(target):
        stored = shared_cache().find(target)
        if stored and stored.is_fresh:
            _HIT.inc()
            return _answer(request, stored)
        return _asked(request, target, stored, ask)


def _asked(request: HttpRequest, target: str, stored: StoredAnswer | None, ask: Ask) -> HttpResponseBase:
    response = ask({"if-none-match": stored.etag} if stored and stored.etag else {})
    if not isinstance(response, HttpResponse):  # a large one, which is streamed
        return response
    if stored and response.status_code == 304:
        _REVALIDATED.inc()
        return _answer(request, _refreshed(target, stored, response))
    if stored and stored.replaces_error and response.status_code in _ERRORS:
        _STALE.inc()
        return _answer(request, stored, {"Cache-Status": "gateway; fwd=stale; detail=stale-if-error"})
    _MISS.inc()
    if response.status_code == 200 and "Set-Cookie" not in dict(response.items()):
        kept = shared_cache().offer(target, body=response.content, headers=response.headers)
        return _answer(request, kept) if kept else response
    return response


def _refreshed(target: str, stored: StoredAnswer, response: HttpResponse) -> StoredAnswer:
    """The stored answer with the headers of the 304 that confirmed it (RFC 9111, section 4.3.4)."""
    headers = ResponseHeaders(stored.headers)
    for name, value in response.headers.items():
        if name.lower() not in _OF_THE_BODY:
            headers[name] = value
    return shared_cache().offer(target, body=stored.body, headers=headers) or stored


def _answer(request: HttpRequest, stored: StoredAnswer, also: Mapping[str, str] | None = None) -> HttpResponse:
    """The stored answer, or 304 where the client has it already."""
    headers = {**stored.headers, "Age": str(stored.age_seconds), **(also or {})}
    if not client_has(request, stored.etag):
        return HttpResponse(stored.body, headers=headers)
    return not_modified({name: value for name, value in headers.items() if name.lower() in _IN_304 or name == "Age"})
