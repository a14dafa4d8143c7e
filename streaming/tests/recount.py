"""What the job should say of a stream, worked out in plain Python from the definitions alone."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from streaming.tests.stage import Record, milliseconds, rfc3339

MINUTE = 60_000
COLUMNS = {"VIEW_PRODUCT": "view_count", "ADD_TO_CART": "cart_count", "ADD_TO_WISHLIST": "wishlist_count",
           "PURCHASE": "purchase_count"}  # fmt: skip


@dataclass
class _Window:
    users: set[str] = field(default_factory=set)
    verified: set[str] = field(default_factory=set)
    events: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    count: int = 0
    bots: int = 0

    def add(self, event: dict[str, str], record: Record, number: int) -> None:
        self.count += 1
        if record.headers.get("bot") == "1":
            self.bots += 1
            return
        self.users.add(event["user_id"])
        if record.headers.get("trust") in ("customer", "visitor"):
            self.verified.add(event["user_id"])
        self.events[COLUMNS.get(event["event_type"], "other_count")].add(event.get("event_id") or f"#{number}")

    def numbers(self) -> dict[str, int]:
        types = {name: len(self.events[name]) for name in (*COLUMNS.values(), "other_count")}
        own = {"unique_user_count": len(self.users), "verified_user_count": len(self.verified),
               "event_count": self.count, "bot_event_count": self.bots}  # fmt: skip
        return own | types


def windows(events: Iterable[Record]) -> dict[tuple[str, str], dict[str, int]]:
    """The numbers of each (product, window start) of events that are all valid and in time."""
    found: dict[tuple[str, str], _Window] = defaultdict(_Window)
    for number, record in enumerate(events):
        assert record.value is not None
        event = json.loads(record.value)
        start = milliseconds(event["timestamp"][:19] + "Z") // MINUTE * MINUTE
        found[event["product_id"], rfc3339(start)[:19] + "Z"].add(event, record, number)
    return {key: window.numbers() for key, window in found.items()}
