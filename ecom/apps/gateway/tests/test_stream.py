"""Server-sent events from a real gateway over DynamoDB Local."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import orjson
import pytest

from ecom.apps.gateway.tests.analytics_data import AnalyticsTables, Present, text
from ecom.apps.gateway.tests.event_stream import EventStream, refused_stream, reset
from ecom.apps.gateway.tests.gateway_process import Gateway, running_gateway
from ecom.apps.gateway.tests.raw_http import get
from ecom.apps.gateway.tests.titles import answer_titles
from ecom.apps.gateway.tests.upstream_server import UpstreamServer
from ecom.apps.gateway.tests.waiting import wait_until
from local.servers import DynamoDB
from tests.tokens import token

CLIENTS = 200
READS = "ecom_gateway_analytics_reads_total"


@pytest.fixture(scope="module")
def module_gateway(
    job: AnalyticsTables, dynamodb: DynamoDB, upstream_server: UpstreamServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway with few threads and room for a few more streams than the tests open."""
    variables = {
        "ECOM_DYNAMODB_ENDPOINT": dynamodb.endpoint,
        "ECOM_ANALYTICS_STALE_SECONDS": "600",
        "ECOM_THREADS": "4",
        "ECOM_STREAMS": str(CLIENTS + 1),
    }
    with running_gateway(tmp_path_factory.mktemp("streams"), upstream_server.url, **variables) as process:
        yield process


@pytest.fixture
def stream_gateway(module_gateway: Gateway, tables: AnalyticsTables) -> Gateway:
    """The same, once it has seen that the tables are empty. Each test has products of its own, as hours are kept."""
    wait_until(lambda: b'"state":"unknown"' in get(module_gateway.port, "/analytics/trending").body)
    return module_gateway


@pytest.fixture(autouse=True)
def catalogue(upstream: UpstreamServer) -> UpstreamServer:
    upstream.behaviour = answer_titles
    return upstream


def no_streams(gateway: Gateway) -> None:
    wait_until(lambda: gateway.metric("ecom_gateway_streams") == 0, what="the end of all streams")


def minute(tables: AnalyticsTables, present: Present, ago: int, **shoppers: int) -> None:
    """A minute as the job writes it, the status last."""
    for product_id, count in shoppers.items():
        tables.put_window(product_id, present.minutes_ago(ago), unique_user_count=count, event_count=count)
    if shoppers:
        ranked = sorted(shoppers.items(), key=lambda each: -each[1])
        tables.put_trending(present.minutes_ago(ago), *((product_id, count, count) for product_id, count in ranked))
    tables.put_status(present.minutes_ago(ago), event_count=sum(shoppers.values()))


def seen(gateway: Gateway, minute: str) -> None:
    """Wait until the gateway knows this minute: it looks for a newer one once a second."""
    wait_until(lambda: f'"newest_window_start":"{minute}"'.encode() in get(gateway.port, "/analytics/trending").body)


def told_last(stream: EventStream) -> str:
    """The newest minute that was told in full: with the series where one was asked for."""
    trending = stream.named("trending")[-1].id
    series = stream.named("series")[-1].data["results"][-1]["window_start"] if stream.query else trending
    return min(trending, series)


def test_a_stream_begins_with_the_present_state_and_goes_on_with_each_new_minute(
    stream_gateway: Gateway, tables: AnalyticsTables, present: Present
) -> None:
    minute(tables, present, 3, P301=7, P9=2)
    seen(stream_gateway, text(present.minutes_ago(3)))
    with EventStream(stream_gateway.port, "?limit=1") as stream:
        assert b"Content-Type: text/event-stream" in stream.head
        (first,) = stream.wait(1)
        assert first.id == text(present.minutes_ago(3))
        polled = get(stream_gateway.port, "/analytics/trending?limit=1").body
        assert first.data["results"][0]["title"] == "Trail running shoes"
        assert {**first.data, "freshness": None} == {**orjson.loads(polled), "freshness": None}
        minute(tables, present, 2, P9=5)
        minute(tables, present, 1)
        last = stream.wait(2)[-1]
        stream.read_until(lambda: stream.events[-1].id == text(present.minutes_ago(1)))
        assert [row["product_id"] for row in last.data["results"]] == ["P9"]
        assert stream.events[-1].data["freshness"]["newest_window_event_count"] == 0
        assert 1000 <= stream.retry_ms <= 5000
    no_streams(stream_gateway)


def test_the_series_of_products_are_told_minute_by_minute_once_they_are_final(
    stream_gateway: Gateway, tables: AnalyticsTables, present: Present
) -> None:
    minute(tables, present, 4, P1=4)
    minute(tables, present, 3, P1=3, P2=1)
    with EventStream(stream_gateway.port, "?product_id=P1&product_id=P2") as stream:
        stream.wait(2, name="series")
        minute(tables, present, 2, P2=2)
        minute(tables, present, 1, P2=6)

        def told(product_id: str) -> dict[str, int]:
            events = [event.data for event in stream.named("series") if event.data["product_id"] == product_id]
            points = [point for data in events for point in data["results"]]
            assert {point["is_final"] for point in points} <= {True}
            assert len({point["window_start"] for point in points}) == len(points)
            return {point["window_start"]: point["unique_user_count"] for point in points}

        def counts(by_age: dict[int, int]) -> dict[str, int]:
            return {text(present.minutes_ago(ago)): count for ago, count in by_age.items()}

        # P1 was not seen in the newest minute, or is still on its way: nothing is said of that.
        expected = {"P1": counts({4: 4, 3: 3, 2: 0}), "P2": counts({4: 0, 3: 1, 2: 2, 1: 6})}
        stream.read_until(lambda: {name: told(name) for name in expected} == expected)


def test_a_client_that_comes_again_is_told_what_it_missed(
    stream_gateway: Gateway, tables: AnalyticsTables, present: Present
) -> None:
    for ago in (40, 6, 5, 4, 2):
        minute(tables, present, ago, P3=ago)
    minute(tables, present, 1)
    seen(stream_gateway, text(present.minutes_ago(1)))
    last_seen = f"Last-Event-ID: {text(present.minutes_ago(5))}"
    with EventStream(stream_gateway.port, "?product_id=P3", (last_seen,)) as stream:
        events = stream.wait(4)
        assert [(event.id, event.data["window_start"]) for event in events] == [
            (text(present.minutes_ago(id_ago)), text(present.minutes_ago(ago)))
            for id_ago, ago in ((5, 5), (4, 4), (2, 2), (1, 2))
        ]
        (series,) = stream.wait(1, name="series")
        assert [point["unique_user_count"] for point in series.data["results"]] == [6, 5, 4, 0, 2]
    long_ago = f"Last-Event-ID: {text(present.minutes_ago(500))}"
    with EventStream(stream_gateway.port, "?product_id=P3", (long_ago,)) as stream:
        assert [event.data["window_start"] for event in stream.wait(5)] == [
            text(present.minutes_ago(ago)) for ago in (6, 5, 4, 2, 2)
        ]


def test_a_last_event_id_that_is_none_of_ours_counts_as_none(
    stream_gateway: Gateway, tables: AnalyticsTables, present: Present
) -> None:
    minute(tables, present, 2, P4=3)
    minute(tables, present, 1, P4=4)
    seen(stream_gateway, text(present.minutes_ago(1)))
    for last_seen in ("", "7", "0001-01-01T00:00:00Z", "9999-12-31T23:59:00Z", "2025-11-23T12:40:09Z"):
        with EventStream(stream_gateway.port, "?product_id=P4", (f"Last-Event-ID: {last_seen}",)) as stream:
            stream.wait(1, name="series")
            assert [event.id for event in stream.named("trending")] == [text(present.minutes_ago(1))], last_seen


def test_two_hundred_clients_cost_one_read_for_each_update_and_no_thread(
    stream_gateway: Gateway, tables: AnalyticsTables, present: Present
) -> None:
    """Four threads serve the shop while 200 streams are open; one more is let in, and the next is told to poll."""
    minute(tables, present, 3, P5=1)
    with ExitStack() as opened:
        streams = [
            opened.enter_context(EventStream(stream_gateway.port, "?product_id=P5" if number % 2 else ""))
            for number in range(CLIENTS)
        ]
        for stream in streams:
            stream.wait(1, name="series" if stream.query else "trending")
        assert stream_gateway.metric("ecom_gateway_streams") == CLIENTS
        assert get(stream_gateway.port, "/products?ids=P301").status == 200
        reads = {of: stream_gateway.metric(READS, of=of) for of in ("trending", "series", "status")}
        begun = time.monotonic()
        for ago in (2, 1):
            minute(tables, present, ago, P5=10 - ago)
        for stream in streams:
            stream.read_until(lambda stream=stream: told_last(stream) == text(present.minutes_ago(1)))
        cost = {of: stream_gateway.metric(READS, of=of) - before for of, before in reads.items()}
        assert 1 <= cost["trending"] <= 2  # one for each update; both may be seen as one
        assert 1 <= cost["series"] <= 2
        assert cost["status"] <= time.monotonic() - begun + 2  # once a second
        with EventStream(stream_gateway.port):
            full = refused_stream(stream_gateway.port)
            assert (full.status, full.headers["Content-Type"]) == (503, "application/problem+json")
            assert int(full.headers["Retry-After"]) > 0
            assert b"Poll /analytics/trending" in full.body
        assert refused_stream(stream_gateway.port, method="HEAD").status == 200
    no_streams(stream_gateway)


def test_clients_that_vanish_or_talk_give_their_places_back(
    stream_gateway: Gateway, tables: AnalyticsTables, present: Present
) -> None:
    minute(tables, present, 1, P1=1)
    with EventStream(stream_gateway.port) as gone, EventStream(stream_gateway.port) as talking:
        talking.wait(1)
        reset(gone.connection)
        talking.connection.sendall(b"GET /products HTTP/1.1\r\n\r\n")
        no_streams(stream_gateway)
        talking.read_until(lambda: talking.ended)


def test_streams_are_for_staff_where_analytics_are_and_end_cleanly_with_their_process(
    dynamodb: DynamoDB, upstream_server: UpstreamServer, tables: AnalyticsTables, present: Present, tmp_path
) -> None:
    minute(tables, present, 1, P1=1)
    variables = {"ECOM_DYNAMODB_ENDPOINT": dynamodb.endpoint, "ECOM_ANALYTICS_PUBLIC": "0", "ECOM_THREADS": "2"}
    staff = f"Authorization: Bearer {token('A1', kind='staff')}"
    with running_gateway(tmp_path, upstream_server.url, **variables) as gateway:
        assert refused_stream(gateway.port).status == 401
        assert refused_stream(gateway.port, "", f"Authorization: Bearer {token('A1')}").status == 403
        with EventStream(gateway.port, "", (staff,)) as stream:
            stream.wait(1)
            gateway.terminate()
            stream.read_until(lambda: stream.ended)
            assert stream._body == b""  # the mark of the body's end was the last
            assert gateway.process.wait(timeout=20) == 0
        assert "Traceback" not in gateway.log.read_text()


def test_a_stream_says_when_the_tables_are_away(gateway: Gateway) -> None:
    with EventStream(gateway.port) as stream:
        (event,) = stream.wait(1, name="unavailable")
        assert event.data["freshness"]["state"] == "unknown"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?product_id=", "product_id"),
        (f"?product_id={'x' * 65}", "product_id"),
        ("?" + "&".join(f"product_id=P{number}" for number in range(6)), "product_id"),
        ("?limit=0", "limit"),
        ("?from=now", "from"),
    ],
)
def test_a_bad_query_is_a_400_that_names_the_parameter(gateway: Gateway, query: str, parameter: str) -> None:
    answer = refused_stream(gateway.port, query)
    assert answer.status == 400
    assert f'"pointer":"{parameter}"'.encode() in answer.body
