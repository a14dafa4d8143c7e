"""`POST /activity/events` and `/activity/beacon`: many events, each with an outcome of its own."""

import gzip
import json
import resource
import time

import orjson
import pytest

from tests.tokens import token

EVENT = {
    "user_id": "U109",
    "product_id": "P301",
    "event_type": "VIEW_PRODUCT",
    "timestamp": "2025-11-23T12:40:09Z",
}
NDJSON = "application/x-ndjson"


def post(client, body, *, to="/activity/events", content_type="application/json", **headers):
    body = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.generic("POST", to, body, content_type=content_type, headers=headers)


def events(number, **fields):
    return [{**EVENT, "user_id": f"U{index % 50}", "product_id": f"P{index}", **fields} for index in range(number)]


def test_a_batch_of_500_is_accepted_whole_and_each_event_has_its_id(topic, client):
    response = post(client, events(500))
    answer = response.json()
    assert response.status_code == 202
    assert (answer["accepted"], answer["invalid"], answer["retry"]) == (500, 0, 0)
    assert [result["index"] for result in answer["results"]] == list(range(500))
    found = topic.read(500)
    assert {each.event["event_id"] for each in found} == {result["event_id"] for result in answer["results"]}
    assert len({each.event["event_id"] for each in found}) == 500
    assert {each.partition for each in found} == {0, 1, 2, 3}


def test_an_event_that_is_wrong_spoils_only_itself_and_says_all_its_reasons(topic, client):
    batch = [EVENT, {**EVENT, "user_id": 5, "timestamp": None}, 7, {**EVENT, "timestamp": "2999-01-01T00:00:00Z"}]
    response = post(client, batch)
    assert response.status_code == 202
    results = response.json()["results"]
    assert [result["outcome"] for result in results] == ["accepted", "invalid", "invalid", "invalid"]
    assert [error["pointer"] for error in results[1]["errors"]] == ["/user_id", "/timestamp"]
    assert results[2]["errors"][0]["detail"] == "An event is a JSON object."
    assert results[3]["errors"][0]["code"] == "too_far_ahead"
    assert len(topic.everything_new()) == 1


def test_a_batch_without_any_valid_event_is_422_and_still_says_why_by_index(client):
    response = post(client, [{}, []])
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert [result["outcome"] for result in response.json()["results"]] == ["invalid", "invalid"]


def test_lines_of_json_are_a_batch_and_a_malformed_line_spoils_only_itself(topic, client):
    body = b"\n".join([orjson.dumps(EVENT), b"", b'{"user_id": ', b"\xff", orjson.dumps(EVENT), b""])
    response = post(client, body, content_type=NDJSON)
    assert [result["outcome"] for result in response.json()["results"]] == [
        "accepted",
        "invalid",
        "invalid",
        "accepted",
    ]
    assert response.json()["results"][1]["errors"][0]["code"] == "malformed"
    assert len(topic.read(2)) == 2


@pytest.mark.parametrize("content_type", ["application/json", NDJSON])
def test_gzip_is_taken(topic, client, content_type):
    plain = orjson.dumps([EVENT]) if content_type == "application/json" else orjson.dumps(EVENT) + b"\n"
    response = post(client, gzip.compress(plain), content_type=content_type, content_encoding="gzip")
    assert response.json()["accepted"] == 1
    assert len(topic.read(1)) == 1


def test_more_than_500_events_are_413(client):
    assert post(client, events(501)).status_code == 413


def test_more_than_500_kib_are_413_as_sent_and_as_inflated(client):
    padded = orjson.dumps([{**EVENT, "padding": "x" * 500 * 1024}])
    assert post(client, padded).status_code == 413
    assert len(gzip.compress(padded)) < 2000
    assert post(client, gzip.compress(padded), content_encoding="gzip").status_code == 413


def test_a_gzip_bomb_is_never_inflated(client):
    """Twenty times 64 MiB of zeros would take memory and seconds; the refusals take neither."""
    bomb = gzip.compress(b"\0" * (64 * 1024 * 1024), compresslevel=9)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    for _ in range(20):
        assert post(client, bomb, content_encoding="gzip").status_code == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"not gzip", "gzip", 400),
        (gzip.compress(b"[]", mtime=0)[:-4], "gzip", 400),
        (gzip.compress(b"[]", mtime=0) + b"more", "gzip", 400),
        (b"[]", "br", 415),
        (b"[]", "gzip, gzip", 415),
    ],
)
def test_other_encodings_and_broken_gzip_are_refused(client, body, encoding, status):
    assert post(client, body, content_encoding=encoding).status_code == status


@pytest.mark.parametrize("content_type", ["text/html", "application/x-www-form-urlencoded", "text/json", ""])
def test_other_content_types_are_415(client, content_type):
    assert post(client, [EVENT], content_type=content_type).status_code == 415


def test_a_character_set_other_than_utf_8_is_415(client):
    body = json.dumps([EVENT]).encode("utf-16")
    assert post(client, body, content_type="application/json; charset=utf-16").status_code == 415


@pytest.mark.parametrize("body", [b"[]", b" \n"])
def test_an_empty_batch_is_422_not_an_error_of_ours(client, body):
    content_type = NDJSON if not body.strip() else "application/json"
    assert post(client, body, content_type=content_type).status_code == 422


def test_in_a_batch_each_event_is_held_to_its_own_user(topic, client):
    batch = [EVENT, {**EVENT, "user_id": "U110"}]
    response = post(client, batch, authorization=f"Bearer {token('U109')}")
    assert [result["outcome"] for result in response.json()["results"]] == ["accepted", "invalid"]
    assert response.json()["results"][1]["errors"][0]["code"] == "not_your_user_id"
    assert [found.headers["trust"] for found in topic.everything_new()] == ["customer"]


@pytest.mark.parametrize("body", [EVENT, [EVENT, EVENT]])
def test_a_beacon_is_plain_text_with_one_event_or_an_array(topic, client, body):
    response = post(client, body, to="/activity/beacon", content_type="text/plain;charset=UTF-8")
    assert response.status_code == 202
    assert len(topic.read(1 if body == EVENT else 2)) == (1 if body == EVENT else 2)


def test_an_event_sent_again_with_its_id_keeps_it(topic, client):
    for _ in range(2):
        assert post(client, [{**EVENT, "event_id": "once"}]).json()["results"][0]["event_id"] == "once"
    assert [found.event["event_id"] for found in topic.read(2)] == ["once", "once"]
