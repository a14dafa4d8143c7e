"""Which network address a request came from."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from django.http import HttpRequest

MAX_ADDRESS_LENGTH = 64


def client_address(request: HttpRequest) -> str:
    """The client's address, as the gateway saw it: the last entry of X-Forwarded-For.

    The gateway writes the header anew, and only the gateway reaches a service (network policy), so the last entry is
    its word; all before it is what a client made up. Without the header, it is whoever connected.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    peer = str(request.META.get("REMOTE_ADDR", ""))
    return client_name(forwarded[:MAX_ADDRESS_LENGTH]) or client_name(peer) or peer


@lru_cache(maxsize=4096)
def client_name(text: str) -> str | None:
    """One name for each client, None for what is no address. An IPv6 client owns a /64, so that is one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return address.exploded[:19]
    return str(address.ipv4_mapped if isinstance(address, IPv6Address) else address)
