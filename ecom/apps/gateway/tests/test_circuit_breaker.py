"""A service that does not answer is left alone; one caller at a time finds out whether it is back."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from ecom.apps.gateway.circuit_breaker import FAILURES, CircuitBreaker, CircuitOpen
from ecom.apps.gateway.tests.gateway_process import running_gateway
from ecom.apps.gateway.tests.raw_http import get
from ecom.apps.gateway.tests.upstream_server import UpstreamServer, answers
from ecom.apps.gateway.tests.waiting import wait_until
from local.servers import free_port


class Away(Exception):
    pass


class Refused(Exception):
    pass


def breaker(*, open_seconds: float = 60) -> CircuitBreaker:
    return CircuitBreaker("catalog", failures=(Away,), limit=3, open_seconds=open_seconds)


def call(circuit: CircuitBreaker, outcome: Exception | None = None) -> str:
    """Make one call that ends so; what its caller sees."""
    try:
        with circuit.watching():
            if outcome:
                raise outcome
    except (Away, Refused, CircuitOpen) as error:
        return type(error).__name__
    return "answered"


def opened(*, open_seconds: float) -> CircuitBreaker:
    circuit = breaker(open_seconds=open_seconds)
    for _ in range(3):
        call(circuit, Away())
    return circuit


def test_failures_in_a_row_open_it() -> None:
    circuit = breaker()
    assert [call(circuit, Away()) for _ in range(4)] == ["Away", "Away", "Away", "CircuitOpen"]


def test_an_answer_between_failures_keeps_it_closed() -> None:
    circuit = breaker()
    assert [call(circuit, outcome) for outcome in (Away(), Away(), None, Away(), Away(), None)][-1] == "answered"


def test_what_is_no_failure_of_the_service_counts_for_nothing() -> None:
    circuit = breaker()
    outcomes = [Away(), Away(), Refused(), Refused(), Refused(), Away(), None]
    assert [call(circuit, outcome) for outcome in outcomes][-2:] == ["Away", "CircuitOpen"]


def test_it_says_when_to_come_back() -> None:
    with pytest.raises(CircuitOpen) as refused, opened(open_seconds=7).watching():
        pass
    assert refused.value.seconds == 7


def test_of_all_that_come_after_the_pause_one_is_let_through_and_its_success_closes_it() -> None:
    circuit = opened(open_seconds=0)
    began, release = threading.Event(), threading.Event()

    def probe() -> None:
        with circuit.watching():
            began.set()
            release.wait(10)

    with ThreadPoolExecutor(9) as callers:
        probing = callers.submit(probe)
        assert began.wait(10)
        assert set(callers.map(lambda _: call(circuit), range(50))) == {"CircuitOpen"}
        release.set()
        probing.result(10)
        assert set(callers.map(lambda _: call(circuit), range(50))) == {"answered"}


def test_a_herd_sends_one_probe() -> None:
    circuit = opened(open_seconds=0)
    together, through = threading.Barrier(16), []

    def rush(caller: int) -> None:
        together.wait(10)
        try:
            with circuit.watching():
                through.append(caller)
                time.sleep(0.05)  # long enough for all others to have come
                raise Away
        except (Away, CircuitOpen):
            return

    circuit._open_seconds = 60  # for what comes after the probe
    with ThreadPoolExecutor(16) as callers:
        list(callers.map(rush, range(16)))
    assert len(through) == 1


def test_a_probe_that_fails_opens_it_anew() -> None:
    circuit = opened(open_seconds=0)
    circuit._open_seconds = 60
    assert [call(circuit, Away()), call(circuit)] == ["Away", "CircuitOpen"]


def test_a_probe_that_ends_otherwise_leaves_it_to_the_next() -> None:
    circuit = opened(open_seconds=0)
    assert [call(circuit, Refused()), call(circuit), call(circuit)] == ["Refused", "answered", "answered"]


def test_calls_from_before_it_opened_say_nothing_about_the_time_after() -> None:
    circuit = breaker()
    with circuit.watching():
        for _ in range(3):
            call(circuit, Away())
    assert call(circuit) == "CircuitOpen"


def test_a_service_that_is_away_is_left_alone_and_found_again(tmp_path) -> None:
    port = free_port()
    with running_gateway(tmp_path, f"http://127.0.0.1:{port}") as gateway:
        details = [orjson.loads(get(gateway.port, "/products").body)["detail"] for _ in range(FAILURES + 1)]
        assert all("cannot be reached" in detail for detail in details[:-1])
        assert "left alone" in details[-1]
        refused = get(gateway.port, "/products")
        assert (refused.status, int(refused.headers["Retry-After"]) in (1, 2)) == (503, True)
        assert "cannot be reached" in orjson.loads(get(gateway.port, "/cart").body)["detail"]  # another's circuit
        is_open = 'ecom_gateway_circuit_open{upstream="catalog"} 1.0'
        assert is_open in get(gateway.management_port, "/metrics").body.decode()
        with UpstreamServer(port=port):
            wait_until(lambda: get(gateway.port, "/products").status == 200)
        assert is_open not in get(gateway.management_port, "/metrics").body.decode()


def test_errors_that_the_service_answers_are_answers(tmp_path) -> None:
    oops = answers(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
    with UpstreamServer(oops) as server, running_gateway(tmp_path, server.url) as gateway:
        assert {get(gateway.port, "/products").status for _ in range(2 * FAILURES)} == {500}
