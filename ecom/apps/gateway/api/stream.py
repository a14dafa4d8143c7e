"""`GET /analytics/stream`: trending products, and the series of some, told as they change (server-sent events)."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from ecom.apps.gateway.api.admission import admitted
from ecom.apps.gateway.api.methods import reads_only
from ecom.apps.gateway.api.parameters import InvalidParameter, past_minute, stream_query
from ecom.apps.gateway.api.readers import refusal
from ecom.apps.gateway.bulkhead import Full
from ecom.apps.gateway.routes import Access, RateClass
from ecom.apps.gateway.streams import Asked, Streams, streams
from ecom.common.problems import problem_response
from ecom.deadline_worker import DeadlineSocket

RETRY_AFTER_SECONDS = 30
CONTENT_TYPE = "text/event-stream"
# Proxies in between must pass each event on at once.
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@reads_only
def stream(request: HttpRequest) -> HttpResponseBase:
    """`GET /analytics/stream?product_id=&limit=`, with `Last-Event-ID` from where it broke off."""
    return admitted(request, Access.OPEN, RateClass.READS, lambda: _stream(request))


def _stream(request: HttpRequest) -> HttpResponseBase:
    if refused := refusal(request):
        return refused
    try:
        asked = _asked(request)
    except InvalidParameter as invalid:
        return problem_response(request, 400, str(invalid), errors=[invalid.error])
    if request.method == "HEAD":
        return HttpResponse(content_type=CONTENT_TYPE, headers=_HEADERS)
    connection = request.META.get("gunicorn.socket")
    if not isinstance(connection, DeadlineSocket):
        return _full(request)
    try:
        streams().enter()
    except Full:
        return _full(request)
    body = _HandedOver(connection, asked, streams())
    return StreamingHttpResponse(body, content_type=CONTENT_TYPE, headers=_HEADERS)


def _asked(request: HttpRequest) -> Asked:
    """Raises InvalidParameter. A `Last-Event-ID` that is none of ours counts as none."""
    query = stream_query(request.GET)
    return Asked(
        product_ids=query.product_ids,
        limit=query.limit,
        last_seen=past_minute(request.META.get("HTTP_LAST_EVENT_ID", "")),
        chunked=request.META.get("SERVER_PROTOCOL") == "HTTP/1.1",
    )


def _full(request: HttpRequest) -> HttpResponse:
    """503 that tells the client to poll."""
    detail = (
        "This process has as many streams as it takes. Poll /analytics/trending with If-None-Match instead: "
        "an answer of 304 costs next to nothing."
    )
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return problem_response(request, 503, detail, slug="too-many-streams", headers=headers)


class _HandedOver:
    """A body that gunicorn does not send: with the head on its way, the connection changes hands.

    Where that does not happen (the client is gone), the place is given back.
    """

    def __init__(self, connection: DeadlineSocket, asked: Asked, streams: Streams) -> None:
        self._connection = connection
        self._asked = asked
        self._streams: Streams | None = streams

    def __iter__(self) -> Iterator[bytes]:
        yield b""  # the head
        if self._streams:
            self._streams.adopt(self._connection.hand_over(), self._asked)
            self._streams = None

    def close(self) -> None:
        """Django calls it at the end of every answer."""
        if self._streams:
            self._streams.leave()
            self._streams = None
