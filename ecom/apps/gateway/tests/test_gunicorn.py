"""The process itself: two ports, a stop that loses nothing, metrics of this run only."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import psutil
import pytest

from ecom.apps.gateway.tests.gateway_process import Gateway, running_gateway
from ecom.apps.gateway.tests.raw_http import connect, exchange, get, read_answer
from ecom.apps.gateway.tests.upstream_server import OK, Received, UpstreamServer
from ecom.apps.gateway.tests.waiting import wait_until

CLIENTS = 6


@dataclass
class Tally:
    sent: int = 0
    answered: int = 0
    told_to_close: bool = False


def keep_asking(port: int, started: threading.Barrier) -> Tally:
    """Ask again and again on one connection until the answer says that it closes."""
    tally = Tally()
    with connect(port) as connection:
        while not tally.told_to_close:
            connection.sendall(f"GET /products HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            tally.sent += 1
            answer = read_answer(connection)
            assert (answer.status, answer.body) == (200, b"ok")
            tally.answered += 1
            tally.told_to_close = answer.headers["Connection"] == "close"
            if tally.answered == 5:
                started.wait(20)
    return tally


def answer_slowly(connection: socket.socket, request: Received) -> None:
    time.sleep(0.05)  # a service takes its time; nothing is waited for here
    connection.sendall(OK)


def test_a_stop_under_load_loses_no_request(tmp_path) -> None:
    with UpstreamServer(answer_slowly) as server, running_gateway(tmp_path, server.url, ECOM_WORKERS="2") as gateway:
        started = threading.Barrier(CLIENTS + 1)
        with ThreadPoolExecutor(CLIENTS) as clients:
            asking = [clients.submit(keep_asking, gateway.port, started) for _ in range(CLIENTS)]
            started.wait(20)
            gateway.terminate()
            tallies = [future.result(timeout=20) for future in asking]
        assert gateway.process.wait(timeout=20) == 0
    assert all(tally.sent == tally.answered and tally.told_to_close for tally in tallies)
    assert sum(tally.answered for tally in tallies) == len(server.requests)


def test_workers_are_replaced_after_their_requests_and_none_is_lost(tmp_path) -> None:
    values = {"ECOM_WORKERS": "2", "ECOM_MAX_REQUESTS": "40"}
    with UpstreamServer() as server, running_gateway(tmp_path, server.url, **values) as gateway:
        first = set(workers_of(gateway))
        with ThreadPoolExecutor(4) as clients:
            answers = clients.map(lambda number: get(gateway.port, f"/products/{number}").status, range(240))
            assert set(answers) == {200}
        wait_until(lambda: len(workers_of(gateway)) == 2 and not first & set(workers_of(gateway)), what="new workers")
        assert len(server.requests) == 240


def workers_of(gateway: Gateway) -> list[int]:
    return [child.pid for child in psutil.Process(gateway.process.pid).children()]


def test_a_request_that_takes_seconds_outlives_the_stop(tmp_path) -> None:
    release = threading.Event()

    def wait_for_release(connection: socket.socket, request: Received) -> None:
        release.wait(20)
        connection.sendall(OK)

    with UpstreamServer(wait_for_release) as server, running_gateway(tmp_path, server.url) as gateway:
        with ThreadPoolExecutor(1) as client:
            waiting = client.submit(get, gateway.port, "/products")
            wait_until(lambda: server.requests)
            gateway.terminate()
            wait_until(lambda: not accepts(gateway.port), what="the closing of the port")
            release.set()
            assert waiting.result(timeout=20).body == b"ok"
        assert gateway.process.wait(timeout=20) == 0


def test_clients_that_do_not_hang_up_delay_nobody(gateway: Gateway, upstream: UpstreamServer) -> None:
    head = b"GET /categories HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    started = time.monotonic()
    with ExitStack() as stack:
        for _ in range(12):
            connection = stack.enter_context(connect(gateway.port))
            connection.sendall(head)
            assert read_answer(connection).status == 200
        assert get(gateway.management_port, "/healthz").status == 200
    assert time.monotonic() - started < 4  # half a second for each would be 6 s


def accepts(port: int) -> bool:
    try:
        connect(port, seconds=1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(("left_unread", "closes"), [(600_000, True), (80, False)])
def test_an_answer_says_when_its_connection_ends_because_a_body_was_left_unread(
    gateway: Gateway, upstream: UpstreamServer, left_unread: int, closes: bool
) -> None:
    path = "/activity/event" if closes else "/nowhere"
    body = b" " * left_unread
    with connect(gateway.port) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        answer = read_answer(connection)
        assert answer.status == (413 if closes else 404)
        assert answer.headers["Connection"] == ("close" if closes else "keep-alive")
        if not closes:
            connection.sendall(b"GET /products HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert read_answer(connection).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("X-Forwarded-Port: 8100",),
        ("X_Server_Port: 8100", "Server-Port: 8100", "SERVER_PORT: 8100"),
    ],
)
def test_health_and_metrics_are_not_on_the_public_port(gateway: Gateway, headers: tuple[str, ...]) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        host = f"Host: 127.0.0.1:{gateway.management_port}"
        lines = [
            f"GET {path} HTTP/1.1",
            host,
            *(line.replace("8100", str(gateway.management_port)) for line in headers),
        ]
        assert exchange(gateway.port, "\r\n".join([*lines, "", ""]).encode()).status == 404
        assert get(gateway.management_port, path).status == 200


def test_the_shop_is_not_on_the_management_port(gateway: Gateway, upstream: UpstreamServer) -> None:
    assert get(gateway.management_port, "/products").status == 404
    assert get(gateway.management_port, f"http://127.0.0.1:{gateway.port}/products").status == 404
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-A: 1\r\n" * 100 + b"\r\n", 431),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: \x00\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_heads_that_are_too_large_or_malformed_are_refused(gateway: Gateway, request_head: bytes, status: int) -> None:
    assert exchange(gateway.port, request_head).status == status


def test_metrics_are_of_this_run_and_survive_a_workers_end(tmp_path) -> None:
    with UpstreamServer() as server:
        for _ in range(2):
            with running_gateway(tmp_path, server.url) as gateway:
                get(gateway.port, "/categories")
                counted = 'ecom_http_request_duration_seconds_count{method="GET",route="categories",status="200"} 1.0'
                assert counted in get(gateway.management_port, "/metrics").body.decode()
            assert gateway.process.returncode == 0
