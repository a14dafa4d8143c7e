"""The header Idempotency-Key, by which a request means the same when it comes again."""

import re

from ecom.common.problems import FieldError, Refusal

_KEY = re.compile(r"[!-~]{8,64}")


def checked_key(key: str, detail: str) -> str:
    """The key, if it has 8 to 64 visible characters. Raises Refusal (400) with `detail`."""
    if not _KEY.fullmatch(key):
        raise Refusal(400, "idempotency-key", detail, errors=[FieldError("Idempotency-Key", "invalid", detail)])
    return key
