"""The analytics endpoints over DynamoDB Local."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client, override_settings

from ecom.apps.gateway import selectors
from ecom.apps.gateway.clients import analytics_tables
from ecom.apps.gateway.tests.analytics_data import MINUTE, AnalyticsTables, Present, text
from local.servers import DynamoDB
from tests.tokens import token

SERIES = "/analytics/products/P1"


@pytest.fixture(autouse=True, scope="module")
def _close_client(dynamodb: DynamoDB) -> Iterator[None]:
    yield
    forget_client()


def forget_client() -> None:
    analytics_tables.dynamodb().close()
    analytics_tables.dynamodb.cache_clear()


def test_a_series_has_every_minute_also_those_without_shoppers(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    counts = {"unique_user_count": 87, "verified_user_count": 60, "event_count": 120, "bot_event_count": 9}
    by_type = {"view_count": 80, "cart_count": 20, "wishlist_count": 5, "purchase_count": 4, "other_count": 2}
    tables.put_window("P1", present.minutes_ago(4), **counts, **by_type)
    tables.put_window("P2", present.minutes_ago(3), unique_user_count=5, event_count=5)
    tables.put_status(present.minutes_ago(1), event_count=10)
    answer = client.get(SERIES, {"from": text(present.minutes_ago(5)), "to": text(present.minutes_ago(0))}).json()
    assert answer["results"] == [
        {
            "product_id": "P1",
            "window_start": text(present.minutes_ago(ago)),
            "window_end": text(present.minutes_ago(ago - 1)),
            **{name: count if ago == 4 else 0 for name, count in (counts | by_type).items()},
            "is_final": ago > 1,  # the newest minute's items may still be on their way
        }
        for ago in (5, 4, 3, 2, 1)
    ]
    assert (answer["product_id"], answer["granularity"]) == ("P1", "1m")
    assert (answer["from"], answer["to"]) == (text(present.minutes_ago(5)), text(present.minutes_ago(0)))


def test_a_counted_minute_is_final_and_an_uncounted_one_is_not(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    tables.put_window("P1", present.minutes_ago(1), unique_user_count=1)
    tables.put_status(present.minutes_ago(1), event_count=1)
    results = client.get(SERIES, {"from": text(present.minutes_ago(1)), "to": text(present.minutes_ago(-1))}).json()[
        "results"
    ]
    assert [(point["unique_user_count"], point["is_final"]) for point in results] == [(1, True), (0, False)]


def test_the_default_is_the_last_hour(client: Client, tables: AnalyticsTables) -> None:
    answer = client.get(SERIES).json()
    assert len(answer["results"]) == 60
    assert answer["results"][-1]["window_end"] == answer["to"]


def test_a_whole_day_comes_in_one_call(client: Client, tables: AnalyticsTables, present: Present) -> None:
    tables.put_window("P1", present.minutes_ago(1440), unique_user_count=3)
    tables.put_window("P1", present.minutes_ago(1), unique_user_count=4)
    results = client.get(SERIES, {"from": text(present.minutes_ago(1440)), "to": text(present.minutes_ago(0))}).json()[
        "results"
    ]
    assert len(results) == 1440
    assert (results[0]["unique_user_count"], results[-1]["unique_user_count"]) == (3, 4)


def test_times_with_an_offset_and_within_a_minute_mean_the_windows_that_start_between_them(
    client: Client, tables: AnalyticsTables
) -> None:
    query = {"from": "2025-11-23T13:40:09.5+01:00", "to": "2025-11-23T12:43:01Z"}
    answer = client.get(SERIES, query).json()
    assert [point["window_start"][11:16] for point in answer["results"]] == ["12:41", "12:42", "12:43"]
    assert (answer["from"], answer["to"]) == ("2025-11-23T12:41:00Z", "2025-11-23T12:44:00Z")


def test_expired_windows_are_not_shown(client: Client, tables: AnalyticsTables, present: Present) -> None:
    tables.put_window("P1", present.minutes_ago(2), expires_in=-1, unique_user_count=9)
    tables.put_trending(present.minutes_ago(2), ("P1", 9, 9), expires_in=-1)
    results = client.get(SERIES).json()["results"]
    assert {point["unique_user_count"] for point in results} == {0}
    for window in ("newest", text(present.minutes_ago(2))):
        assert client.get("/analytics/trending", {"window": window}).json()["results"] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2025-11-23"}, "from"),
        ({"from": "2025-11-23T12:40:00"}, "from"),
        ({"from": "2025-02-30T12:40:00Z"}, "from"),
        ({"from": "0001-01-01T00:00:00+01:00"}, "from"),
        ({"to": "9999-12-31T23:59:30Z"}, "to"),
        ({"to": "0001-01-01T00:00:00Z"}, "from"),
        ({"to": "2025-11-23T12:40:00 01:00"}, "to"),
        ({"to": "\N{FULLWIDTH DIGIT TWO}025-11-23T12:40:00Z"}, "to"),
        ({"from": "2025-11-23T12:40:00Z", "to": "2025-11-23T12:40:00Z"}, "from"),
        ({"from": "2025-11-23T12:40:01Z", "to": "2025-11-23T12:40:59Z"}, "from"),
        ({"from": "2025-11-23T12:40:00Z", "to": "2025-11-24T12:41:00Z"}, "from"),
        ({"form": "2025-11-23T12:40:00Z"}, "form"),
    ],
)
def test_a_bad_range_is_a_400_that_names_the_parameter(client: Client, query: dict[str, str], parameter: str) -> None:
    answer = client.get(SERIES, query)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [parameter]


def test_a_product_id_has_64_characters_at_most(client: Client, tables: AnalyticsTables) -> None:
    assert client.get(f"/analytics/products/{'x' * 64}").status_code == 200
    answer = client.get(f"/analytics/products/{'x' * 65}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "product_id")


def test_the_newest_trending_minute_comes_with_its_top_products(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    tables.put_trending(present.minutes_ago(3), ("P9", 99, 99))
    tables.put_trending(present.minutes_ago(2), ("P1", 87, 120), ("P2", 50, 50), ("P3", 1, 2))
    tables.put_status(present.minutes_ago(1), event_count=0)
    answer = client.get("/analytics/trending", {"limit": "2"}).json()
    assert [(row["product_id"], row["unique_user_count"], row["event_count"]) for row in answer["results"]] == [
        ("P1", 87, 120),
        ("P2", 50, 50),
    ]
    assert (answer["window_start"], answer["window_end"]) == (
        text(present.minutes_ago(2)),
        text(present.minutes_ago(1)),
    )
    assert answer["is_final"] is True


def test_a_named_minute_is_shown_and_an_empty_one_is_final_once_it_is_counted(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    tables.put_trending(present.minutes_ago(5), ("P1", 2, 2))
    tables.put_status(present.minutes_ago(2), event_count=0)
    shown = {
        ago: client.get("/analytics/trending", {"window": text(present.minutes_ago(ago))}).json() for ago in (5, 4, 1)
    }
    assert [len(shown[ago]["results"]) for ago in (5, 4, 1)] == [1, 0, 0]
    assert [shown[ago]["is_final"] for ago in (5, 4, 1)] == [True, True, False]
    assert [shown[ago]["window_start"] for ago in (5, 4, 1)] == [text(present.minutes_ago(ago)) for ago in (5, 4, 1)]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"limit": ""}, "limit"),
        ({"window": "12:40"}, "window"),
        ({"window": "2025-11-23T12:40:01Z"}, "window"),
        ({"window": "9999-12-31T23:59:00Z"}, "window"),
        ({"sort": "x"}, "sort"),
    ],
)
def test_a_bad_trending_query_is_a_400_that_names_the_parameter(
    client: Client, query: dict[str, str], parameter: str
) -> None:
    answer = client.get("/analytics/trending", query)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [parameter]


def test_a_quiet_shop_and_a_dead_job_look_different(client: Client, tables: AnalyticsTables, present: Present) -> None:
    def freshness() -> dict:
        selectors._newest.forget()
        answer: dict = client.get("/analytics/trending").json()["freshness"]
        return answer

    assert freshness() == {
        "newest_window_start": None, "age_seconds": None, "state": "unknown", "newest_window_event_count": None,
    }  # fmt: skip
    tables.put_status(present.minutes_ago(10), event_count=5)
    dead = freshness()
    assert dead["state"] == "stale"
    assert 540 <= dead["age_seconds"] <= 610
    tables.put_status(present.minutes_ago(1), event_count=0)
    quiet = freshness()
    assert (quiet["state"], quiet["newest_window_event_count"]) == ("live", 0)
    assert quiet["newest_window_start"] == text(present.minutes_ago(1))
    assert client.get(SERIES).json()["freshness"]["state"] == "live"


def test_a_table_that_does_not_answer_is_a_503_with_the_last_known_age(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    tables.put_status(present.minutes_ago(1), event_count=1)
    assert client.get(SERIES).status_code == 200
    forget_client()
    with override_settings(DYNAMODB_ENDPOINT="http://127.0.0.1:9"):
        answer = client.get("/analytics/products/P2")
    forget_client()
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["freshness"]["newest_window_start"] == text(present.minutes_ago(1))
    assert text(present.minutes_ago(1)) in answer.json()["detail"]


def test_without_public_analytics_only_staff_and_services_read(
    client: Client, tables: AnalyticsTables, settings
) -> None:
    settings.ANALYTICS_PUBLIC = False

    def status(**headers: str) -> int:
        return client.get("/analytics/trending", headers=headers).status_code

    assert status() == 401
    assert status(Authorization="Bearer nonsense") == 401
    assert status(Authorization=f"Bearer {token('A1', kind='customer')}") == 403
    assert status(Authorization=f"Bearer {token('A1', kind='staff')}") == 200
    assert status(Authorization=f"Bearer {token('A1', kind='service')}") == 200


def test_the_released_contracts_are_served_byte_for_byte(client: Client) -> None:
    answer = client.get("/contracts/raw-event/1.0")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/schema+json"
    assert "immutable" in answer["Cache-Control"]
    assert answer.json()["$schema"].startswith("http://json-schema.org/draft-07")
    for path in ("/contracts/raw-event/9.9", "/contracts/nothing/1.0", "/contracts/..%2f/1.0"):
        assert client.get(path).status_code == 404


def test_a_range_of_a_day_lies_within_the_bounds(client: Client, tables: AnalyticsTables, present: Present) -> None:
    until = present.minutes_ago(0)
    query = {"from": text(until - timedelta(days=1)), "to": text(until + MINUTE)}
    assert client.get(SERIES, query).status_code == 400


def test_several_products_come_in_the_order_of_their_ids(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    tables.put_window("P1", present.minutes_ago(2), unique_user_count=1)
    tables.put_window("P2", present.minutes_ago(1), unique_user_count=2)
    tables.put_status(present.minutes_ago(1), event_count=3)
    query = {"ids": "P2,P1,P2,P3", "from": text(present.minutes_ago(2)), "to": text(present.minutes_ago(0))}
    answer = client.get("/analytics/products", query).json()
    shown = {one["product_id"]: [point["unique_user_count"] for point in one["results"]] for one in answer["results"]}
    assert list(shown.items()) == [("P2", [0, 2]), ("P1", [1, 0]), ("P3", [0, 0])]
    alone = client.get("/analytics/products/P2", {"from": query["from"], "to": query["to"]}).json()
    assert answer["results"][0]["results"] == alone["results"]
    assert (answer["from"], answer["to"], answer["freshness"]["state"]) == (query["from"], query["to"], "live")


def test_a_range_over_hours_that_are_kept_and_hours_that_are_not_is_whole(
    client: Client, tables: AnalyticsTables
) -> None:
    start = datetime(2025, 11, 23, 10, tzinfo=UTC)
    for minute in (0, 59, 60, 119, 120, 299):
        tables.put_window("P1", start + minute * MINUTE, unique_user_count=minute + 1)
    tables.put_status(start + 400 * MINUTE, event_count=1)

    def counted(first: int, last: int) -> dict[int, int]:
        query = {"from": text(start + first * MINUTE), "to": text(start + last * MINUTE)}
        results = client.get(SERIES, query).json()["results"]
        assert len(results) == last - first
        assert {point["is_final"] for point in results} == {True}
        found = {first + at: point["unique_user_count"] for at, point in enumerate(results)}
        return {minute: count for minute, count in found.items() if count}

    assert counted(59, 61) == {59: 60, 60: 61}
    assert counted(119, 121) == {119: 120, 120: 121}
    assert counted(0, 300) == {0: 1, 59: 60, 60: 61, 119: 120, 120: 121, 299: 300}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({}, "ids"),
        ({"ids": ""}, "ids"),
        ({"ids": "P1,,P2"}, "ids"),
        ({"ids": ",".join(f"P{number}" for number in range(21))}, "ids"),
        ({"ids": f"P1,{'x' * 65}"}, "ids"),
        ({"ids": "P1", "product": "P2"}, "product"),
        ({"ids": "P1", "from": "yesterday"}, "from"),
        (
            {"ids": "1,2,3,4,5,6", "from": "2025-11-23T00:00:00Z", "to": "2025-11-24T00:00:00Z"},
            "from",
        ),
    ],
)
def test_a_bad_query_for_several_products_is_a_400_that_names_the_parameter(
    client: Client, query: dict[str, str], parameter: str
) -> None:
    answer = client.get("/analytics/products", query)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [parameter]
