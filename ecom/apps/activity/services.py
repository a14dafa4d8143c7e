"""Takes shoppers' events: judged one by one, published together, answered one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import msgspec
import uuid_utils
from django.conf import settings
from msgspec import UNSET
from prometheus_client import Counter

from ecom.apps.activity.clocks import InvalidTime, Occurrence, occurrence, read_time, rfc3339
from ecom.apps.activity.events import RETRY_AFTER_SECONDS, KafkaUnavailable, Record, publisher
from ecom.apps.activity.incoming import Decoded, IncomingEvent
from ecom.apps.activity.new_users import NewUserLimit
from ecom.apps.activity.trust import Caller, NotYours
from ecom.common.problems import FieldError
from ecom.common.request_context import current_request_context, new_traceparent
from ecom.contracts.cloud_event import Header
from ecom.contracts.raw_event import RAW_EVENT, RawEvent

NOT_YOURS = "not_your_user_id"
UNAVAILABLE = "unavailable"
TOO_MANY_USERS = "too_many_users"

EVENTS = Counter("ecom_activity_events", "Events by what became of them.", ["outcome"])


@dataclass(frozen=True, slots=True)
class Accepted:
    """Kafka has it."""

    event_id: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """It will never be taken as it stands."""

    errors: list[FieldError]

    @property
    def forbidden(self) -> bool:
        """True where nothing is wrong but that the caller may not speak for this user."""
        return all(error.code == NOT_YOURS for error in self.errors)


@dataclass(frozen=True, slots=True)
class Retry:
    """It was not taken now; sent again with this `event_id` after `seconds`, it is counted once."""

    reason: str
    seconds: int
    event_id: str


Outcome = Accepted | Invalid | Retry


@dataclass(frozen=True, slots=True)
class _Reception:
    """What the events of one request have in common."""

    caller: Caller
    received_at: datetime
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    """An event that may be published."""

    event_id: str
    record: Record


def accept_events(*, events: Sequence[Decoded], caller: Caller) -> list[Outcome]:
    """Publish what is valid and wait for Kafka; one outcome for each event, in their order."""
    reception = _reception(caller)
    judged = [_judge(event, reception) for event in events]
    outcomes = _published(judged)
    for kind in (Accepted, Invalid, Retry):
        if number := sum(isinstance(outcome, kind) for outcome in outcomes):
            EVENTS.labels(kind.__name__.lower()).inc(number)
    return outcomes


def _published(judged: Sequence[_Judged | Invalid | Retry]) -> list[Outcome]:
    records = [each.record for each in judged if isinstance(each, _Judged)]
    acknowledged = iter(_acknowledged(records))
    return [_outcome(each, next(acknowledged)) if isinstance(each, _Judged) else each for each in judged]


def _outcome(judged: _Judged, acknowledged: bool) -> Outcome:
    if acknowledged:
        return Accepted(judged.event_id)
    return Retry(UNAVAILABLE, RETRY_AFTER_SECONDS, judged.event_id)


def _acknowledged(records: Sequence[Record]) -> list[bool]:
    if not records:
        return []
    try:
        return publisher().publish(records)
    except KafkaUnavailable:
        return [False] * len(records)


def _reception(caller: Caller) -> _Reception:
    received_at = datetime.now(UTC)
    context = current_request_context()
    traceparent = context.traceparent if context else new_traceparent()
    headers: tuple[Header, ...] = (
        *RAW_EVENT.constant_headers,
        ("traceparent", traceparent.encode()),
        ("received_at", rfc3339(received_at).encode()),
        *((("bot", b"1"),) if caller.bot else ()),
    )
    return _Reception(caller, received_at, headers)


def _judge(event: Decoded, reception: _Reception) -> _Judged | Invalid | Retry:
    if not isinstance(event, IncomingEvent):
        return Invalid(event)
    when, errors = _when(event, reception.received_at)
    try:
        trust = reception.caller.trust_in(event.user_id)
    except NotYours:
        errors.append(FieldError("/user_id", NOT_YOURS, "You are signed in as another user."))
    if errors or when is None:
        return Invalid(errors)
    event_id = event.event_id or str(uuid_utils.uuid7())
    if seconds := _seconds_to_wait(reception.caller, event.user_id):
        return Retry(TOO_MANY_USERS, seconds, event_id)
    headers = [
        *reception.headers,
        ("ce_id", event_id.encode()),
        ("ce_time", when.time.encode()),
        ("trust", trust.encode()),
    ]
    if when.original is not None:
        headers.append(("original_timestamp", when.original.encode()))
    return _Judged(event_id, Record(event.user_id.encode(), _value(event, event_id, when), headers))


def _when(event: IncomingEvent, received_at: datetime) -> tuple[Occurrence | None, list[FieldError]]:
    """When it happened, or what is wrong with each of its times."""
    errors = []
    try:
        sent_at = read_time(event.sent_at)[0] if event.sent_at else None
    except InvalidTime as error:
        sent_at = None
        errors.append(FieldError("/sent_at", error.code, error.detail))
    try:
        return occurrence(event.timestamp, sent_at=sent_at, received_at=received_at), errors
    except InvalidTime as error:
        errors.append(FieldError("/timestamp", error.code, error.detail))
    return None, errors


def _value(event: IncomingEvent, event_id: str, when: Occurrence) -> bytes:
    return msgspec.json.encode(
        RawEvent(
            user_id=event.user_id,
            product_id=event.product_id,
            event_type=event.event_type,
            timestamp=when.time,
            event_id=event_id,
            session_id=event.session_id or UNSET,
            sent_at=read_time(event.sent_at)[1] if event.sent_at else UNSET,
            campaign=event.campaign or UNSET,
            schema_version=RAW_EVENT.version,
        )
    )


def _seconds_to_wait(caller: Caller, user_id: str) -> int:
    """Seconds until a client that brings many users may bring this one; 0 for those whom a token names."""
    if caller.principal is not None:
        return 0
    return _new_user_limit().seconds_to_wait(caller.address, user_id)


@cache
def _new_user_limit() -> NewUserLimit:
    return NewUserLimit(settings.NEW_USERS_PER_MINUTE)
