"""Keyset pages with opaque cursors, which are checked like any other input.

A cursor is the sort key of the row at the page's edge and the direction in which to go on from it.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
from rest_framework.exceptions import ValidationError


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """`values` is the edge row's sort key under `sort`; `backwards` asks for the page before it."""

    sort: str
    values: tuple[str | int | float, ...]
    backwards: bool = False

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


MAX_CURSOR_LENGTH = 2048
Row = TypeVar("Row")


def decode_cursor(text: str) -> Cursor:
    """The cursor in a query parameter. Raises ValidationError (400) for anything that we did not give out."""
    try:
        if len(text) > MAX_CURSOR_LENGTH:
            raise ValueError
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(raw, type=Cursor)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise ValidationError({"cursor": ["This cursor is not one that a list gave out."]}) from error


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page and the cursors of its neighbours, None where there is none."""

    results: list[Row]
    next: Cursor | None
    previous: Cursor | None
