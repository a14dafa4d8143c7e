"""Which network address a request came from."""

from ipaddress import IPv6Address, ip_address

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's address, as the gateway saw it: the last entry of X-Forwarded-For.

    The gateway appends the address of its own peer, and only the gateway reaches a service (network policy), so the
    last entry is its word; all before it is what the client made up. Without the header, it is whoever connected.
    An IPv6 client owns a /64, so that counts as one address.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    try:
        address = ip_address(forwarded or peer)
    except ValueError:
        return peer
    return address.exploded[:19] if isinstance(address, IPv6Address) else str(address)
