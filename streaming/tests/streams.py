"""Random streams: what shoppers, their clocks, brokers and faulty senders may put into the raw topic."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace

from streaming.tests.stage import PARTITIONS, Record, milliseconds, rfc3339

BEGIN = milliseconds("2025-11-23T12:00:00Z")
SECOND, MINUTE = 1_000, 60_000
HEARTBEAT = 3 * SECOND
# Beyond the last record: a minute that an event may be ahead, the window, the lateness, and one to spare.
CLOSED_AFTER = 3 * MINUTE
USERS, PRODUCTS = 60, 14
KINDS = ("VIEW_PRODUCT",) * 6 + ("ADD_TO_CART", "ADD_TO_WISHLIST", "PURCHASE", "RATE_2_STARS")
# What producers of different versions write: of one major they are read alike, whatever else they bring.
VERSIONS = ({}, {"schema_version": None}, {"schema_version": "1.0"}, {"schema_version": "1.1", "campaign": "autumn"},
            {"schema_version": "1.27", "locale": ["en"]})  # fmt: skip
TYPES = ({}, {"ce_type": "ecom.raw-event.v1"}, {"ce_type": "ecom.raw-event.v1"})
UNKNOWN_VERSIONS, UNKNOWN_TYPE = ("2.0", "10.1", "", "1", 1.0, {}), {"ce_type": "ecom.raw-event.v2"}
TRUST = ({}, {"trust": "anonymous"}, {"trust": "visitor"}, {"trust": "customer"}, {"trust": "nonsense"})
# Milliseconds by which an event's time differs from Kafka's: in time, at the very edges, late, ahead.
EDGES = (-10_001, -10_000, -9_999, 0, 60_000, 60_001)
MALFORMED = (
    None, b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"user_id":', b'{"user_id":NaN}', b'"VIEW_PRODUCT"', b"{}{}",
    b'{"user_id":{"a":1},"product_id":7,"event_type":"view","timestamp":"2025-02-30T12:00:00Z"}',
)  # fmt: skip
WRONG_VALUES = (
    "", "U" * 65, "\U0001d4b0" * 64, "\ud83d", None, 7, 1.5, True, [], {}, "view_product", "A" * 41, "2025-11-23",
    "2025-11-23T12:00:00+00:00", "2025-11-23T12:00:60Z", "2025-02-30T12:00:00Z", "9999-12-31T23:59:59Z",
    "2025-11-23T12:00:00.Z", "2025-11-23t12:00:00Z", "\u0662025-11-23T12:00:00Z",
)  # fmt: skip


class Streams:
    """Makes one stream, by a seed: `minutes` of Kafka's time, `per_minute` records in each."""

    def __init__(self, seed: int, *, minutes: int, per_minute: int) -> None:
        self._chance = random.Random(seed)
        self._minutes = minutes
        self._per_minute = per_minute
        self._sent: list[Record] = []
        self._quiet = {number: self._span(2) for number in range(PARTITIONS)}

    def parts(self, number: int) -> list[list[Record]]:
        """The stream in parts to be sent one after the other.

        In each part but the last, one partition gets nothing at all from a minute of its last third on; it goes on in
        the next part. Now and then a partition has heartbeats and no events.
        """
        length = self._minutes * MINUTE // number
        return [
            list(self._part(BEGIN + part * length, length, stalls=part < number - 1))
            + (self._heartbeats(BEGIN + number * length + CLOSED_AFTER) if part == number - 1 else [])
            for part in range(number)
        ]

    def _part(self, begin: int, length: int, *, stalls: bool) -> Iterator[Record]:
        stalled = self._chance.randrange(PARTITIONS) if stalls else None
        stalls_at = begin + self._chance.randrange(length * 2 // 3, length * 5 // 6)
        beat = begin
        for now in sorted(begin + self._chance.randrange(length) for _ in range(length * self._per_minute // MINUTE)):
            while beat <= now:
                yield from (r for r in self._heartbeats(beat) if r.partition != stalled or beat < stalls_at)
                beat += HEARTBEAT
            partition = self._partition(now)
            if partition != stalled or now < stalls_at:
                yield self._record(now, partition)

    def _heartbeats(self, now: int) -> list[Record]:
        headers = {"control": "heartbeat", "ce_time": rfc3339(now)}
        return [Record(now, None, b"", headers, number) for number in range(PARTITIONS)]

    def _partition(self, now: int) -> int:
        awake = [number for number, (begin, end) in self._quiet.items() if not begin <= now < end]
        return self._chance.choice(awake or range(PARTITIONS))

    def _span(self, minutes: int) -> tuple[int, int]:
        begin = BEGIN + self._chance.randrange(self._minutes * MINUTE)
        return begin, begin + minutes * MINUTE

    def _record(self, now: int, partition: int) -> Record:
        """A record that the broker stamps; its clock may have stepped back by up to a second."""
        now -= self._chance.choice((0, 0, 0, self._chance.randrange(SECOND)))
        if self._sent and self._chance.random() < 0.08:
            return replace(self._chance.choice(self._sent[-200:]), kafka_time=now, partition=partition)
        record = self._fresh(now, partition)
        self._sent.append(record)
        return record

    def _fresh(self, now: int, partition: int) -> Record:
        user = f"U{self._chance.randrange(USERS)}"
        kind = UNKNOWN_TYPE if self._chance.random() < 0.01 else self._chance.choice(TYPES)
        headers = kind | self._chance.choice(TRUST) | ({"bot": "1"} if self._chance.random() < 0.1 else {})
        if self._chance.random() < 0.01:
            headers["control"] = self._chance.choice(("heartbeat", "end", "other"))
        return Record(now, self._value(now, user), user.encode(), headers, partition)

    def _value(self, now: int, user: str) -> bytes | None:
        event = self._event(now, user)
        match self._chance.random():
            case draw if draw < 0.02:
                return self._chance.choice(MALFORMED)
            case draw if draw < 0.05:
                event[self._chance.choice(list(event))] = self._chance.choice(WRONG_VALUES)
                return json.dumps(event).encode()
            case draw if draw < 0.08:
                return self._damaged(json.dumps(event, ensure_ascii=False).encode())
        return json.dumps(event).encode()

    def _event(self, now: int, user: str) -> dict[str, object]:
        decimals = self._chance.choice((0, 3, 3, 3, 9))
        product = f"P{min(int(self._chance.expovariate(0.3)), PRODUCTS - 1)}"
        event: dict[str, object] = {
            "user_id": user, "product_id": self._chance.choice((product, product, product, f"P é{product}")),
            "event_type": self._chance.choice(KINDS), "timestamp": _written(now + self._skew(), decimals),
        }  # fmt: skip
        if self._chance.random() < 0.9:
            event["event_id"] = f"E{self._chance.getrandbits(60):x}"
        event |= self._chance.choice(VERSIONS)
        if self._chance.random() < 0.01:
            event["schema_version"] = self._chance.choice(UNKNOWN_VERSIONS)
        return event

    def _skew(self) -> int:
        match self._chance.random():
            case draw if draw < 0.75:
                return -self._chance.randrange(9_000)
            case draw if draw < 0.85:
                return self._chance.choice(EDGES)
            case draw if draw < 0.93:
                return -self._chance.randrange(10_000, 600_000)
        return self._chance.randrange(60_000) if self._chance.random() < 0.8 else self._chance.randrange(60_001, 10**9)

    def _damaged(self, value: bytes) -> bytes:
        """A byte changed, left out, put in, or all after it cut off."""
        at, byte = self._chance.randrange(len(value)), bytes([self._chance.randrange(256)])
        before, after = value[:at], value[at:]
        return self._chance.choice((before + byte + after[1:], before + after[1:], before + byte + after, before))


def _written(time: int, decimals: int) -> str:
    """RFC 3339 with so many decimals; finer ones than milliseconds are nines, to be cut off."""
    text = rfc3339(time)
    return f"{text[:19]}Z" if decimals == 0 else f"{text[:-1]}{'9' * (decimals - 3)}Z"
