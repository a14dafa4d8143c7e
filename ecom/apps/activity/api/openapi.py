"""The API of activity as its document describes it: an event is what the released contract says."""

from typing import Any

from ecom.apps.activity.api import views
from ecom.common.openapi import JSON, Answer, described, operation
from ecom.contracts.raw_event import RAW_EVENT
from ecom.contracts.released import schema_document

EVENT_ID = "0199b2f0-6c1d-7c3a-9e55-0d6f3a1b2c4d"
EVENT = {"user_id": "U109", "product_id": "P301", "event_type": "VIEW_PRODUCT", "timestamp": "2025-11-23T12:40:09Z"}
FIELD_ERRORS = {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}}


def _event() -> dict[str, Any]:
    schema = schema_document(RAW_EVENT.event, RAW_EVENT.version)
    return {name: value for name, value in schema.items() if name not in ("$schema", "$id")}


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


EVENT_SCHEMA = _event()
EVENTS_SCHEMA = {"type": "array", "items": EVENT_SCHEMA, "minItems": 1, "maxItems": views.MAX_BATCH_EVENTS}
ONE_OR_MANY = {"oneOf": [EVENT_SCHEMA, EVENTS_SCHEMA]}
TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
RESULT = _object(
    *("index", "outcome"),
    index=COUNT,
    outcome={"enum": ["accepted", "invalid", "retry"]},
    event_id=TEXT,
    errors=FIELD_ERRORS,
    reason=TEXT,
    retry_after={"type": "integer", "description": "Seconds."},
)
ACCEPTED = _object("event_id", event_id=TEXT)
COUNTED = _object(
    *("accepted", "invalid", "retry", "results"),
    accepted=COUNT,
    invalid=COUNT,
    retry=COUNT,
    results={"type": "array", "items": RESULT, "description": "One for each event, by its index."},
)
ONE = {"event_id": EVENT_ID}
MANY = {"accepted": 1, "invalid": 0, "retry": 0, "results": [{"index": 0, "outcome": "accepted", **ONE}]}
# Beside the bodies' own: events of somebody else, that are not valid, of too many shoppers.
REFUSALS = (408, 422, 429)

described(
    views.EventView,
    post=operation(
        "Send one event; 202 means that it is stored",
        body=EVENT_SCHEMA,
        example=EVENT,
        answers={202: Answer(ACCEPTED, ONE)},
        refusals=REFUSALS,
        sign_in="optional",
    ),
)
described(
    views.EventsView,
    post=operation(
        "Send up to 500 events; each has an outcome of its own",
        description="As a JSON array, or as lines of JSON (`application/x-ndjson`); gzip if you like.",
        body=EVENTS_SCHEMA,
        example=[EVENT],
        answers={202: Answer(COUNTED, MANY)},
        refusals=REFUSALS,
        sign_in="optional",
    ),
)
described(
    views.BeaconView,
    post=operation(
        "Send what a page has left when it is closed (navigator.sendBeacon)",
        description="One event or an array, as `text/plain` (as browsers send it) or JSON.",
        body=ONE_OR_MANY,
        example=EVENT,
        media=(JSON, "text/plain"),
        answers={202: Answer({"oneOf": [ACCEPTED, COUNTED]}, ONE)},
        refusals=REFUSALS,
        sign_in="optional",
    ),
)
