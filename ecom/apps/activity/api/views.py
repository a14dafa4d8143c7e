"""`POST /activity/…`: reads the body, hands the events over, answers with what became of them.

The bodies are decoded with msgspec and not by serializers, for speed: docs/adr/0002.
"""

from collections.abc import Collection
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from ecom.apps.activity.api.answers import answer_to_many, answer_to_one
from ecom.apps.activity.api.bodies import Refused, read_body
from ecom.apps.activity.api.callers import caller_of
from ecom.apps.activity.incoming import Decoded, Malformed, decode_array, decode_event, decode_lines
from ecom.apps.activity.services import accept_events

MAX_EVENT_BYTES = 64 * 1024
MAX_BATCH_BYTES = 500 * 1024
MAX_BATCH_EVENTS = 500
JSON = "application/json"
NDJSON = ("application/x-ndjson", "application/ndjson")


class _JsonOnly(BaseContentNegotiation):
    """Answers are JSON whatever was asked for; nothing is weighed for each event."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


class _ActivityView(APIView):
    """What the three have in common: a body of limited size and type, and no state."""

    content_negotiation_class = _JsonOnly
    parser_classes = ()
    max_bytes: ClassVar[int] = MAX_BATCH_BYTES
    types: ClassVar[Collection[str]] = (JSON,)

    def body(self, request: Request) -> bytes:
        return read_body(request._request, limit=self.max_bytes, types=self.types)


class EventView(_ActivityView):
    """`POST /activity/event`: one event as a JSON object. 202 means that Kafka has acknowledged it."""

    max_bytes = MAX_EVENT_BYTES

    def post(self, request: Request) -> HttpResponse:
        return _take_one(request, _readable(decode_event, self.body(request)))


class EventsView(_ActivityView):
    """`POST /activity/events`: up to 500 events as a JSON array or as lines of JSON, with an outcome for each."""

    types = (JSON, *NDJSON)

    def post(self, request: Request) -> HttpResponse:
        decode = decode_lines if request._request.content_type in NDJSON else decode_array
        return _take_many(request, _readable(decode, self.body(request)))


class BeaconView(_ActivityView):
    """`POST /activity/beacon`: what `navigator.sendBeacon` sends when a page is left, one event or an array."""

    types = ("text/plain", JSON)

    def post(self, request: Request) -> HttpResponse:
        body = self.body(request)
        if body.lstrip().startswith(b"["):
            return _take_many(request, _readable(decode_array, body))
        return _take_one(request, _readable(decode_event, body))


def _readable(decode: Any, body: bytes) -> Any:
    try:
        return decode(body)
    except Malformed as error:
        raise Refused(400, str(error)) from error


def _take_one(request: Request, event: Decoded) -> HttpResponse:
    (outcome,) = accept_events(events=[event], caller=caller_of(request))
    return answer_to_one(request._request, outcome)


def _take_many(request: Request, events: list[Decoded]) -> HttpResponse:
    if not events:
        raise Refused(422, "The batch holds no event.")
    if len(events) > MAX_BATCH_EVENTS:
        raise Refused(413, f"The batch holds more than {MAX_BATCH_EVENTS} events.")
    return answer_to_many(request._request, accept_events(events=events, caller=caller_of(request)))
