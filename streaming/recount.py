"""What the windows of a range must be, worked out in plain Python from the topic: no Flink, no gateway.

The same definitions as java/ and sql/, written a second time, so that a mistake in either is found by comparing.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streaming.failures import NotReady
from streaming.kafka_security import client_settings
from streaming.options import Options

MINUTE_MS = 60_000
POLL_MS = 1_000
SILENT_POLLS = 30
TOP = 100
CE_TYPE, MAJOR = b"ecom.raw-event.v1", "1."
UNKNOWN_VERSION = "unknown_schema_version"
TYPES = {"VIEW_PRODUCT": "view_count", "ADD_TO_CART": "cart_count", "ADD_TO_WISHLIST": "wishlist_count",
         "PURCHASE": "purchase_count"}  # fmt: skip
REQUIRED = ("user_id", "product_id", "event_type", "timestamp")
TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z")
EVENT_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CALENDAR_YEARS, CALENDAR = 400, timedelta(days=146_097)  # after which the calendar repeats itself


@dataclass(frozen=True)
class Record:
    """A record of the raw topic; `kafka_time` in milliseconds since 1970."""

    partition: int
    offset: int
    kafka_time: int
    value: bytes | None
    headers: Mapping[str, bytes]


@dataclass(frozen=True)
class Event:
    """What a valid value says; `time` in milliseconds since 1970."""

    user_id: str
    product_id: str
    event_type: str
    event_id: str | None
    time: int


class Invalid(Exception):
    """Why a value is no event, in the word that its dead letter has."""


@dataclass
class Window:
    """What is counted of a product in a minute."""

    users: set[str] = field(default_factory=set)
    verified: set[str] = field(default_factory=set)
    events: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    count: int = 0
    bots: int = 0

    def add(self, event: Event, record: Record) -> None:
        """Count an event in time."""
        self.count += 1
        if record.headers.get("bot") == b"1":
            self.bots += 1
            return
        self.users.add(event.user_id)
        if record.headers.get("trust") in (b"customer", b"visitor"):
            self.verified.add(event.user_id)
        kind = TYPES.get(event.event_type, "other_count")
        self.events[kind].add(event.event_id or f"{record.partition}/{record.offset}")

    def numbers(self) -> dict[str, int]:
        """The numbers of the window's item."""
        return {
            "unique_user_count": len(self.users), "verified_user_count": len(self.verified),
            "event_count": self.count, "bot_event_count": self.bots,
        } | {name: len(self.events[name]) for name in (*TYPES.values(), "other_count")}  # fmt: skip


class Recount:
    """The windows of a range of whole minutes, `start_ms` to before `end_ms`."""

    def __init__(self, options: Options, start_ms: int, end_ms: int) -> None:
        self._options, self._start, self._end = options, start_ms, end_ms
        self._windows: dict[int, dict[str, Window]] = defaultdict(lambda: defaultdict(Window))

    def add(self, record: Record) -> str:
        """Count a record; return what it is: `control`, `late`, `counted`, or the reason of its dead letter."""
        if record.value is None and (control := record.headers.get("control")) in (b"heartbeat", b"end"):
            if control == b"heartbeat" and self._start <= record.kafka_time < self._end:
                self._windows[record.kafka_time // MINUTE_MS * MINUTE_MS]  # a quiet minute is a minute
            return "control"
        if record.headers.get("ce_type", CE_TYPE) != CE_TYPE:
            return UNKNOWN_VERSION
        try:
            event = parse(record.value)
        except Invalid as invalid:
            return str(invalid)
        if event.time > record.kafka_time + self._options.ahead_seconds * 1000:
            return "timestamp_ahead"
        if event.time <= record.kafka_time - self._options.lateness_seconds * 1000:
            return "late"
        if self._start <= event.time < self._end:
            self._windows[event.time // MINUTE_MS * MINUTE_MS][event.product_id].add(event, record)
        return "counted"

    def product_items(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The numbers of each (product, window start)."""
        return {
            (product, rfc3339(start)): window.numbers()
            for start, products in self._windows.items()
            for product, window in products.items()
        }

    def minute_items(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What each (`1m` or `status`, window start) must say."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for start, products in self._windows.items():
            numbers = {product: window.numbers() for product, window in products.items()}
            found["status", rfc3339(start)] = {
                "event_count": sum(each["event_count"] for each in numbers.values()),
                "product_count": len(numbers),
                "watermark": rfc3339(start + MINUTE_MS),
            }
            if top := _top(numbers):
                found["1m", rfc3339(start)] = {"products": top}
        return found


def recount(options: Options, start_ms: int, end_ms: int) -> Recount:
    """Read what can belong to the range from the topic and count it. Raises NotReady where Kafka has not all of it."""
    found = Recount(options, start_ms, end_ms)
    for record in records(options, *kafka_times(options, start_ms, end_ms)):
        found.add(record)
    return found


def kafka_times(options: Options, start_ms: int, end_ms: int) -> tuple[int, int]:
    """The Kafka times, from the first to before the second, of all records that the range's windows can depend on."""
    return start_ms - options.ahead_seconds * 1000, end_ms + options.lateness_seconds * 1000


def parse(body: bytes | None) -> Event:
    """The event that a value is; raises Invalid with the reason why it is none."""
    if body is None:
        raise Invalid("no_value")
    fields = _fields(_decoded(body))
    for name, fits in (("user_id", _is_id), ("product_id", _is_id), ("event_type", EVENT_TYPE.fullmatch)):
        if not fits(fields.get(name) or ""):
            raise Invalid(f"invalid_{name}")
    event_id = fields.get("event_id")
    if event_id is not None and not _is_id(event_id):
        raise Invalid("invalid_event_id")
    time = milliseconds(fields.get("timestamp") or "")
    return Event(fields["user_id"], fields["product_id"], fields["event_type"], event_id, time)


def milliseconds(text: str) -> int:
    """Milliseconds since 1970 of `2025-11-23T12:40:09.123Z`, finer decimals cut off; raises Invalid."""
    if not (found := TIME.fullmatch(text)):
        raise Invalid("invalid_timestamp")
    year, *rest = (int(part) for part in found.groups()[:6])
    try:
        moment = datetime(year or CALENDAR_YEARS, *rest, tzinfo=UTC)  # type: ignore[arg-type,misc] # five numbers
    except ValueError:
        raise Invalid("invalid_timestamp") from None
    since = moment - EPOCH - (timedelta() if year else CALENDAR)
    return since // timedelta(milliseconds=1) + int((found[7] or "").ljust(3, "0")[:3])


def rfc3339(moment: int) -> str:
    """`2025-11-23T12:40:00Z` of milliseconds since 1970."""
    return (EPOCH + timedelta(milliseconds=moment)).strftime("%Y-%m-%dT%H:%M:%SZ")


def records(options: Options, from_ms: int, until_ms: int) -> Iterator[Record]:
    """The topic's records with Kafka times of that range, partition by partition."""
    consumer = KafkaConsumer(**client_settings(options), enable_auto_commit=False)
    with closing(consumer):
        for number in sorted(consumer.partitions_for_topic(options.raw_topic) or ()):
            yield from _partition(consumer, TopicPartition(options.raw_topic, number), from_ms, until_ms)


def _partition(consumer: KafkaConsumer, partition: TopicPartition, from_ms: int, until_ms: int) -> Iterator[Record]:
    first = consumer.offsets_for_times({partition: max(from_ms, 0)})[partition]
    after = consumer.offsets_for_times({partition: max(until_ms, 0)})[partition]
    end = after.offset if after else consumer.end_offsets([partition])[partition]
    if first is None or first.offset >= end:
        return
    oldest = consumer.beginning_offsets([partition])[partition]
    if 0 < oldest == first.offset:
        raise NotReady(f"Kafka has forgotten records of the range: {partition} begins at {rfc3339(first.timestamp)}")
    consumer.assign([partition])
    consumer.seek(partition, first.offset)
    yield from _read(consumer, partition, end)


def _read(consumer: KafkaConsumer, partition: TopicPartition, end: int) -> Iterator[Record]:
    silent = 0
    while consumer.position(partition) < end:
        found = consumer.poll(POLL_MS).get(partition, ())
        silent = 0 if found else silent + 1
        if silent > SILENT_POLLS:
            raise NotReady(f"Kafka did not answer with {partition} up to {end} in {SILENT_POLLS * POLL_MS} ms")
        for record in found:
            if record.offset < end:
                yield Record(record.partition, record.offset, record.timestamp, record.value, dict(record.headers))


def _top(numbers: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    shown = [
        {"product_id": product} | {name: number for name, number in each.items() if name != "bot_event_count"}
        for product, each in numbers.items()
        if each["unique_user_count"]
    ]
    return sorted(shown, key=lambda product: (-int(str(product["unique_user_count"])), product["product_id"]))[:TOP]


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Invalid("invalid_utf8") from None


def _fields(text: str) -> dict[str, Any]:
    """The fields that matter; the last of several of a name, none of which may be of another type."""
    try:
        pairs = json.loads(text, object_pairs_hook=_Object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Invalid("not_a_json_object") from None
    if not isinstance(pairs, _Object):
        raise Invalid("not_a_json_object")
    if not _is_known([value for name, value in pairs.pairs if name == "schema_version"]):
        raise Invalid(UNKNOWN_VERSION)
    wanted = [(name, value) for name, value in pairs.pairs if name in REQUIRED or name == "event_id"]
    mistyped = [name for name, value in wanted if not _is_string(name, value)]
    if mistyped:
        raise Invalid(f"invalid_{mistyped[-1]}")
    return dict(wanted)


class _Object:
    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        self.pairs = list(pairs)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _is_known(versions: Sequence[Any]) -> bool:
    """Whether the last of them, if there are any, is null or of the major that is written here."""
    last = versions[-1] if versions else None
    return last is None or (isinstance(last, str) and last.startswith(MAJOR))


def _is_string(name: str, value: Any) -> bool:
    return isinstance(value, str) or (name == "event_id" and value is None)


def _is_id(text: str) -> bool:
    """1 to 64 characters; a lone surrogate is none."""
    return 1 <= len(text) <= 64 and not any("\ud800" <= character <= "\udfff" for character in text)
