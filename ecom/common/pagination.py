"""Keyset pages with opaque cursors, which are checked like any other input.

A cursor is the sort key of the row at the page's edge and the direction in which to go on from it.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from rest_framework.exceptions import ValidationError

MAX_CURSOR_LENGTH = 2048

# What PostgreSQL takes: a bigint, or text without NUL.
KeyInteger = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
KeyText = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z")]
Key = tuple[KeyInteger | KeyText, ...]
Row = TypeVar("Row")


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """`values` is the edge row's sort key under `sort`; `backwards` asks for the page before it."""

    sort: str
    values: Key
    backwards: bool = False

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


def decode_cursor(text: str) -> Cursor:
    """The cursor in a query parameter. Raises ValidationError (400) for anything that we did not give out."""
    try:
        if len(text) > MAX_CURSOR_LENGTH:
            raise ValueError
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(raw, type=Cursor)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise _invalid_cursor("This cursor is not one that a list gave out.") from error


def decode_cursor_of(sort: str, kinds: Sequence[type], text: str) -> Cursor:
    """A cursor of a list under `sort`, whose key has one value of each of `kinds`. Raises ValidationError (400)."""
    cursor = decode_cursor(text)
    if cursor.sort != sort:
        raise _invalid_cursor("This cursor belongs to another sort.")
    if [type(value) for value in cursor.values] != list(kinds):
        raise _invalid_cursor("This cursor is not one that a list gave out.")
    return cursor


def _invalid_cursor(reason: str) -> ValidationError:
    return ValidationError({"cursor": [reason]})


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page and the cursors of its neighbours, None where there is none."""

    results: list[Row]
    next: Cursor | None
    previous: Cursor | None

    def body(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The list's answer. URLs are relative to the host, so that they hold behind the gateway too."""
        links = {"next": self.next, "previous": self.previous}
        return {
            "results": self.results,
            **{
                name: f"{path}?{urlencode({**parameters, 'cursor': cursor.encode()})}" if cursor else None
                for name, cursor in links.items()
            },
        }


def keyset_page(
    rows: Sequence[Row], *, limit: int, sort: str, cursor: Cursor | None, key: Callable[[Row], Key]
) -> Page[Row]:
    """The page made of up to `limit + 1` rows, the one too many telling that there are more.

    `rows` are as read from the cursor on: in the list's order, or in its reverse where the cursor goes backwards.
    """
    backwards = cursor is not None and cursor.backwards
    more, shown = len(rows) > limit, list(rows[:limit])
    if not shown:
        return Page([], None, None)
    if backwards:
        shown.reverse()
    has_next, has_previous = (True, more) if backwards else (more, cursor is not None)
    return Page(
        shown,
        next=Cursor(sort, key(shown[-1])) if has_next else None,
        previous=Cursor(sort, key(shown[0]), backwards=True) if has_previous else None,
    )
