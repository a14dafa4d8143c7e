"""Random secrets that are given out once and kept as digests."""

import hashlib
import secrets

# Crockford's base 32: without letters that are read wrongly, and no case to get wrong.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_secret() -> str:
    """256 random bits in 43 characters that need no escaping in a URL."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of such a secret (64 hexadecimal digits). It is random, so that a fast hash does."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_public_id(prefix: str) -> str:
    """A public id: the prefix and 80 random bits in 16 letters and digits, which say nothing about anybody."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(16))
