"""Events as they come in: decoded with msgspec, and where that fails, everything that is wrong with each."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ecom.common.problems import FieldError
from ecom.contracts.field_types import EventType, Identifier, SchemaVersion

Time = Annotated[str, Meta(min_length=1, max_length=64)]


class IncomingEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a client may send. Times are read later; `null` is the same as absent for what is optional."""

    user_id: Identifier
    product_id: Identifier
    event_type: EventType
    timestamp: Time
    event_id: Identifier | UnsetType | None = UNSET
    session_id: Identifier | UnsetType | None = UNSET
    sent_at: Time | UnsetType | None = UNSET
    campaign: Identifier | UnsetType | None = UNSET
    schema_version: SchemaVersion | UnsetType | None = UNSET


class Malformed(Exception):
    """The body is not JSON; the message says where it stops being it."""


_event = msgspec.json.Decoder(IncomingEvent)
_events = msgspec.json.Decoder(list[IncomingEvent])
_raw_events = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_identifier = "must be a string of 1 to 64 characters."
_time = "must be a time such as 2025-11-23T12:40:09Z (RFC 3339)."
_EXPECTED = {
    "user_id": _identifier,
    "product_id": _identifier,
    "event_type": "must be 1 to 40 capital letters, digits or underscores, a letter first.",
    "timestamp": _time,
    "event_id": _identifier,
    "session_id": _identifier,
    "sent_at": _time,
    "campaign": _identifier,
    "schema_version": "must be a version of this API's schema, such as 1.1.",
}
_FIELDS = {field.name: field for field in msgspec.structs.fields(IncomingEvent)}

Decoded = IncomingEvent | list[FieldError]


def decode_event(body: bytes) -> Decoded:
    """One event, or all that is wrong with it. Raises Malformed where the body is not JSON."""
    try:
        return _event.decode(body)
    except msgspec.ValidationError:
        return field_errors(_decode_any(body))
    except _UNREADABLE as error:
        raise Malformed(_reason(error)) from error


def decode_array(body: bytes) -> list[Decoded]:
    """The events of a JSON array, each by itself. Raises Malformed where the body is not an array of JSON."""
    try:
        return list(_events.decode(body))
    except msgspec.ValidationError:
        return [_decode_item(bytes(item)) for item in _decode_raw_array(body)]
    except _UNREADABLE as error:
        raise Malformed(_reason(error)) from error


def decode_lines(body: bytes) -> list[Decoded]:
    """The events of newline-delimited JSON, empty lines left out. A malformed line spoils only itself."""
    return [_decode_item(line) for line in body.split(b"\n") if line.strip()]


def field_errors(document: object) -> list[FieldError]:
    """Everything that is wrong with the fields of a document that is not an event."""
    if not isinstance(document, dict):
        return [FieldError("", "invalid", "An event is a JSON object.")]
    return list(_field_errors(document))


def _field_errors(document: dict[str, Any]) -> Iterator[FieldError]:
    for name, field in _FIELDS.items():
        if name in document:
            try:
                msgspec.convert(document[name], field.type)
            except msgspec.ValidationError:
                yield FieldError(f"/{name}", "invalid", f"{name} {_EXPECTED[name]}")
        elif field.required:
            yield FieldError(f"/{name}", "required", f"{name} is required.")


def _decode_item(item: bytes) -> Decoded:
    try:
        return decode_event(item)
    except Malformed as error:
        return [FieldError("", "malformed", str(error))]


def _decode_raw_array(body: bytes) -> list[msgspec.Raw]:
    try:
        return _raw_events.decode(body)
    except msgspec.ValidationError as error:
        raise Malformed("The body must be a JSON array of events.") from error
    except _UNREADABLE as error:
        raise Malformed(_reason(error)) from error


def _decode_any(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except _UNREADABLE as error:  # also a number that no Python type holds, which is a ValidationError
        raise Malformed(_reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "The JSON is nested too deeply."
    if isinstance(error, UnicodeDecodeError):
        return "The JSON is not UTF-8."
    return f"{error}."
