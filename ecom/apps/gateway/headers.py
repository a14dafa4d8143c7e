"""What of a request's headers goes on to a service, and what of its answer's comes back."""

import re
import secrets
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.http import HttpRequest
from urllib3 import HTTPHeaderDict
from urllib3.util import SKIP_HEADER

from ecom.common.request_context import current_request_context

# RFC 9110, section 7.6.1, and the older names that are still about.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Said by the gateway itself, whatever a client claims. gunicorn has answered `Expect` already.
_SAID_BY_GATEWAY = frozenset({"host", "content-length", "expect", "forwarded", "via", "x-real-ip", "x-request-id"})
_SAID_BY_GATEWAY_PREFIXES = ("x-forwarded-", "x-ecom-", "traceparent")
_CONDITIONS = frozenset({"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"})
# gunicorn writes its own; the body's length is set anew where it is known.
_NOT_RETURNED = HOP_BY_HOP | {"server", "date", "content-length", "set-cookie"}
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class UnfitHeader(Exception):
    """A header of a service's answer that must not be passed on."""


def request_headers(request: HttpRequest, conditions: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers for the service: the client's without hop-by-hop ones, and the gateway's own words.

    `conditions` go in place of the client's, where the answer is to be kept for others.
    """
    dropped = HOP_BY_HOP | _named_in(request.META.get("HTTP_CONNECTION", ""))
    if conditions is not None:
        dropped |= _CONDITIONS
    headers = {name: value for name, value in _client_headers(request) if name not in dropped and _passes(name)}
    if content_type := request.META.get("CONTENT_TYPE"):
        headers["content-type"] = content_type
    headers.setdefault("user-agent", SKIP_HEADER)  # urllib3 must not add its own
    headers.setdefault("accept-encoding", SKIP_HEADER)
    return headers | _gateway_headers(request) | dict(conditions or {})


def client_address(request: HttpRequest) -> str:
    """The address that the outermost trusted proxy saw; without such proxies, the one that gunicorn saw.

    All that stands left of it in X-Forwarded-For is whatever the client made up.
    """
    chain = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    chain.append(request.META.get("REMOTE_ADDR", ""))
    address: str = chain[max(0, len(chain) - 1 - settings.TRUSTED_PROXIES)]
    return address


def response_headers(headers: HTTPHeaderDict) -> tuple[dict[str, str], list[str]]:
    """The headers for the client, those that repeat joined, and the values of Set-Cookie. Raises UnfitHeader."""
    dropped = _NOT_RETURNED | _named_in(headers.get("connection", ""))
    kept = {name: value for name, value in headers.itermerged() if name.lower() not in dropped}
    cookies = headers.getlist("set-cookie")
    if not all(map(_NAME.fullmatch, kept)) or not all(map(_VALUE.fullmatch, [*kept.values(), *cookies])):
        raise UnfitHeader
    return kept, cookies


def _client_headers(request: HttpRequest) -> Iterable[tuple[str, str]]:
    meta: Mapping[str, object] = request.META
    return (
        (key[5:].replace("_", "-").lower(), value)
        for key, value in meta.items()
        if key.startswith("HTTP_") and isinstance(value, str)
    )


def _passes(name: str) -> bool:
    return name not in _SAID_BY_GATEWAY and not name.startswith(_SAID_BY_GATEWAY_PREFIXES)


def _gateway_headers(request: HttpRequest) -> dict[str, str]:
    host = request.get_host()  # refuses a host that is not ours
    headers = {
        "host": host,
        "x-forwarded-for": client_address(request),
        "x-forwarded-host": host,
        "x-forwarded-proto": request.scheme or "http",
        "via": "1.1 gateway",
    }
    if context := current_request_context():
        headers["x-request-id"] = context.request_id
        headers["traceparent"] = _as_parent(context.traceparent)
    return headers


def _as_parent(traceparent: str) -> str:
    """The same trace, with a span of the gateway's as the parent of what the service does."""
    return f"{traceparent[:36]}{secrets.token_hex(8)}{traceparent[52:]}"


def _named_in(connection: str) -> set[str]:
    return {name.strip().lower() for name in connection.split(",")} if connection else set()
