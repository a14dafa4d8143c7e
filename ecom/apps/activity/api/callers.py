"""Who sent a request: token, signed cookie, address and user agent."""

from rest_framework.request import Request

from ecom.apps.activity.bots import is_known_bot
from ecom.apps.activity.trust import Caller, speaks_for_anyone
from ecom.common.authentication import Principal
from ecom.common.client_address import client_address
from ecom.common.visitor import COOKIE_NAME, visitor_id


def caller_of(request: Request) -> Caller:
    """The caller, as far as the request proves who it is."""
    principal = request.user if isinstance(request.user, Principal) else None
    cookie = request.COOKIES.get(COOKIE_NAME)
    return Caller(
        address=client_address(request._request),
        principal=principal,
        visitor=visitor_id(cookie) if cookie else None,
        # A service account's user agent says nothing about the shoppers for whom it speaks.
        bot=not speaks_for_anyone(principal) and is_known_bot(request.META.get("HTTP_USER_AGENT", "")),
    )
