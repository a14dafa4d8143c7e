"""Parsed bodies as instances of msgspec types, and the refusal of those that are not valid."""

import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from ecom.common.problems import FieldError, Refusal

Shape = TypeVar("Shape")
# msgspec tells the place by a path: Expected `int` >= 1 - at `$.lines[0].quantity`
_MESSAGE = re.compile(r"(?P<reason>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)


def converted(body: object, shape: type[Shape]) -> Shape:
    """The body in this shape. Raises Refusal (400), which points at the first fault."""
    try:
        return msgspec.convert(body, shape)
    except msgspec.ValidationError as error:
        raise invalid([_field_error(str(error))]) from error


def invalid(errors: Sequence[FieldError]) -> Refusal:
    """The refusal of a body that is well-formed and not valid: the same as a serializer's."""
    return Refusal(400, "bad-request", "The request is not valid; see errors.", errors=errors)


def _field_error(message: str) -> FieldError:
    found = _MESSAGE.fullmatch(message)
    reason, path = (found["reason"], found["path"] or "") if found else (message, "")
    return FieldError(re.sub(r"\.|\[", "/", path).replace("]", ""), "invalid", f"{reason}.")
