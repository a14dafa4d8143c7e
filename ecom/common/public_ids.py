"""Public ids: the names under which rows are known outside of their context."""

import secrets

# Crockford's base 32: without letters that are read wrongly, and no case to get wrong.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PUBLIC_ID_LENGTH = 17
PUBLIC_ID_PATTERN = "[0-9A-HJKMNP-TV-Z]{16}"  # after the prefix


def new_public_id(prefix: str) -> str:
    """A public id: a prefix of one letter and 80 random bits in 16 letters and digits, which say nothing."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(16))
