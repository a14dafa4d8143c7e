"""What the analytics endpoints cost: reads of DynamoDB by this process, and calls of the catalog."""

import math
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError
from django.test import Client

from ecom.apps.gateway import kept_readings, product_hours, selectors
from ecom.apps.gateway.clients import analytics_tables
from ecom.apps.gateway.clients.analytics_tables import COUNTS
from ecom.apps.gateway.clients.upstreams import upstream as upstream_of
from ecom.apps.gateway.kept_readings import KeptReadings, Newest, Reading
from ecom.apps.gateway.tests.analytics_data import MINUTE, AnalyticsTables, Present, text
from ecom.apps.gateway.tests.titles import answer_titles
from ecom.apps.gateway.tests.upstream_server import UpstreamServer, answers
from ecom.apps.gateway.tests.waiting import wait_until
from local.servers import DynamoDB

SERIES = "/analytics/products/P1"
TRENDING = "/analytics/trending"


@pytest.fixture(autouse=True, scope="module")
def _close_client(dynamodb: DynamoDB) -> Iterator[None]:
    yield
    analytics_tables.dynamodb().close()
    analytics_tables.dynamodb.cache_clear()


@contextmanager
def watching(act: Callable[[str, str], object]) -> Iterator[None]:
    """Call `act` with each request of this process to DynamoDB: its operation and its body."""

    def watch(model, params: dict, **_: object) -> None:
        act(model.name, params["body"].decode())

    events = analytics_tables.dynamodb().meta.events
    events.register("before-call.dynamodb", watch)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb", watch)


@contextmanager
def reads() -> Iterator[list[str]]:
    """The bodies of all Queries in the block; those of the status, which is looked at each second, are left out."""
    made: list[str] = []

    def keep(operation: str, body: str) -> None:
        assert operation in {"Query", "GetItem"}
        if '{"S": "status"}' not in body:
            made.append(body)

    with watching(keep):
        yield made


@contextmanager
def slow_tables(seconds: float) -> Iterator[None]:
    with watching(lambda *_: time.sleep(seconds)):
        yield


def poll(client: Client, path: str, etag: str, **query: str) -> tuple[int, str]:
    answer = client.get(path, query, headers={"If-None-Match": etag})
    return answer.status_code, answer.get("ETag", "")


def a_second_later() -> None:
    """As if the status had been read more than a second ago."""
    selectors._newest.forget()


def test_polling_is_answered_304_without_a_read_until_the_job_writes_the_next_window(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    tables.put_window("P1", present.minutes_ago(2), unique_user_count=5)
    tables.put_trending(present.minutes_ago(2), ("P1", 5, 5))
    tables.put_status(present.minutes_ago(2), event_count=5)
    query = {"from": text(present.minutes_ago(30)), "to": text(present.minutes_ago(0))}
    etags = {path: client.get(path, query if path == SERIES else {})["ETag"] for path in (SERIES, TRENDING)}
    with reads() as made:
        for _ in range(3):
            a_second_later()
            assert poll(client, SERIES, etags[SERIES], **query) == (304, etags[SERIES])
            assert poll(client, TRENDING, etags[TRENDING]) == (304, etags[TRENDING])
        assert made == []
        tables.put_window("P1", present.minutes_ago(1), unique_user_count=6)
        tables.put_trending(present.minutes_ago(1), ("P1", 6, 6))
        tables.put_status(present.minutes_ago(1), event_count=6)
        a_second_later()
        status, etag = poll(client, SERIES, etags[SERIES], **query)
        assert (status, etag != etags[SERIES]) == (200, True)
        assert poll(client, SERIES, etag, **query) == (304, etag)
        assert poll(client, TRENDING, etags[TRENDING])[0] == 200
        assert len(made) == 2


def test_polling_reads_the_status_once_a_second(client: Client, tables: AnalyticsTables, present: Present) -> None:
    tables.put_status(present.minutes_ago(1), event_count=0)
    made: list[str] = []
    begun = time.monotonic()
    with watching(lambda operation, _: made.append(operation)):
        for _ in range(40):
            assert client.get(TRENDING).status_code == 200
    assert 2 <= len(made) <= 2 + (time.monotonic() - begun)
    assert set(made) == {"Query"}


def test_many_who_wait_for_the_same_cost_one_read(client: Client, tables: AnalyticsTables, present: Present) -> None:
    tables.put_window("P1", present.minutes_ago(1), unique_user_count=5)
    tables.put_trending(present.minutes_ago(1), ("P1", 5, 5))
    tables.put_status(present.minutes_ago(1), event_count=5)
    selectors.freshness()
    with slow_tables(0.2), reads() as made, ThreadPoolExecutor(6) as pollers:
        for path in (SERIES, TRENDING):
            found = list(pollers.map(lambda _, path=path: Client().get(path).json()["results"], range(6)))
            assert found.count(found[0]) == 6
    assert len(made) == 2


def test_of_a_long_time_only_the_hour_that_is_not_closed_is_read_again(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    noon = present.minutes_ago(0).replace(hour=12, minute=0)
    tables.put_status(noon + 30 * MINUTE, event_count=1)
    query = {"from": text(noon - 300 * MINUTE), "to": text(noon + 32 * MINUTE)}
    client.get(SERIES, query)
    tables.put_window("P1", noon + 31 * MINUTE, unique_user_count=7)
    tables.put_status(noon + 31 * MINUTE, event_count=7)
    a_second_later()
    with reads() as made:
        assert client.get(SERIES, query).json()["results"][-1]["unique_user_count"] == 7
    (body,) = made
    assert f'":first": {{"S": "{text(noon)}"}}' in body


def test_a_status_that_is_ahead_of_its_windows_other_rows_costs_no_second_reading(
    client: Client, tables: AnalyticsTables, present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors._newest, "_seconds", 0.0)
    monkeypatch.setattr(selectors, "AHEAD_SECONDS", 60.0)
    query = {"from": text(present.minutes_ago(30)), "to": text(present.minutes_ago(0))}
    tables.put_trending(present.minutes_ago(2), ("P1", 5, 5))
    tables.put_status(present.minutes_ago(2), event_count=5)
    before = client.get(TRENDING)
    client.get(SERIES, query)
    tables.put_status(present.minutes_ago(1), event_count=6)
    with reads() as made:
        assert poll(client, TRENDING, before["ETag"])[0] == 304
        tables.put_window("P1", present.minutes_ago(1), unique_user_count=6)
        tables.put_trending(present.minutes_ago(1), ("P1", 6, 6))
        assert poll(client, TRENDING, before["ETag"])[0] == 304
        assert made == []
        monkeypatch.setattr(selectors, "AHEAD_SECONDS", 0.0)  # as if it were over
        for _ in range(3):
            assert client.get(TRENDING).json()["window_start"] == text(present.minutes_ago(1))
            assert client.get(SERIES, query).json()["results"][-1]["unique_user_count"] == 6
    assert len(made) == 2  # the list and the series, once each


@pytest.mark.parametrize(("ago", "event_count"), [(1, 6), (2, 0)])
def test_a_status_that_nothing_can_follow_counts_at_once(
    client: Client,
    tables: AnalyticsTables,
    present: Present,
    monkeypatch: pytest.MonkeyPatch,
    ago: int,
    event_count: int,
) -> None:
    """A quiet minute has no other rows; after a pause of the job, what is known is older than a minute."""
    monkeypatch.setattr(selectors._newest, "_seconds", 0.0)
    monkeypatch.setattr(selectors, "AHEAD_SECONDS", 60.0)
    tables.put_status(present.minutes_ago(3), event_count=5)
    client.get(TRENDING)
    tables.put_status(present.minutes_ago(ago), event_count=event_count)
    freshness = client.get(TRENDING).json()["freshness"]
    assert freshness["newest_window_start"] == text(present.minutes_ago(ago))


def test_a_row_that_comes_after_its_status_is_shown_a_second_later(
    client: Client, tables: AnalyticsTables, present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_readings, "AGAIN_SECONDS", 0.0)
    tables.put_status(present.minutes_ago(1), event_count=5)
    shown = client.get(SERIES).json()["results"]
    assert (shown[-1]["unique_user_count"], shown[-1]["is_final"]) == (0, False)
    assert client.get(TRENDING).json()["results"] == []
    tables.put_window("P1", present.minutes_ago(1), unique_user_count=5)
    tables.put_trending(present.minutes_ago(1), ("P1", 5, 5))
    assert client.get(SERIES, {"to": text(present.minutes_ago(0))}).json()["results"][-1]["unique_user_count"] == 5
    assert [row["product_id"] for row in client.get(TRENDING).json()["results"]] == ["P1"]


def test_a_window_without_the_product_is_not_read_for_again_once_it_has_settled(
    client: Client, tables: AnalyticsTables, present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.put_status(present.minutes_ago(1), event_count=5)
    query = {"to": text(present.minutes_ago(0))}
    monkeypatch.setattr(kept_readings, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(kept_readings, "SETTLING_SECONDS", 0.0)
    with reads() as made:
        for _ in range(5):
            client.get(SERIES, query)
            client.get(TRENDING)
    assert len(made) == 2


def test_a_backfill_of_a_closed_window_shows_when_its_time_in_memory_is_over(
    client: Client, tables: AnalyticsTables, present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_readings, "CLOSED_SECONDS", 1.0)
    window = present.minutes_ago(180)
    query = {"from": text(window), "to": text(window + MINUTE)}

    def shown() -> tuple[int, int]:
        (point,) = client.get(SERIES, query).json()["results"]
        (row,) = client.get(TRENDING, {"window": text(window)}).json()["results"]
        return point["unique_user_count"], row["unique_user_count"]

    def write(count: int) -> None:
        tables.put_window("P1", window, unique_user_count=count)
        tables.put_trending(window, ("P1", count, count))

    tables.put_status(present.minutes_ago(1), event_count=0)
    write(3)
    assert shown() == (3, 3)
    write(4)
    with reads() as made:
        assert shown() == (3, 3)
        assert made == []
    wait_until(lambda: shown() == (4, 4))


def test_what_expires_while_it_is_kept_is_not_shown_any_more(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    window = present.minutes_ago(180)
    tables.put_status(present.minutes_ago(1), event_count=0)
    tables.put_window("P1", window, expires_in=2, unique_user_count=3)
    tables.put_trending(window, ("P1", 3, 3), expires_in=2)
    query = {"from": text(window), "to": text(window + MINUTE)}

    def shown() -> tuple[int, int]:
        (point,) = client.get(SERIES, query).json()["results"]
        return point["unique_user_count"], len(client.get(TRENDING, {"window": text(window)}).json()["results"])

    assert shown() == (3, 1)
    wait_until(lambda: shown() == (0, 0))


def test_what_is_kept_stays_within_its_bytes_and_the_least_used_goes_first() -> None:
    newest = Newest("2025-11-23T12:40:00Z", "2025-11-23T12:41:00Z")
    kept = KeptReadings(max_bytes=100_000)

    def keep(key: int, size: int) -> None:
        kept.keep(key, Reading(key, newest, closed=True, whole=True, ends_at=math.inf, size=size))

    for key in range(50):
        keep(key, 9_000)
        kept.find(0, newest)
    keep(99, 100_001)
    assert kept.bytes_held <= 100_000
    assert kept.find(0, newest)
    assert not kept.find(1, newest)
    assert not kept.find(99, newest)


def test_what_dynamodb_refuses_is_told_in_its_own_words(tables: AnalyticsTables) -> None:
    key = {"granularity": {"S": "1m"}, "window_start": {"S": "2025-11-23T12:40:00Z"}}
    with pytest.raises(ClientError, match="non-existent table") as raised:
        analytics_tables.dynamodb().get_item(TableName="none", Key=key)
    assert raised.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_series_of_several_products_are_read_side_by_side(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    tables.put_status(present.minutes_ago(1), event_count=0)
    selectors.freshness()
    begun = time.monotonic()
    with slow_tables(0.25), reads() as made:
        ids = ",".join(f"P{number}" for number in range(8))
        query = {"from": text(present.minutes_ago(2)), "to": text(present.minutes_ago(0))}
        assert len(client.get("/analytics/products", {"ids": ids, **query}).json()["results"]) == 8
    assert len(made) == 8
    assert time.monotonic() - begun < 8 * 0.25


def test_an_hour_takes_no_more_memory_than_it_is_counted_for() -> None:
    windows = [f"2025-11-23T12:{minute:02}:00Z" for minute in range(60)]
    items = [{"window_start": {"S": start}, **{name: {"N": "54321"} for name in COUNTS}} for start in windows]
    del windows
    tracemalloc.start()
    reading = product_hours._reading("2025-11-23T12", items, Newest())
    del items[:]
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 30_000 < reading.size == 60 * product_hours.WINDOW_BYTES
    assert 0.5 * reading.size < taken < reading.size


@pytest.fixture
def catalogue(upstream: UpstreamServer, settings) -> Iterator[UpstreamServer]:
    settings.UPSTREAMS = settings.UPSTREAMS | {"catalog": upstream.url}
    upstream_of.cache_clear()
    upstream.behaviour = answer_titles
    yield upstream
    upstream_of.cache_clear()


def titles_shown(client: Client) -> list[tuple[str, str | None]]:
    answer = client.get(TRENDING)
    assert answer.status_code == 200
    return [(row["product_id"], row["title"]) for row in answer.json()["results"]]


def test_trending_products_have_their_titles_by_one_call_of_the_catalog(
    client: Client, tables: AnalyticsTables, present: Present, catalogue: UpstreamServer
) -> None:
    tables.put_trending(
        present.minutes_ago(1), ("P301", 3, 3), ("P17", 2, 2), ("NONE", 1, 1), ("a,b", 1, 1), ("\0", 1, 1)
    )
    tables.put_status(present.minutes_ago(1), event_count=7)
    expected = [
        ("P301", "Trail running shoes"),
        ("P17", "Espresso machine <b>deluxe</b>"),
        ("NONE", None),
        ("a,b", None),
        ("\0", None),
    ]
    for _ in range(3):
        assert titles_shown(client) == expected
    assert [request.line.split()[1] for request in catalogue.requests] == ["/products?ids=P301,P17,NONE"]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"nonsense\r\n\r\n",
    ],
)
def test_without_the_catalog_titles_are_null_and_come_back_with_it(
    client: Client, tables: AnalyticsTables, present: Present, catalogue: UpstreamServer, answer: bytes
) -> None:
    tables.put_trending(present.minutes_ago(1), ("P301", 3, 3))
    tables.put_status(present.minutes_ago(1), event_count=7)
    catalogue.behaviour = answers(answer)
    without = client.get(TRENDING)
    assert [row["title"] for row in without.json()["results"]] == [None]
    catalogue.behaviour = answer_titles
    assert titles_shown(client) == [("P301", "Trail running shoes")]
    assert poll(client, TRENDING, without["ETag"])[0] == 200


def test_a_catalog_that_cannot_be_reached_leaves_the_titles_out(
    client: Client, tables: AnalyticsTables, present: Present
) -> None:
    tables.put_trending(present.minutes_ago(1), ("P301", 3, 3))
    tables.put_status(present.minutes_ago(1), event_count=7)
    assert titles_shown(client) == [("P301", None)]
