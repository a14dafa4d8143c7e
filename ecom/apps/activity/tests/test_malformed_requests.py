"""Thousands of malformed requests, the same at each run: the caller's fault each time, never ours, and never stored."""

import gzip
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

GOOD = {"user_id": "U1", "product_id": "P1", "event_type": "VIEW_PRODUCT", "timestamp": "2025-11-23T12:40:09Z"}
PATHS = {
    "/activity/event": "application/json",
    "/activity/events": "application/json",
    "/activity/beacon": "text/plain",
}
WRONG = [None, 0, -1, 1.5, 1e308, 10**30, True, [], {}, "", "x" * 65, "\x00" * 65, [[[]]], {"a": {"b": 1}}, ["U1"]]
WRONG_TIMES = ["", "now", "2025-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "2025-11-23", "0000-01-01T00:00:00Z", "1e9"]


@dataclass
class Malformed:
    """A request that may not be taken."""

    path: str
    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return b'{"user_id":' + str(10**30).encode() + b"}"


def _for_path(chance: random.Random, event: bytes) -> Malformed:
    path = chance.choice(list(PATHS))
    body = b"[" + event + b"]" if path == "/activity/events" else event
    return Malformed(path, body, PATHS[path])


def wrong_value(chance: random.Random) -> Malformed:
    name = chance.choice(list(GOOD))
    return _for_path(chance, _json({**GOOD, name: chance.choice(WRONG)}))


def wrong_time(chance: random.Random) -> Malformed:
    return _for_path(chance, _json({**GOOD, chance.choice(["timestamp", "sent_at"]): chance.choice(WRONG_TIMES[1:])}))


def missing(chance: random.Random) -> Malformed:
    return _for_path(chance, _json({name: GOOD[name] for name in chance.sample(list(GOOD), chance.randrange(4))}))


def cut_short(chance: random.Random) -> Malformed:
    body = _json(GOOD)
    request = _for_path(chance, body)
    return Malformed(request.path, request.body[: chance.randrange(len(request.body) - 1)], request.content_type)


def flipped(chance: random.Random) -> Malformed:
    """One byte of the JSON's own signs is another: never an event."""
    body = bytearray(_json(GOOD))
    at = chance.choice([index for index, byte in enumerate(body) if byte in b'{":,'])
    body[at] = chance.choice([0, 1, 0x7F, 0x80, 0xC3, 0xFF, *b"x0]"])
    return _for_path(chance, bytes(body))


def noise(chance: random.Random) -> Malformed:
    return _for_path(chance, b"\xff" + chance.randbytes(chance.randrange(300)))


def not_utf_8(chance: random.Random) -> Malformed:
    return _for_path(chance, _json(GOOD).replace(b"U1", chance.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\\ud800"])))


def deep(chance: random.Random) -> Malformed:
    depth = chance.choice([10, 500, 5_000, 30_000])
    nested = chance.choice([b"[" * depth + b"]" * depth, b"[" * depth, b'{"a":' * depth + b"1" + b"}" * depth])
    return _for_path(chance, chance.choice([nested, b'{"user_id":' + nested + b"}"]))


def oversized(chance: random.Random) -> Malformed:
    path = chance.choice(list(PATHS))
    return Malformed(path, b" " * chance.choice([512_001, 600_000]) + _json(GOOD), PATHS[path])


def compressed(chance: random.Random) -> Malformed:
    body = chance.choice([b" " * 5_000_000, _json({**GOOD, "padding": "x" * 600_000}), b""])
    broken = gzip.compress(body)
    if not body:
        broken = chance.choice([chance.randbytes(40), broken[:-3], broken + b"x", b"\x1f\x8b"])
    request = _for_path(chance, b"")
    return Malformed(request.path, broken, request.content_type, {"content-encoding": "gzip"})


def wrong_headers(chance: random.Random) -> Malformed:
    request = _for_path(chance, _json(GOOD))
    kind = chance.randrange(3)
    if kind == 0:
        request.content_type = chance.choice(
            ["", "text/xml", "multipart/form-data", "application/json;charset=latin-1"]
        )
    elif kind == 1:
        request.headers = {"content-encoding": chance.choice(["br", "deflate", "gzip,gzip", "x" * 300, "é"])}
    else:
        request.headers = {
            "authorization": chance.choice(["Bearer", "Bearer x", "Basic eDp5", "Bearer " + "a.b" * 3000])
        }
    return request


KINDS: list[Callable[[random.Random], Malformed]] = [
    wrong_value,
    wrong_time,
    missing,
    cut_short,
    flipped,
    noise,
    not_utf_8,
    deep,
    oversized,
    compressed,
    wrong_headers,
]


def test_three_thousand_malformed_requests_are_answered_4xx_and_none_is_stored(topic, client):
    chance = random.Random(20251123)
    statuses: Counter[int] = Counter()
    for number in range(3_000):
        kind = KINDS[number % len(KINDS)]
        bad = kind(chance)
        answer = client.generic("POST", bad.path, bad.body, content_type=bad.content_type, headers=bad.headers)
        assert 400 <= answer.status_code < 500, (kind.__name__, answer.status_code, bad.body[:200], bad.headers)
        assert answer["Content-Type"] == "application/problem+json", (kind.__name__, answer.content[:200])
        statuses[answer.status_code] += 1
    assert set(statuses) == {400, 401, 413, 415, 422}
    # Heartbeats come from no request. A slow run has once seen those of one round here; of which process is not known.
    assert [found for found in topic.everything_new() if found.headers.get("control") != "heartbeat"] == []
