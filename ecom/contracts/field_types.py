"""The types that fields of events share. Each says the same as the definition of its name in the JSON Schemas.

`$(?!\\n)` and `[0-9]` rather than `$` and `\\d`: Python's also take a line break at the end and other scripts' digits.
"""

from typing import Annotated

from msgspec import Meta

EVENT_TYPE_PATTERN = r"^[A-Z][A-Z0-9_]{0,39}$(?!\n)"
DATE_PATTERN = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
TIME_PATTERN = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
TIMESTAMP_PATTERN = rf"^{DATE_PATTERN}T{TIME_PATTERN}Z$(?!\n)"
MINUTE_PATTERN = rf"^{DATE_PATTERN}T([01][0-9]|2[0-3]):[0-5][0-9]:00Z$(?!\n)"
STATUS_PATTERN = r"^[A-Z][A-Z0-9_]{0,31}$(?!\n)"
CURRENCY_PATTERN = r"^[A-Z]{3}$(?!\n)"
LARGEST_COUNT = 2**53 - 1  # what every JSON reader holds exactly

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
EventType = Annotated[str, Meta(pattern=EVENT_TYPE_PATTERN)]
Timestamp = Annotated[str, Meta(pattern=TIMESTAMP_PATTERN)]
Minute = Annotated[str, Meta(pattern=MINUTE_PATTERN)]
SchemaVersion = Annotated[str, Meta(pattern=r"^1\.(0|[1-9][0-9]{0,3})$(?!\n)")]
Count = Annotated[int, Meta(ge=0, le=LARGEST_COUNT)]
PositiveCount = Annotated[int, Meta(ge=1, le=LARGEST_COUNT)]
OrderStatus = Annotated[str, Meta(pattern=STATUS_PATTERN)]
Currency = Annotated[str, Meta(pattern=CURRENCY_PATTERN)]
