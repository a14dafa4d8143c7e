"""Malformed input of many kinds, the same at each run."""

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

GOOD = {
    "user_id": "U109",
    "product_id": "P301",
    "event_type": "VIEW_PRODUCT",
    "timestamp": "2017-11-26T01:40:09Z",
}
WRONG_VALUES = [None, 1, -1.5, True, [], {}, "", "x" * 65, "x" * 100_000, "\x00", "\ud800", {"a": {"b": []}}]
WRONG_TIMES = ["2025-02-30T00:00:00Z", "2025-11-23", "9999-12-31T23:59:59Z", "yesterday", "2025-11-23T25:00:00Z", "0"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that no endpoint of activity may take."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def requests(count: int, *, seed: int) -> Iterator[Request]:
    """`count` requests: wrong values, wrong JSON, bytes that are no text, oversized, too deep, badly compressed."""
    chance = random.Random(seed)
    kinds = [_wrong_value, _wrong_time, _missing, _not_json, _not_text, _oversized, _deep, _badly_compressed]
    for _ in range(count):
        yield chance.choice(kinds)(chance)


def record_values(count: int, *, seed: int) -> Iterator[bytes]:
    """Values of raw records that no reader can count."""
    chance = random.Random(seed)
    for _ in range(count):
        kind = chance.randrange(4)
        if kind == 0:
            yield chance.randbytes(chance.randrange(1, 200))
        elif kind == 1:
            yield _encoded({**GOOD, chance.choice(list(GOOD)): chance.choice(WRONG_VALUES[:9])})
        elif kind == 2:
            yield _encoded({**GOOD, "timestamp": chance.choice(WRONG_TIMES)})
        else:
            yield _encoded(GOOD)[: chance.randrange(1, 60)]


def _encoded(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate: sent as the escape that JSON has for it
        return b'{"user_id": "\\ud800", "product_id": "P1"}'


def _wrong_value(chance: random.Random) -> Request:
    event = {**GOOD, chance.choice(list(GOOD)): chance.choice(WRONG_VALUES)}
    if event["product_id"] == "\x00" or event["user_id"] == "\x00":
        event["timestamp"] = ""
    return Request("/activity/event", _encoded(event))


def _wrong_time(chance: random.Random) -> Request:
    return Request("/activity/event", _encoded({**GOOD, "timestamp": chance.choice(WRONG_TIMES)}))


def _missing(chance: random.Random) -> Request:
    left_out = chance.choice(list(GOOD))
    return Request("/activity/event", _encoded({name: value for name, value in GOOD.items() if name != left_out}))


def _not_json(chance: random.Random) -> Request:
    body = _encoded(GOOD)
    return Request(chance.choice(["/activity/event", "/activity/events"]), body[: chance.randrange(1, len(body) - 1)])


def _not_text(chance: random.Random) -> Request:
    return Request(chance.choice(["/activity/event", "/activity/beacon"]), b"\xff\xfe" + chance.randbytes(40))


def _oversized(chance: random.Random) -> Request:
    return Request("/activity/events", b"[" + b" " * chance.choice([600_000, 900_000]) + b"]")


def _deep(chance: random.Random) -> Request:
    depth = chance.choice([100, 5_000, 100_000])
    return Request("/activity/event", b'{"user_id":' + b"[" * depth + b"]" * depth + b"}")


def _badly_compressed(chance: random.Random) -> Request:
    body = gzip.compress(b" " * 20_000_000) if chance.random() < 0.05 else chance.randbytes(50)
    return Request("/activity/events", body, {"Content-Encoding": "gzip"})
