"""Who sent a request: token, signed cookie, address and user agent."""

from ipaddress import IPv6Address, ip_address

from rest_framework.request import Request

from ecom.apps.activity.bots import is_known_bot
from ecom.apps.activity.trust import Caller
from ecom.common.authentication import Principal
from ecom.common.visitor import COOKIE_NAME, visitor_id


def caller_of(request: Request) -> Caller:
    """The caller, as far as the request proves who it is."""
    principal = request.user if isinstance(request.user, Principal) else None
    cookie = request.COOKIES.get(COOKIE_NAME)
    caller = Caller(address=_address(request), principal=principal, visitor=visitor_id(cookie) if cookie else None)
    # A service account's user agent says nothing about the shoppers for whom it speaks.
    bot = not caller.speaks_for_anyone and is_known_bot(request.META.get("HTTP_USER_AGENT", ""))
    return Caller(address=caller.address, principal=principal, visitor=caller.visitor, bot=bot)


def _address(request: Request) -> str:
    """The client's address, as the gateway saw it: the last entry of X-Forwarded-For.

    The gateway appends the address of its own peer, and only the gateway reaches this service (network policy), so the
    last entry is its word; all before it is what the client made up. Without the header, it is whoever connected.
    An IPv6 client owns a /64, so that counts as one address.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    text = forwarded or request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(text)
    except ValueError:
        return str(request.META.get("REMOTE_ADDR", ""))
    return address.exploded[:19] if isinstance(address, IPv6Address) else str(address)
