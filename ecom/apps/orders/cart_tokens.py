"""A guest's cart token: the cart's id, signed, so that nobody gets at a cart by guessing."""

import re

from django.core.signing import BadSignature, Signer

from ecom.common.public_ids import PUBLIC_ID_PATTERN

_CART_ID = re.compile(f"C{PUBLIC_ID_PATTERN}")


def cart_token(cart_id: str) -> str:
    """The token that makes its bearer the owner of the cart."""
    return _signer().sign(cart_id)


def cart_id_of(token: str) -> str | None:
    """The id of the cart that the token was signed for, or None where the signature is not ours."""
    try:
        cart_id = _signer().unsign(token)
    except BadSignature:
        return None
    return cart_id if _CART_ID.fullmatch(cart_id) else None


def _signer() -> Signer:
    return Signer(salt="ecom.cart", sep=".")
