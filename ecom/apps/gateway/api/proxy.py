"""The reverse proxy: a request goes on to the service that the routing table names, and its answer comes back."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from ecom.apps.gateway.api.admission import admitted
from ecom.apps.gateway.api.methods import method_not_allowed
from ecom.apps.gateway.api.shared_reads import shared_read
from ecom.apps.gateway.api.visitors import give_visitor
from ecom.apps.gateway.bulkhead import Full
from ecom.apps.gateway.circuit_breaker import CircuitOpen
from ecom.apps.gateway.clients.upstreams import PIECE, Answer, BadAnswer, NotReached, TooLate, upstream
from ecom.apps.gateway.headers import UnfitHeader, request_headers, response_headers
from ecom.apps.gateway.request_body import BODY_SECONDS, BodyRefused, RequestBody
from ecom.apps.gateway.routes import Route
from ecom.apps.gateway.shared_cache import may_answer
from ecom.common.problems import problem_response

RETRY_AFTER_SECONDS = 2
_PATH_SAFE = "/:@!$&'()*+,;=~"  # what a path may hold unquoted (RFC 3986, section 3.3)
_WITHOUT_BODY = frozenset({204, 304})


class _CookiesOfService:
    """Answers carry the service's Set-Cookie lines as they came: Django's own keep one value for each header."""

    service_cookies: list[str]

    def items(self) -> list[tuple[str, str]]:
        return [*super().items(), *(("Set-Cookie", line) for line in self.service_cookies)]  # type: ignore[misc]


class _WholeAnswer(_CookiesOfService, HttpResponse):
    pass


class _StreamedAnswer(_CookiesOfService, StreamingHttpResponse):
    pass


def proxy_view(routes: Mapping[str, Route]) -> Callable[..., HttpResponseBase]:
    """The view of one path: `routes` has the row of each method."""

    def view(request: HttpRequest, **parameters: str) -> HttpResponseBase:
        route = routes.get(request.method or "")
        if route is None:
            return method_not_allowed(request, routes)
        return admitted(request, route.access, route.rate, lambda: _answered(request, route))

    return view


def _answered(request: HttpRequest, route: Route) -> HttpResponseBase:
    if route.shared and may_answer(request):
        response = shared_read(request, _target(request), partial(_forwarded, request, route))
    else:
        response = _forwarded(request, route)
    if route.gives_visitor:
        give_visitor(request, response)
    return response


def _forwarded(request: HttpRequest, route: Route, conditions: Mapping[str, str] | None = None) -> HttpResponseBase:
    """The service's answer, or the problem that says why there is none. `conditions` replace the client's own."""
    try:
        return _exchange(request, route, conditions)
    except BodyRefused as refused:
        return problem_response(request, refused.status, str(refused))
    except Full:
        return _unavailable(request, f"Too many requests wait for the {route.upstream} service.")
    except NotReached:
        return _unavailable(request, f"The {route.upstream} service cannot be reached at the moment.")
    except CircuitOpen as circuit:
        detail = f"The {route.upstream} service did not answer lately, and is left alone for a moment."
        return _unavailable(request, detail, seconds=circuit.seconds)
    except TooLate:
        detail = f"The {route.upstream} service did not answer within {route.deadline_seconds:g} s."
        return problem_response(request, 504, detail)
    except BadAnswer:
        return problem_response(request, 502, f"The {route.upstream} service broke off or gave an invalid answer.")


def _unavailable(request: HttpRequest, detail: str, *, seconds: int = RETRY_AFTER_SECONDS) -> HttpResponse:
    headers = {"Retry-After": str(seconds)}
    return problem_response(request, 503, f"{detail} Nothing was done; try again shortly.", headers=headers)


def _exchange(request: HttpRequest, route: Route, conditions: Mapping[str, str] | None) -> HttpResponseBase:
    body = RequestBody(request, limit=route.body_limit, seconds=max(BODY_SECONDS, route.deadline_seconds))
    headers = request_headers(request, conditions)
    small = body.whole()
    deadline = time.monotonic() + route.deadline_seconds
    answer = upstream(route.upstream).request(
        request.method or "",
        _target(request),
        headers=headers | _framing(request, body),
        body=body if small is None else small or None,
        seconds=route.deadline_seconds,
    )
    try:
        return _returned(request, answer, deadline)
    except BaseException:
        answer.close()
        raise


def _target(request: HttpRequest) -> str:
    """The path as it was matched, quoted anew, so that the service reads in it what the routing table read."""
    query = request.META.get("QUERY_STRING", "")
    path = quote(request.path_info, safe=_PATH_SAFE)
    return f"{path}?{query}" if query else path


def _framing(request: HttpRequest, body: RequestBody) -> dict[str, str]:
    """How the body's end is marked: by its length where that is known."""
    if body.length is None:
        return {"transfer-encoding": "chunked"}
    if body.length or request.method not in {"GET", "HEAD"}:
        return {"content-length": str(body.length)}
    return {}


def _returned(request: HttpRequest, answer: Answer, deadline: float) -> HttpResponseBase:
    """The answer for the client. One of up to 64 KiB is read first, so that a broken one becomes a clean 502."""
    if answer.status < 200:
        raise BadAnswer
    try:
        headers, cookies = response_headers(answer.headers)
    except UnfitHeader as error:
        raise BadAnswer from error
    beginning, complete = _beginning(answer, deadline)
    response: _WholeAnswer | _StreamedAnswer
    if complete:
        response = _WholeAnswer(beginning, status=answer.status, headers=headers)
    else:
        response = _StreamedAnswer(_Rest(answer, beginning), status=answer.status, headers=headers)
    response.service_cookies = cookies
    if "content-type" not in answer.headers:
        del response["Content-Type"]  # Django's default is not what the service said
    _set_length(request, response, answer, len(beginning) if complete else None)
    return response


def _beginning(answer: Answer, deadline: float) -> tuple[bytes, bool]:
    """The first 64 KiB or a little more, and whether that is all."""
    pieces: list[bytes] = []
    size = 0
    while size < PIECE:
        piece = answer.read()
        if not piece:
            return b"".join(pieces), True
        if time.monotonic() > deadline:
            raise TooLate
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces), False


def _set_length(request: HttpRequest, response: HttpResponseBase, answer: Answer, read: int | None) -> None:
    """What was read; for a body that is streamed, or that a HEAD leaves out, what the service announced."""
    announced = None if "transfer-encoding" in answer.headers else answer.headers.get("content-length")
    without_body = request.method == "HEAD" or answer.status in _WITHOUT_BODY
    length = announced if without_body or read is None else str(read)
    if length is not None:
        response["Content-Length"] = length


class _Rest:
    """What is left of a large answer, read as the client takes it.

    An error while reading goes up to gunicorn, which then closes the client's connection without the body's end, so
    that nobody takes half an answer for a whole one. Closed early (the client went away), it closes the service's too.
    """

    def __init__(self, answer: Answer, beginning: bytes) -> None:
        self._answer = answer
        self._beginning = beginning

    def __iter__(self) -> Iterator[bytes]:
        yield self._beginning
        while piece := self._answer.read():
            yield piece

    def close(self) -> None:
        """Django calls it at the end of every answer."""
        self._answer.close()
