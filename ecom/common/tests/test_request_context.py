import json
import logging

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from ecom.common.logs import JsonFormatter, RequestContextFilter
from ecom.common.request_context import RequestContext, RequestContextMiddleware, current_request_context

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def context_of(**headers: str) -> tuple[RequestContext, HttpResponse]:
    seen: list[RequestContext] = []

    def view(request: HttpRequest) -> HttpResponse:
        context = current_request_context()
        assert context is not None
        seen.append(context)
        return HttpResponse()

    response = RequestContextMiddleware(view)(RequestFactory().get("/", headers=headers))
    return seen[0], response


def test_the_callers_ids_are_taken() -> None:
    context, response = context_of(**{"X-Request-ID": "order-17", "traceparent": TRACE})
    assert context == RequestContext(request_id="order-17", traceparent=TRACE)
    assert context.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert response["X-Request-ID"] == "order-17"


@pytest.mark.parametrize("request_id", ["", "with space", "line\tbreak", "x" * 65, "é"])
def test_an_unfit_request_id_is_replaced(request_id: str) -> None:
    context, _ = context_of(**{"X-Request-ID": request_id})
    assert context.request_id != request_id
    assert len(context.request_id) == 36


@pytest.mark.parametrize("traceparent", ["", "x", TRACE.upper(), f"00-{'0' * 32}-b7ad6b7169203331-01", TRACE[:-1]])
def test_an_unfit_trace_is_replaced(traceparent: str) -> None:
    context, _ = context_of(traceparent=traceparent)
    assert context.traceparent != traceparent
    assert len(context.traceparent) == 55


def test_the_context_ends_with_the_request() -> None:
    context_of()
    assert current_request_context() is None


def test_a_log_line_is_json_with_the_requests_id_and_trace() -> None:
    lines: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        record = logging.LogRecord("ecom.test", logging.WARNING, __file__, 1, "stock of %s", ("P1",), None)
        RequestContextFilter("catalog").filter(record)
        lines.append(JsonFormatter().format(record))
        return HttpResponse()

    RequestContextMiddleware(view)(RequestFactory().get("/", headers={"X-Request-ID": "r1", "traceparent": TRACE}))
    line = json.loads(lines[0])
    assert line.pop("time")
    assert line == {
        "severity": "WARNING",
        "logger": "ecom.test",
        "message": "stock of P1",
        "service": "catalog",
        "request_id": "r1",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }
