"""Entity tags (RFC 9110): how a client says which state of a thing it has seen.

A product's tag has its `Revision` in it, `"<content>.<stock>"`. As a validator of what was read it is compared whole;
a change of anything but the stock is let through whatever was sold since. All others are digests of the answer's bytes.
"""

from collections.abc import Collection
from hashlib import blake2b

from django.utils.http import parse_etags
from rest_framework.request import Request

from ecom.apps.catalog.selectors import Revision
from ecom.common.problems import Refusal


def tag_of_revision(revision: Revision) -> str:
    """The tag of a product."""
    return f'"{revision.content}.{revision.stock}"'


def tag_of_bytes(content: bytes) -> str:
    """The tag of any other answer."""
    return f'"{blake2b(content, digest_size=8).hexdigest()}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the caller has this state already: a weak tag is as good (If-None-Match)."""
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return known == ["*"] or tag in [each.removeprefix("W/") for each in known]


def required_revisions(request: Request) -> Collection[Revision] | None:
    """As `expected_revisions`. Raises Refusal (428) where the caller does not say what it would change."""
    if "HTTP_IF_MATCH" not in request.META:
        raise Refusal(428, "precondition-required", "Say by If-Match which state you change: the product's ETag, or *.")
    return expected_revisions(request)


def expected_revisions(request: Request) -> Collection[Revision] | None:
    """The states of a product of which the caller would change any (If-Match); None is for whatever it is."""
    tags = parse_etags(request.META.get("HTTP_IF_MATCH", "*"))
    return None if tags == ["*"] else [revision for tag in tags if (revision := _revision(tag))]


def _revision(tag: str) -> Revision | None:
    """None for a tag that no product can have; a weak one does not do for changes."""
    content, _, stock = tag.strip('"').partition(".")
    known = tag.startswith('"') and stock.isascii() and stock.isdigit() and len(stock) <= 10
    return Revision(content, int(stock)) if known else None
