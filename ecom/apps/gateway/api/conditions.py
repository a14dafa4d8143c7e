"""Whether a client has an answer already (RFC 9110, section 13)."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags


def client_has(request: HttpRequest, etag: str | None) -> bool:
    """`If-None-Match`, compared weakly."""
    condition = request.META.get("HTTP_IF_NONE_MATCH")
    if condition is None or etag is None:
        return False
    named = [given.removeprefix("W/") for given in parse_etags(condition)]
    return "*" in named or etag.removeprefix("W/") in named


def not_modified(headers: Mapping[str, str]) -> HttpResponse:
    """304, which has no body and so no type."""
    response = HttpResponse(status=304, headers=headers)
    del response["Content-Type"]
    return response
