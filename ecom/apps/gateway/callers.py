"""Who calls, as far as the gateway looks: a token's principal, or a network address."""

import threading

from cachetools import TTLCache
from django.http import HttpRequest

from ecom.apps.gateway.headers import client_address
from ecom.common.authentication import Principal, bearer_token, verify_token
from ecom.common.client_address import MAX_ADDRESS_LENGTH, client_name

# Verifying costs more than all else that the gateway does, and callers repeat their tokens. One that has ended passes
# here for at most this long; the service, which decides, looks at each.
VERIFIED_SECONDS = 30
MAX_VERIFIED = 1024

_verified: TTLCache[str, Principal] = TTLCache(MAX_VERIFIED, VERIFIED_SECONDS)
_lock = threading.Lock()


def principal_of(request: HttpRequest) -> Principal | None:
    """The caller that the token names, None without one. Raises InvalidToken."""
    token = bearer_token(request)
    if token is None:
        return None
    with _lock:
        principal = _verified.get(token)
    if principal is None:
        principal = verify_token(token)
        with _lock:
            _verified[token] = principal
    return principal


def client_of(request: HttpRequest, principal: Principal | None) -> str:
    """One name for whoever is behind requests: the token's subject, else the address (of IPv6 its /64)."""
    if principal is not None:
        return f"token {principal.subject}"
    address = client_address(request)[:MAX_ADDRESS_LENGTH]
    return client_name(address) or address
