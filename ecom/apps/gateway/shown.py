"""What clients see of the analytics: JSON that ends with the freshness, and a tag that changes with all but the age."""

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import orjson

from ecom.apps.gateway.selectors import Freshness


@dataclass(frozen=True, slots=True)
class Shown:
    """`tag` is the same, in every process, where nothing but `freshness.age_seconds` differs."""

    content: bytes
    tag: str


def shown(body: Any, freshness: Freshness) -> Shown:
    """An object, as orjson writes it, with the member `freshness`."""
    known = orjson.dumps(body)
    state = orjson.dumps(replace(freshness, age_seconds=None))
    content = b'%b,"freshness":%b}' % (known[:-1], orjson.dumps(freshness))
    return Shown(content, blake2b(known + state, digest_size=16).hexdigest())
