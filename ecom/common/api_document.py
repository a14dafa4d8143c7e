"""`GET /openapi.json` of a service: for the gateway and for developers, not routed from outside."""

from functools import cache

from django.http import HttpRequest, HttpResponse


def api_document(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document of this service, made with the first request for it."""
    return HttpResponse(_document(), content_type="application/json")


@cache
def _document() -> bytes:
    from ecom.common import openapi  # a process that nobody asks need not load what makes documents

    return openapi.document()
