"""`POST /activity/event`, as the system's specification fixes it."""

import uuid
from datetime import UTC, datetime

import pytest

from ecom.common.visitor import new_visitor_cookie, visitor_id
from tests.tokens import token

EVENT = {
    "user_id": "U109",
    "product_id": "P301",
    "event_type": "VIEW_PRODUCT",
    "timestamp": "2025-11-23T12:40:09Z",
}
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def post(client, event, **headers):
    return client.post("/activity/event", event, content_type="application/json", headers=headers)


def test_an_event_is_answered_202_with_its_id_and_lies_in_kafka_under_its_shopper(topic, client):
    response = post(client, EVENT, traceparent=TRACEPARENT)
    assert response.status_code == 202
    event_id = response.json()["event_id"]
    assert uuid.UUID(event_id).version == 7
    (found,) = topic.read(1)
    assert found.key == "U109"
    assert found.event == {**EVENT, "event_id": event_id, "schema_version": "1.1"}
    received_at = found.headers.pop("received_at")
    assert abs((datetime.now(UTC) - datetime.fromisoformat(received_at)).total_seconds()) < 30
    assert found.headers == {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": "/activity",
        "ce_type": "ecom.raw-event.v1",
        "ce_time": EVENT["timestamp"],
        "ce_dataschema": "/contracts/raw-event/1.1",
        "traceparent": TRACEPARENT,
        "trust": "anonymous",
    }


def test_optional_fields_are_kept_null_is_absent_and_unknown_ones_are_left_out(topic, client):
    given = {"event_id": "mine-1", "session_id": "S1", "campaign": "autumn-sale"}
    assert post(client, {**EVENT, **given, "sent_at": None, "colour": "red"}).json() == {"event_id": "mine-1"}
    (found,) = topic.read(1)
    assert found.event == {**EVENT, **given, "schema_version": "1.1"}


def test_a_client_that_knows_an_older_version_is_taken_and_written_in_todays(topic, client):
    assert post(client, {**EVENT, "schema_version": "1.0"}).status_code == 202
    assert topic.read(1)[0].event["schema_version"] == "1.1"


def test_an_event_type_that_nobody_knows_is_taken(topic, client):
    assert post(client, {**EVENT, "event_type": "SHARED_ON_THE_MOON"}).status_code == 202
    assert topic.read(1)[0].event["event_type"] == "SHARED_ON_THE_MOON"


def test_all_that_is_wrong_with_an_event_is_said_at_once(client):
    response = post(client, {"user_id": "", "product_id": 7, "timestamp": "yesterday"})
    problem = response.json()
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        ("/user_id", "invalid"),
        ("/product_id", "invalid"),
        ("/event_type", "required"),
    ]
    assert problem["request_id"] == response["X-Request-ID"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_id", "x" * 65),
        ("product_id", ""),
        ("event_type", "view"),
        ("event_type", "VIEW\n"),
        ("event_type", "A" * 41),
        ("timestamp", "2025-02-30T00:00:00Z"),
        ("timestamp", 1732365609),
        ("timestamp", "2025-11-23"),
        ("sent_at", "now"),
        ("session_id", 5),
        ("campaign", ""),
        ("schema_version", "2.0"),
    ],
)
def test_a_wrong_field_is_named(client, field, value):
    response = post(client, {**EVENT, field: value})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/{field}"]


def test_a_customer_speaks_for_himself_and_is_trusted(topic, client):
    response = post(client, EVENT, authorization=f"Bearer {token('U109')}")
    assert response.status_code == 202
    assert topic.read(1)[0].headers["trust"] == "customer"


@pytest.mark.parametrize("kind", ["customer", "staff", "service"])
def test_a_signed_in_caller_cannot_speak_for_another(client, kind):
    response = post(client, EVENT, authorization=f"Bearer {token('U110', kind=kind, scope='catalog:write')}")
    assert response.status_code == 403
    assert response.json()["errors"][0]["pointer"] == "/user_id"


def test_the_scope_is_worth_nothing_to_a_customer(client):
    response = post(client, EVENT, authorization=f"Bearer {token('U110', scope='activity:any')}")
    assert response.status_code == 403


def test_a_service_account_with_the_scope_speaks_for_anyone(topic, client):
    bearer = token("replay", kind="service", scope="catalog:write activity:any")
    assert post(client, EVENT, authorization=f"Bearer {bearer}").status_code == 202
    assert topic.read(1)[0].headers["trust"] == "customer"


def test_a_bad_token_is_401_and_nothing_is_stored(topic, client):
    response = post(client, EVENT, authorization="Bearer nonsense")
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert topic.everything_new() == []


def test_a_visitor_with_the_gateways_cookie_is_told_from_one_who_invents_it(topic, client):
    cookie = new_visitor_cookie()
    visitor = visitor_id(cookie)
    for value in (cookie, f"{visitor}.forged"):
        client.cookies["ecom_visitor"] = value
        assert post(client, {**EVENT, "user_id": visitor}).status_code == 202
    assert sorted(found.headers["trust"] for found in topic.read(2)) == ["anonymous", "visitor"]


def test_a_signed_in_caller_may_still_send_what_he_did_as_a_visitor(topic, client):
    client.cookies["ecom_visitor"] = cookie = new_visitor_cookie()
    event = {**EVENT, "user_id": visitor_id(cookie)}
    assert post(client, event, authorization=f"Bearer {token('U110')}").status_code == 202
    assert topic.read(1)[0].headers["trust"] == "visitor"


@pytest.mark.parametrize(
    ("agent", "bot"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "1"),
        ("curl/8.5.0", None),
        ("okhttp/4.12.0", None),
        ("facebookexternalhit/1.1", "1"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", None),
        ("Googlebot/" + "x" * 5000, "1"),
        ("", None),
    ],
)
def test_known_bots_are_marked(topic, client, agent, bot):
    post(client, EVENT, user_agent=agent)
    assert topic.read(1)[0].headers.get("bot") == bot


def test_a_service_account_is_no_bot_whatever_its_program_is_called(topic, client):
    bearer = token("replay", kind="service", scope="activity:any")
    post(client, EVENT, user_agent="Googlebot/2.1", authorization=f"Bearer {bearer}")
    assert "bot" not in topic.read(1)[0].headers


@pytest.mark.parametrize(
    ("method", "status"), [("get", 405), ("put", 405), ("delete", 405), ("patch", 405), ("options", 200)]
)
def test_other_methods_are_not_errors_of_ours(client, method, status):
    assert getattr(client, method)("/activity/event").status_code == status
