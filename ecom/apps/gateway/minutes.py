"""Minutes as the analytics tables name them: the start of a one-minute window, in UTC (`2025-11-23T12:40:00Z`)."""

import re
from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse_time(text: str) -> datetime:
    """An RFC 3339 time, in UTC. Raises ValueError."""
    if not _RFC_3339.fullmatch(text):
        raise ValueError(text)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:  # year 1 or 9999, shifted by its offset
        raise ValueError(text) from error


def text_of(time: datetime) -> str:
    """RFC 3339 with `Z`, to the second."""
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def floor(time: datetime) -> datetime:
    """The minute that a time lies in."""
    return time.replace(second=0, microsecond=0)


def ceiling(time: datetime) -> datetime:
    """The first minute that starts at a time or after it. Raises ValueError at the end of the calendar."""
    try:
        return floor(time) if floor(time) == time else floor(time) + MINUTE
    except OverflowError as error:
        raise ValueError(str(time)) from error
