"""Counts a recording's shoppers by product and minute in plain Python: the model that the job is held against."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ecom.apps.activity.recordings.reading import RecordedEvent
from ecom.contracts.field_types import EVENT_TYPE_PATTERN

MINUTE = 60
# The job keeps a recording's window open for as long; shoppers are remembered no longer than that.
OPEN_SECONDS = 600
_EVENT_TYPE = re.compile(EVENT_TYPE_PATTERN)

Minutes = dict[int, int]


@dataclass
class Recount:
    """`products` gives each product's shoppers by minute (seconds since 1970 of its start)."""

    products: dict[str, Minutes] = field(default_factory=dict)
    events: int = 0
    left_out: int = 0

    @property
    def windows(self) -> int:
        """How many minutes of products have shoppers."""
        return sum(len(minutes) for minutes in self.products.values())

    @property
    def start(self) -> datetime:
        """The first minute's start."""
        return datetime.fromtimestamp(min(min(minutes) for minutes in self.products.values()), UTC)

    @property
    def end(self) -> datetime:
        """The last minute's end."""
        return datetime.fromtimestamp(max(max(minutes) for minutes in self.products.values()) + MINUTE, UTC)


def recount(events: Iterable[RecordedEvent]) -> Recount:
    """Count distinct shoppers; memory holds the shoppers of the open minutes and one number for each closed window."""
    result = Recount()
    shoppers: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    newest = 0
    for event in events:
        if not _is_countable(event):
            result.left_out += 1
            continue
        result.events += 1
        minute = int(event.time.timestamp()) // MINUTE * MINUTE
        shoppers[minute][event.product_id].add(event.user_id)
        if minute > newest:
            newest = minute
            for closed in [each for each in shoppers if each < newest - OPEN_SECONDS]:
                _close(result, closed, shoppers.pop(closed))
    for minute in list(shoppers):
        _close(result, minute, shoppers.pop(minute))
    return result


def _close(result: Recount, minute: int, products: dict[str, set[str]]) -> None:
    for product_id, users in products.items():
        minutes = result.products.setdefault(product_id, {})
        minutes[minute] = minutes.get(minute, 0) + len(users)


def _is_countable(event: RecordedEvent) -> bool:
    """False for what the API refuses, which is then in no window."""
    return (
        1 <= len(event.user_id) <= 64
        and 1 <= len(event.product_id) <= 64
        and _EVENT_TYPE.match(event.event_type) is not None
    )
