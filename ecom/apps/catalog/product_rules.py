"""What a product's fields must look like, whoever brings them: a CSV file or the API.

A rule takes a value and gives it back as it is stored; it raises ValueError with the reason where it is unfit.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import nh3

from ecom.apps.catalog.models import MAX_PATH_LENGTH, PRODUCT_ID_PATTERN
from ecom.apps.catalog.services.categories import CategoryNames, category_path

# Elements that part words where they stand; the others stand inside of words too.
_BREAKS = re.compile(r"<(/?(?:br|p|li|ul|ol|div|tr|td|th|table|h\d)\b)", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200b\ufeff]+")
NAME_LENGTH = 100  # of a category, and of its slug
# The word after /products/ under which many are written at once.
_RESERVED_IDS = frozenset({"bulk"})


def plain_text(value: str) -> str:
    """The text without HTML, control characters and runs of white space. Raises ValueError where it is not UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8") from None
    if "<" in value or "&" in value:
        value = html.unescape(nh3.clean(_BREAKS.sub(r" <\1", value), tags=set()))
    return " ".join(unicodedata.normalize("NFC", _CONTROLS.sub(" ", value)).split())


def _text(limit: int, *, empty: bool = True) -> Callable[[str], str]:
    def rule(value: str) -> str:
        text = plain_text(value)
        if not text and not empty:
            raise ValueError("is empty")
        return _no_longer_than(limit, text)

    return rule


def _no_longer_than(limit: int, text: str) -> str:
    if len(text) > limit:
        raise ValueError(f"is longer than {limit} characters")
    return text


def _matching(pattern: str, reason: str) -> Callable[[str], str]:
    def rule(value: str) -> str:
        text = value.strip()
        if not re.fullmatch(pattern, text):
            raise ValueError(reason if text else "is empty")
        return text

    return rule


_product_id = _matching(PRODUCT_ID_PATTERN, "is not made of 1 to 64 letters, digits and . _ : ~ -")
title = _text(300, empty=False)
description = _text(20_000)
brand = _text(100)
currency = _matching("[A-Z]{3}", "is not three capital letters")
_category_name = _text(NAME_LENGTH)


def product_id(value: str) -> str:
    """A public id, which stands in URLs as it is."""
    if value in _RESERVED_IDS:
        raise ValueError("is an address of the API")
    return _product_id(value)


def category(names: Iterable[str]) -> CategoryNames:
    """A category's names from the root down; none is no category."""
    plain = tuple(_category_name(name) for name in names)
    if not all(any(character.isalpha() for character in name) for name in plain):
        raise ValueError("has no letters")
    path = _no_longer_than(MAX_PATH_LENGTH, category_path(plain))
    for slug in path.split("/"):  # a letter can become several
        _no_longer_than(NAME_LENGTH, slug)
    return plain


def image_url(value: str) -> str:
    """An http or https URL, or an empty text."""
    url = _no_longer_than(500, value.strip())
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or not re.fullmatch("[!-~]+", url)):
        raise ValueError("is not an http or https URL")
    return url
