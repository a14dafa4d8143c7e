"""What the job should say of a stream, in plain Python, written from the definitions and not from the SQL.

An event is late by its own time and Kafka's time of the record that it came in, whatever else is in the stream. The
watermark is behind the partition that is least far. Malformed records may have more than one fault; the job names one.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from streaming.tests.stage import Record

SECOND, MINUTE = 1_000, 60_000
LATENESS, AHEAD = 10 * SECOND, 60 * SECOND
LONGEST_ID, TOP = 64, 100
MAJOR, CE_TYPE = "1", "ecom.raw-event.v1"
TYPES = {"VIEW_PRODUCT": "view_count", "ADD_TO_CART": "cart_count", "ADD_TO_WISHLIST": "wishlist_count",
         "PURCHASE": "purchase_count"}  # fmt: skip
OTHER = "other_count"
UNKNOWN = {"unknown_schema_version"}
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")

At = tuple[int, int]  # partition and offset


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A record of the raw topic; times are in milliseconds since 1970."""

    at: At
    kafka_time: int
    value: bytes | None
    headers: Mapping[str, str]

    @property
    def is_control(self) -> bool:
        """Whether it is outside all accounting."""
        return self.value is None and self.headers.get("control") in ("heartbeat", "end")


@dataclass(frozen=True)
class Event:
    """What a record says, if it is an event."""

    user_id: str
    product_id: str
    event_type: str
    event_id: str | None
    time: int


@dataclass
class Window:
    """What is known of one product's minute."""

    users: set[str] = field(default_factory=set)
    verified: set[str] = field(default_factory=set)
    events: dict[str, set[str | At]] = field(default_factory=lambda: defaultdict(set))
    count: int = 0
    bots: int = 0

    def add(self, event: Event, sent: Sent) -> None:
        """Count one record."""
        self.count += 1
        if sent.headers.get("bot") == "1":
            self.bots += 1
            return
        self.users.add(event.user_id)
        if sent.headers.get("trust") in ("customer", "visitor"):
            self.verified.add(event.user_id)
        self.events[TYPES.get(event.event_type, OTHER)].add(event.event_id or sent.at)

    def numbers(self) -> dict[str, int]:
        """The columns of the window's row."""
        types = {name: len(self.events[name]) for name in (*TYPES.values(), OTHER)}
        own = {"unique_user_count": len(self.users), "verified_user_count": len(self.verified),
               "event_count": self.count, "bot_event_count": self.bots}  # fmt: skip
        return own | types


@dataclass(frozen=True)
class Expected:
    """What a stream must lead to once its watermark has come to its end. Windows are named by their start."""

    windows: dict[tuple[str, str], dict[str, int]]
    top: dict[str, list[dict[str, Any]]]
    status: dict[str, tuple[int, int]]  # events and products of each minute
    late: set[At]
    dead: dict[At, set[str]]  # the faults of each
    accepted: int
    watermark: int  # milliseconds


def expected(stream: Iterable[Sent]) -> Expected:
    """Work it out for records whose time is the broker's."""
    records = list(stream)
    late, dead, counted = set[At](), dict[At, set[str]](), list[tuple[Event, Sent]]()
    for sent in (sent for sent in records if not sent.is_control):
        event = UNKNOWN if sent.headers.get("ce_type", CE_TYPE) != CE_TYPE else read(sent.value)
        if not isinstance(event, Event):
            dead[sent.at] = event
        elif event.time > sent.kafka_time + AHEAD:
            dead[sent.at] = {"timestamp_ahead"}
        elif event.time <= sent.kafka_time - LATENESS:
            late.add(sent.at)
        else:
            counted.append((event, sent))
    final = watermark(records)
    found = {key: numbers for key, numbers in windows(counted).items() if _ends(key[1]) <= final + 1}
    beats = {
        start_of(sent.kafka_time) for sent in records if sent.is_control and sent.headers["control"] == "heartbeat"
    }
    minutes = {start for _, start in found} | {start for start in beats if _ends(start) <= final + 1}
    return Expected(found, _top(found), {start: _status(found, start) for start in minutes}, late, dead,
                    len(counted) + len(late) + len(dead), final)  # fmt: skip


def read(value: bytes | None) -> Event | set[str]:
    """The event in a record's value, or what is wrong with it."""
    if value is None:
        return {"no_value"}
    try:
        body = json.loads(value.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError:
        return {"invalid_utf8"}
    except ValueError:
        return {"not_a_json_object"}
    if not isinstance(body, dict):
        return {"not_a_json_object"}
    version = body.get("schema_version")
    if version is not None and not (isinstance(version, str) and version.startswith(f"{MAJOR}.")):
        return UNKNOWN
    time = _time(body.get("timestamp"))
    right = {
        "user_id": _is_id(body.get("user_id")),
        "product_id": _is_id(body.get("product_id")),
        "event_type": isinstance(body.get("event_type"), str) and TYPE.fullmatch(body["event_type"]) is not None,
        "event_id": body.get("event_id") is None or _is_id(body["event_id"]),
        "timestamp": time is not None,
    }
    if not all(right.values()) or time is None:
        return {f"invalid_{name}" for name, is_right in right.items() if not is_right}
    return Event(body["user_id"], body["product_id"], body["event_type"], body.get("event_id"), time)


def windows(events: Iterable[tuple[Event, Sent]]) -> dict[tuple[str, str], dict[str, int]]:
    """The numbers of each product's minutes, of events that are all in time."""
    found: dict[tuple[str, str], Window] = defaultdict(Window)
    for event, sent in events:
        found[event.product_id, start_of(event.time)].add(event, sent)
    return {key: window.numbers() for key, window in found.items()}


def windows_in_time(records: Iterable[Record]) -> dict[tuple[str, str], dict[str, int]]:
    """The same of records that are all known to be events in time."""
    return windows(
        (event, Sent(at=(0, number), kafka_time=record.kafka_time, value=record.value, headers=record.headers))
        for number, record in enumerate(records) if isinstance(event := read(record.value), Event)
    )  # fmt: skip


def watermark(records: Iterable[Sent]) -> int:
    """How far the job knows time to be: as far as the partition that is least far."""
    newest: dict[int, int] = defaultdict(int)
    for sent in records:
        newest[sent.at[0]] = max(newest[sent.at[0]], sent.kafka_time)
    return min(newest.values()) - LATENESS - SECOND


def start_of(time: int) -> str:
    """The start of the minute, as windows are named."""
    return datetime.fromtimestamp(time // MINUTE * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ends(start: str) -> int:
    return round(datetime.fromisoformat(start).timestamp()) * SECOND + MINUTE


def _top(found: dict[tuple[str, str], dict[str, int]]) -> dict[str, list[dict[str, Any]]]:
    by_minute: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (product, start), numbers in found.items():
        if numbers["unique_user_count"]:
            shown = {name: number for name, number in numbers.items() if name != "bot_event_count"}
            by_minute[start].append({"product_id": product} | shown)
    ranked = {start: sorted(rows, key=lambda row: row["product_id"]) for start, rows in by_minute.items()}
    return {start: sorted(rows, key=lambda row: -row["unique_user_count"])[:TOP] for start, rows in ranked.items()}


def _status(found: dict[tuple[str, str], dict[str, int]], minute: str) -> tuple[int, int]:
    events = [numbers["event_count"] for (_, start), numbers in found.items() if start == minute]
    return sum(events), len(events)


def _is_id(value: object) -> bool:
    """1 to 64 characters; half of a surrogate pair is none."""
    if not isinstance(value, str):
        return False
    return 1 <= len(value) <= LONGEST_ID and not any("\ud800" <= character <= "\udfff" for character in value)


def _time(value: object) -> int | None:
    found = TIME.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return None
    try:
        second = datetime.fromisoformat(found[1] + "+00:00")
    except ValueError:
        return None
    return round(second.timestamp()) * SECOND + int((found[2] or "0").ljust(3, "0")[:3])


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
