"""The visitor's cookie: a pseudonym that the gateway gave out and signed, which activity tells from an invented one.

Its value is `<visitor id>.<signature>`; the visitor id (`V` and 32 hexadecimal digits) is what a page sends
as `user_id`.
"""

import secrets

from django.conf import settings
from django.core.signing import BadSignature, Signer

COOKIE_NAME = "ecom_visitor"
MAX_AGE_SECONDS = 180 * 24 * 3600


def _signer() -> Signer:
    return Signer(key=settings.VISITOR_KEY, sep=".", salt="ecom.visitor")


def new_visitor_cookie() -> str:
    """A signed cookie value for a visitor that nobody has seen before."""
    return _signer().sign(f"V{secrets.token_hex(16)}")


def visitor_id(cookie: str) -> str | None:
    """The visitor that the cookie was signed for, or None where the signature is not ours."""
    try:
        return _signer().unsign(cookie)
    except BadSignature:
        return None
