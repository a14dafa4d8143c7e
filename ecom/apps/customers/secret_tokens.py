"""Random secrets that are given out once and kept as digests."""

import hashlib
import secrets


def new_secret() -> str:
    """256 random bits in 43 characters that need no escaping in a URL."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of such a secret (64 hexadecimal digits). It is random, so that a fast hash does."""
    return hashlib.sha256(secret.encode()).hexdigest()
