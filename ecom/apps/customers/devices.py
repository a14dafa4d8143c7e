"""A cookie for devices on which somebody has signed in: their attempts are counted apart from everybody else's.

So nobody can lock out the owner of an account by failing to sign in to it, not even from the same network.
"""

import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

COOKIE_NAME = "ecom_device"
MAX_AGE_SECONDS = 180 * 24 * 3600
_NONCE_LENGTH = 22


def new_device_cookie(email: str) -> str:
    """A cookie that says, to us alone: this device has signed in with this address."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_signature(nonce, email)}"


def known_device(cookie: str | None, email: str) -> str | None:
    """The device's id where the cookie was given for this address, else None."""
    nonce, _, signature = (cookie or "").partition(".")
    if len(nonce) != _NONCE_LENGTH or not constant_time_compare(signature, _signature(nonce, email)):
        return None
    return nonce


def _signature(nonce: str, email: str) -> str:
    return salted_hmac("ecom.customers.device", f"{nonce}\0{email}", algorithm="sha256").hexdigest()
