"""Who sent a request: token, signed cookie, address and user agent."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from rest_framework.request import Request

from ecom.apps.activity.bots import is_known_bot
from ecom.apps.activity.trust import Caller, speaks_for_anyone
from ecom.common.authentication import Principal
from ecom.common.visitor import COOKIE_NAME, visitor_id

MAX_ADDRESS_LENGTH = 64


def caller_of(request: Request) -> Caller:
    """The caller, as far as the request proves who it is."""
    principal = request.user if isinstance(request.user, Principal) else None
    cookie = request.COOKIES.get(COOKIE_NAME)
    return Caller(
        address=_address(request),
        principal=principal,
        visitor=visitor_id(cookie) if cookie else None,
        # A service account's user agent says nothing about the shoppers for whom it speaks.
        bot=not speaks_for_anyone(principal) and is_known_bot(request.META.get("HTTP_USER_AGENT", "")),
    )


def _address(request: Request) -> str:
    """The client's address, as the gateway saw it: the last entry of X-Forwarded-For.

    The gateway writes the header anew, and only the gateway reaches this service (network policy), so the last entry
    is its word; all before it is what a client made up. Without the header, it is whoever connected.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    peer: str = request.META.get("REMOTE_ADDR", "")
    return _client(forwarded[:MAX_ADDRESS_LENGTH]) or _client(peer) or peer


@lru_cache(maxsize=4096)
def _client(text: str) -> str | None:
    """One name for each client, None for what is no address. An IPv6 client owns a /64, so that is one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.exploded[:19] if isinstance(address, IPv6Address) else str(address)
