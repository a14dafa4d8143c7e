"""The request's id and W3C trace context: taken from the caller or made, known to every log line and outgoing call."""

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

import uuid_utils
from django.http import HttpRequest, HttpResponse

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class RequestContext:
    """`request_id` is ours; `traceparent` is `00-<trace id>-<span id>-<flags>` (W3C Trace Context, level 1)."""

    request_id: str
    traceparent: str

    @property
    def trace_id(self) -> str:
        return self.traceparent[3:35]


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current_request_context() -> RequestContext | None:
    """The context of the request that this thread answers; None outside of one."""
    return _current.get()


def current_traceparent() -> str:
    """The trace that this thread works in; empty outside of a request."""
    context = current_request_context()
    return context.traceparent if context else ""


def new_traceparent() -> str:
    """A trace that starts here, not sampled: whoever samples decides upstream."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


def _taken_or_made(request: HttpRequest) -> RequestContext:
    # Not from request.headers: the first to ask that pays for a copy of all of them.
    request_id = request.META.get("HTTP_X_REQUEST_ID", "")
    traceparent = request.META.get("HTTP_TRACEPARENT", "")
    return RequestContext(
        request_id=request_id if _REQUEST_ID.fullmatch(request_id) else str(uuid_utils.uuid7()),
        traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else new_traceparent(),
    )


class RequestContextMiddleware:
    """Sets the context for the time of a request and returns `X-Request-ID` to the caller."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        context = _taken_or_made(request)
        token = _current.set(context)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response["X-Request-ID"] = context.request_id
        return response
