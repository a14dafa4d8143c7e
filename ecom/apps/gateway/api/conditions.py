"""Whether a client has an answer already (RFC 9110, section 13)."""

from django.http import HttpRequest
from django.utils.http import parse_etags


def client_has(request: HttpRequest, etag: str | None) -> bool:
    """`If-None-Match`, compared weakly."""
    condition = request.META.get("HTTP_IF_NONE_MATCH")
    if condition is None or etag is None:
        return False
    named = [given.removeprefix("W/") for given in parse_etags(condition)]
    return "*" in named or etag.removeprefix("W/") in named
