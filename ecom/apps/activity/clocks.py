"""When it happened: shoppers' clocks read, normalised to UTC, corrected where the client says what its clock showed.

Every text that comes in is RFC 3339 with an offset; every text that goes out ends in `Z`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ecom.contracts.field_types import TIMESTAMP_PATTERN

AHEAD_TOLERANCE = timedelta(seconds=60)

_NORMAL = re.compile(TIMESTAMP_PATTERN)
_RFC_3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class InvalidTime(Exception):
    """The text is no moment that we can count; its message says why, `code` is the word for programs."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`time` is RFC 3339 in UTC; `original` what the client had said, where that is another moment."""

    time: str
    original: str | None = None


def occurrence(timestamp: str, *, sent_at: datetime | None, received_at: datetime) -> Occurrence:
    """When an event happened by our clock. Raises InvalidTime.

    `sent_at` is what the client's clock showed when it sent: the difference to `received_at` is the client's error,
    and the journey. A moment up to 60 s ahead of our clock is taken as now, one further ahead is refused.
    """
    moment, text = read_time(timestamp)
    corrected = timestamp[17:19] == "60"  # a leap second was moved into the second before it
    if sent_at is not None:
        moment, text = _shifted(moment, received_at - sent_at)
        corrected = True
    if moment > received_at:
        _refuse_far_ahead(moment, received_at)
        text, corrected = rfc3339(received_at), True
    return Occurrence(text, timestamp if corrected else None)


def read_time(text: str) -> tuple[datetime, str]:
    """The moment (to the microsecond) and its text in UTC (as fine as it came). Raises InvalidTime."""
    try:
        if _NORMAL.match(text):
            return datetime.fromisoformat(text), text
        return _normalised(text)
    except (ValueError, OverflowError) as error:
        raise InvalidTime("invalid_time", "There is no such date and time.") from error


def rfc3339(moment: datetime) -> str:
    """A moment of our own, to the millisecond: `2025-11-23T12:40:09.123Z`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _normalised(text: str) -> tuple[datetime, str]:
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise InvalidTime("invalid_time", "A time looks like 2025-11-23T12:40:09Z (RFC 3339, with Z or an offset).")
    day, minute, second, fraction, offset = match.groups(default="")
    if second == "60":  # a leap second: it stays in its minute
        second, fraction = "59", ".999999"
    local = datetime.fromisoformat(f"{day}T{minute}{second}{offset.upper()}")
    utc = local.astimezone(UTC)
    text = f"{utc.replace(tzinfo=None).isoformat()}{fraction}Z"
    return datetime.fromisoformat(text), text


def _shifted(moment: datetime, by: timedelta) -> tuple[datetime, str]:
    try:
        moved = moment + by
    except OverflowError as error:
        raise InvalidTime("invalid_time", "Corrected by sent_at there is no such date and time.") from error
    return moved, rfc3339(moved)


def _refuse_far_ahead(moment: datetime, received_at: datetime) -> None:
    if moment - received_at > AHEAD_TOLERANCE:
        seconds = AHEAD_TOLERANCE.total_seconds()
        raise InvalidTime("too_far_ahead", f"The time is more than {seconds:.0f} s ahead of {rfc3339(received_at)}.")
