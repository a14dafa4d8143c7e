"""Services that are slow, broken or away, clients that misbehave: what the other side gets to see."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from ecom.apps.gateway.tests.gateway_process import SIGNED_IN, Gateway, running_gateway
from ecom.apps.gateway.tests.raw_http import RawAnswer, connect, exchange, get, post, read_answer
from ecom.apps.gateway.tests.upstream_server import OK, Received, UpstreamServer, answers, answers_and_closes
from ecom.apps.gateway.tests.waiting import wait_until

LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"z" * 300_000
LARGE_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30D40\r\n" + b"z" * 0x30D40 + b"\r\n"


def problem(answer: RawAnswer) -> dict:
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict = orjson.loads(answer.body)
    assert body["status"] == answer.status
    return body


def test_a_service_that_is_away_is_a_503_that_says_when_to_come_back(tmp_path) -> None:
    with UpstreamServer() as server:
        url = server.url
    with running_gateway(tmp_path, url) as gateway:
        for answer in (get(gateway.port, "/products"), post(gateway.port, "/cart/add", b"{}")):
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert "cannot be reached" in problem(answer)["detail"]


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX-Huge: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 150 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-Bad: a\x01b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ],
    ids=["closed", "nonsense", "short", "short chunk", "bad chunk", "two lengths", "huge", "many", "control", "101"],
)
def test_a_broken_answer_is_a_502(gateway: Gateway, upstream: UpstreamServer, bytes_sent: bytes) -> None:
    upstream.behaviour = answers_and_closes(bytes_sent)
    answer = get(gateway.port, "/products")
    assert answer.status == 502
    assert "catalog" in problem(answer)["detail"]
    upstream.behaviour = answers(OK)
    assert get(gateway.port, "/products").status == 200


@pytest.mark.parametrize("beginning", [LARGE, LARGE_CHUNKED], ids=["length", "chunked"])
def test_an_answer_that_dies_midway_does_not_look_complete(
    gateway: Gateway, upstream: UpstreamServer, beginning: bytes
) -> None:
    upstream.behaviour = answers_and_closes(beginning)
    answer = get(gateway.port, "/customers/me/export", SIGNED_IN)
    assert answer.status == 200
    assert not answer.complete
    assert len(answer.body) < 1_000_000


def never_answer(release: threading.Event):
    def behave(connection: socket.socket, request: Received) -> None:
        release.wait(30)

    return behave


def test_a_service_that_does_not_answer_in_time_is_a_504(gateway: Gateway, upstream: UpstreamServer) -> None:
    release = threading.Event()
    upstream.behaviour = never_answer(release)
    started = time.monotonic()
    answer = get(gateway.port, "/products")
    release.set()
    assert answer.status == 504
    assert 4.5 < time.monotonic() - started < 8
    assert "5 s" in problem(answer)["detail"]
    assert len(upstream.requests) == 1


def test_a_get_is_sent_again_when_its_connection_turns_out_to_be_closed(
    gateway: Gateway, upstream: UpstreamServer
) -> None:
    calls: list[str] = []

    def close_the_first_time(connection: socket.socket, request: Received) -> None:
        calls.append(request.line)
        if len(calls) == 1:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            connection.sendall(OK)

    upstream.behaviour = close_the_first_time
    assert get(gateway.port, "/products").status == 200
    assert len(calls) == 2


def test_a_post_is_never_sent_again(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers_and_closes(b"")
    assert post(gateway.port, "/cart/add", b"{}").status == 502
    assert len(upstream.requests) == 1


def test_connections_that_a_restarted_service_closed_are_not_used(gateway: Gateway, upstream: UpstreamServer) -> None:
    assert post(gateway.port, "/cart/add", b"{}").status == 200
    closed = upstream.closed
    upstream.drop_connections()
    wait_until(lambda: upstream.closed > closed)
    assert post(gateway.port, "/cart/add", b"{}").status == 200


def test_a_body_over_its_limit_is_refused_before_the_service_hears_of_it(
    gateway: Gateway, upstream: UpstreamServer
) -> None:
    answer = post(gateway.port, "/activity/event", b"x" * 65537)
    assert answer.status == 413
    assert "65536 bytes" in problem(answer)["detail"]
    assert post(gateway.port, "/cart/add", b"x" * 65537).status == 413
    assert upstream.requests == []


def test_a_get_with_a_body_is_refused(gateway: Gateway, upstream: UpstreamServer) -> None:
    assert get(gateway.port, "/products", "Content-Length: 1").status == 413


def test_a_chunked_body_over_its_limit_is_refused_and_not_completed(gateway: Gateway, upstream: UpstreamServer) -> None:
    head = f"POST /activity/event HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    answer = exchange(gateway.port, head.encode() + chunk * 3 + b"0\r\n\r\n")
    assert answer.status == 413
    wait_until(lambda: [request.complete for request in upstream.requests] == [False])


def stall_in_the_body(gateway: Gateway) -> None:
    with connect(gateway.port) as connection:
        connection.sendall(b"POST /cart/add HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nabc")
        answer = read_answer(connection)
        assert answer.status == 408
        assert "10 s" in problem(answer)["detail"]
        assert connection.recv(1) == b""


def drip_the_body(gateway: Gateway) -> None:
    with connect(gateway.port) as connection:
        connection.sendall(b"POST /cart/add HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n")
        assert drip(connection, b"x").startswith(b"HTTP/1.1 408 ")


def drip_the_head(gateway: Gateway) -> None:
    with connect(gateway.port) as connection:
        connection.sendall(b"GET /products HTTP/1.1\r\n")
        assert drip(connection, b"X-A: 1\r\n") == b""


def drip(connection: socket.socket, piece: bytes) -> bytes:
    """Send a piece now and then, until an answer or the connection's end (empty)."""
    connection.settimeout(0.5)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            connection.sendall(piece)
            return connection.recv(100)
        except TimeoutError:
            continue
        except ConnectionError:
            return b""
    raise AssertionError("the gateway waits for ever")


def test_clients_that_stall_or_drip_are_cut_off_after_ten_seconds(gateway: Gateway, upstream: UpstreamServer) -> None:
    def seconds(misbehave: Callable[[Gateway], None]) -> float:
        started = time.monotonic()
        misbehave(gateway)
        return time.monotonic() - started

    with ThreadPoolExecutor() as clients:
        for taken in clients.map(seconds, (stall_in_the_body, drip_the_body, drip_the_head)):
            assert 9 < taken < 14
    assert upstream.requests == []


def test_a_body_cut_short_is_never_taken_for_a_whole_one(gateway: Gateway, upstream: UpstreamServer) -> None:
    for size, sent in ((10, 3), (400_000, 200_000)):
        with connect(gateway.port) as connection:
            head = f"POST /activity/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n"
            connection.sendall(head.encode() + b"x" * sent)
            connection.shutdown(socket.SHUT_WR)
            answer = read_answer(connection)
            assert answer.status == 400
            assert "shorter" in problem(answer)["detail"]
    wait_until(lambda: all(not request.complete for request in upstream.requests))


@pytest.mark.parametrize(
    "head_and_body",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"Content-Length: +3\r\n\r\nabc",
        b"Content-Length: 3, 3\r\n\r\nabc",
        b"Content-Length : 3\r\n\r\nabc",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\nabc",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
        b"X-A: 1\r\n folded\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_framing_that_two_servers_might_read_differently_is_refused(
    gateway: Gateway, upstream: UpstreamServer, head_and_body: bytes
) -> None:
    smuggled = b"GET /cart HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with connect(gateway.port) as connection:
        connection.sendall(b"POST /activity/event HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head_and_body + smuggled)
        connection.shutdown(socket.SHUT_WR)
        assert read_answer(connection).status in {400, 501}
        assert connection.recv(1) == b""
    wait_until(lambda: all(not request.complete for request in upstream.requests))
    assert "GET /cart HTTP/1.1" not in [request.line for request in upstream.requests]


def test_a_client_that_goes_away_leaves_no_connection_and_no_slot_taken(
    gateway: Gateway, upstream: UpstreamServer
) -> None:
    def send_without_end(connection: socket.socket, request: Received) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    upstream.behaviour = send_without_end
    closed = upstream.closed
    for ended in range(1, 11):  # more than there are slots and threads
        with connect(gateway.port) as connection:
            connection.sendall(b"GET /cart HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            connection.recv(1000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait_until(lambda ended=ended: upstream.closed - closed == ended, what="the end of the service's connection")
    upstream.behaviour = answers(OK)
    assert get(gateway.port, "/products").status == 200


def test_a_stuck_service_takes_neither_the_others_nor_the_health_checks_with_it(
    gateway: Gateway, upstream: UpstreamServer
) -> None:
    release = threading.Event()

    def stick_on_carts(connection: socket.socket, request: Received) -> None:
        if "/cart" in request.line:
            release.wait(30)
        connection.sendall(OK)

    upstream.behaviour = stick_on_carts
    with ThreadPoolExecutor(30) as clients:
        stuck = [clients.submit(get, gateway.port, "/cart") for _ in range(30)]
        wait_until(lambda: sum(future.done() for future in stuck) == 24, what="24 refusals beside 6 in flight")
        assert get(gateway.management_port, "/healthz").status == 200
        assert get(gateway.port, "/products").status == 200
        release.set()
        results = [future.result() for future in stuck]
    refused = [answer for answer in results if answer.status == 503]
    assert len(refused) == 24
    assert all("Retry-After" in answer.headers and "Too many" in problem(answer)["detail"] for answer in refused)
    assert sum(answer.status == 200 for answer in results) == 6


def test_only_answers_that_broke_off_in_the_middle_are_errors_in_gunicorns_log(gateway: Gateway) -> None:
    log = gateway.log.read_text()
    assert "Warning:" not in log
    assert log.count("Error handling request") == log.count("\necom.apps.gateway.clients.upstreams.BadAnswer\n")
    assert "Socket error processing request" not in log
