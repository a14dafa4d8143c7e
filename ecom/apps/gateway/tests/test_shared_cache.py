"""Public reads that the service lets anyone keep are answered once by it and then by the gateway."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ecom.apps.gateway.shared_cache import Lifetime, SharedCache, lifetime_of
from ecom.apps.gateway.tests.gateway_process import Gateway
from ecom.apps.gateway.tests.raw_http import get
from ecom.apps.gateway.tests.upstream_server import Received, UpstreamServer, answers, answers_and_closes
from ecom.apps.gateway.tests.waiting import wait_until


def answer(*headers: str, status: str = "200 OK") -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"HTTP/1.1 {status}\r\nContent-Length: 2\r\nContent-Type: application/json\r\n{lines}\r\n{{}}".encode()


def times_asked(upstream: UpstreamServer, target: str) -> int:
    return sum(f" {target} " in request.line for request in upstream.requests)


def test_a_public_read_is_asked_of_the_service_once(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(answer("Cache-Control: public, max-age=60", "ETag: x"))
    first, second = (get(gateway.port, "/products?q=shared") for _ in range(2))
    assert times_asked(upstream, "/products?q=shared") == 1
    assert first.body == second.body == b"{}"
    for _ in range(20):
        last = get(gateway.port, "/products?q=shared")
    assert times_asked(upstream, "/products?q=shared") == 1
    assert (last.headers["ETag"], last.headers["Cache-Control"]) == ("x", "public, max-age=60")
    assert int(last.headers["Age"]) < 60


def test_it_is_asked_again_when_the_answers_age_is_over(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(answer("Cache-Control: public, max-age=1"))
    get(gateway.port, "/products?q=aging")

    def asked_again() -> bool:
        get(gateway.port, "/products?q=aging")
        return times_asked(upstream, "/products?q=aging") > 1

    wait_until(asked_again)


@pytest.mark.parametrize(
    "kept_apart",
    [
        "Cache-Control: private, max-age=60",
        "Cache-Control: public, no-store, max-age=60",
        "Cache-Control: max-age=60",
        "Cache-Control: public",
        "Cache-Control: public, max-age=60\r\nVary: Accept-Language",
        "Cache-Control: public, max-age=60\r\nSet-Cookie: a=1",
    ],
)
def test_what_is_not_for_everyone_is_asked_each_time(
    gateway: Gateway, upstream: UpstreamServer, kept_apart: str
) -> None:
    upstream.behaviour = answers(answer(kept_apart))
    for _ in range(4):
        get(gateway.port, "/products?q=apart")
    assert times_asked(upstream, "/products?q=apart") == 4


@pytest.mark.parametrize("header", ["Authorization: Bearer t", "Cache-Control: no-cache"])
def test_who_signs_in_or_asks_for_the_present_gets_it_from_the_service(
    gateway: Gateway, upstream: UpstreamServer, header: str
) -> None:
    upstream.behaviour = answers(answer("Cache-Control: public, max-age=60"))
    for _ in range(4):
        get(gateway.port, "/products/present", header)
    assert times_asked(upstream, "/products/present") == 4


def test_errors_are_not_kept(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(answer("Cache-Control: public, max-age=60", status="404 Not Found"))
    for _ in range(4):
        get(gateway.port, "/products/missing")
    assert times_asked(upstream, "/products/missing") == 4


def test_it_holds_no_more_than_its_bound() -> None:
    cache = SharedCache(max_bytes=10_000)
    for number in range(100):
        cache.offer(f"/{number}", body=b"x" * 1000, headers={"Cache-Control": "public, max-age=60"})
    assert cache.find("/0") is None
    assert cache.find("/99") is not None
    assert sum(cache.find(f"/{number}") is not None for number in range(100)) <= 5


def test_an_answer_is_found_until_it_is_of_no_use() -> None:
    cache = SharedCache(max_bytes=10_000)
    cache.offer("/a", body=b"", headers={"Cache-Control": "public, max-age=1"})
    cache.offer("/b", body=b"", headers={"Cache-Control": "public, max-age=1, stale-if-error=60"})
    cache.offer("/c", body=b"", headers={"Cache-Control": "public, max-age=1", "etag": "x"})
    bare, standing_in, known = (cache.find(target) for target in ("/a", "/b", "/c"))
    assert bare
    assert standing_in
    assert known
    assert bare.kept_until == bare.fresh_until == bare.usable_until
    assert standing_in.kept_until == standing_in.usable_until == standing_in.fresh_until + 60
    assert (known.etag, known.kept_until > known.fresh_until == known.usable_until) == ("x", True)


@pytest.mark.parametrize(
    ("control", "lifetime"),
    [
        ("public, max-age=10", Lifetime(10, 0)),
        ("max-age=7,public", Lifetime(7, 0)),
        ("public, max-age=10, stale-if-error=600", Lifetime(10, 600)),
        ("public, max-age=10, stale-if-error=600, must-revalidate", Lifetime(10, 0)),
        ("public, max-age=10, s-maxage=3", Lifetime(3, 0)),
        ("public, max-age=10, s-maxage=0", None),
        ("public, s-max-age=9", None),
        ("public, max-age=x", None),
        ("public, max-age=0", None),
        ("stale-if-error=9, public", None),
    ],
)
def test_the_lifetime_is_read_from_the_header(control: str, lifetime: Lifetime | None) -> None:
    assert lifetime_of({"cache-control": control}) == lifetime


SHORT = "Cache-Control: public, max-age=1, stale-if-error=60"
FAILURES = {
    "an error": answers(answer(SHORT, status="503 Service Unavailable")),
    "nonsense": answers_and_closes(b"nonsense\r\n\r\n"),
    "nothing": answers_and_closes(b""),
}


def test_an_aged_answer_is_confirmed_by_the_service_and_sent_to_the_client_whole(
    gateway: Gateway, upstream: UpstreamServer
) -> None:
    target = "/products?q=confirmed"

    def confirm(connection: socket.socket, request: Received) -> None:
        known = request.header("If-None-Match")
        unchanged = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nX-Round: 2\r\n\r\n'
        connection.sendall(unchanged if known == '"1"' else answer("Cache-Control: public, max-age=1", 'ETag: "1"'))

    upstream.behaviour = confirm
    assert get(gateway.port, target).body == b"{}"

    def is_confirmed() -> bool:
        found = get(gateway.port, target)
        assert (found.status, found.body, found.headers["ETag"]) == (200, b"{}", '"1"')
        return found.headers.get("X-Round") == "2"

    wait_until(is_confirmed)
    asked = times_asked(upstream, target)
    assert get(gateway.port, target).headers["Age"] == "0"
    assert times_asked(upstream, target) == asked == 2


def test_a_client_that_has_the_stored_answer_is_told_so(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(answer("Cache-Control: public, max-age=60", 'ETag: W/"1"', "X-Other: 1"))
    target = "/products?q=known"
    for condition in ('W/"1"', '"1"', '"0", "1"', "*"):  # the first time it is not stored yet
        known = get(gateway.port, target, f"If-None-Match: {condition}")
        assert (known.status, known.body) == (304, b"")
        assert (known.headers["ETag"], known.headers["Cache-Control"]) == ('W/"1"', "public, max-age=60")
        assert {"X-Other", "Content-Type"} & set(known.headers) == set()
    assert get(gateway.port, target, 'If-None-Match: "2"').status == 200
    assert times_asked(upstream, target) == 1
    assert upstream.requests[0].header("If-None-Match") is None  # the answer is for others too


@pytest.mark.parametrize("failure", FAILURES)
def test_an_aged_answer_stands_in_for_a_service_that_fails(
    gateway: Gateway, upstream: UpstreamServer, failure: str
) -> None:
    target = f"/products?q=failing-{failure.replace(' ', '-')}"
    upstream.behaviour = answers(answer(SHORT))
    get(gateway.port, target)
    upstream.behaviour = FAILURES[failure]

    def stands_in() -> bool:
        found = get(gateway.port, target)
        assert (found.status, found.body) == (200, b"{}")
        return found.headers.get("Cache-Status") == "gateway; fwd=stale; detail=stale-if-error"

    wait_until(stands_in)
    assert int(get(gateway.port, target).headers["Age"]) >= 1
    upstream.behaviour = answers(answer(SHORT))
    recovered = get(gateway.port, target)
    assert (recovered.headers["Age"], "Cache-Status" in recovered.headers) == ("0", False)


def test_without_leave_an_aged_answer_stands_in_for_nothing(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(answer("Cache-Control: public, max-age=1", 'ETag: "1"'))
    get(gateway.port, "/products?q=strict")
    upstream.behaviour = FAILURES["an error"]
    wait_until(lambda: get(gateway.port, "/products?q=strict").status == 503)


def test_a_refusal_is_no_failure(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(answer(SHORT))
    get(gateway.port, "/products/withdrawn")
    upstream.behaviour = answers(answer(status="404 Not Found"))
    wait_until(lambda: get(gateway.port, "/products/withdrawn").status == 404)


def test_of_many_that_find_it_aged_one_asks(gateway: Gateway, upstream: UpstreamServer) -> None:
    target = "/products?q=herd"
    upstream.behaviour = answers(answer("Cache-Control: public, max-age=1"))
    get(gateway.port, target)

    def answer_slowly(connection: socket.socket, request: Received) -> None:
        time.sleep(0.2)  # a slow database; short of what the others wait
        connection.sendall(answer("Cache-Control: public, max-age=60"))

    upstream.behaviour = answer_slowly
    with ThreadPoolExecutor(6) as clients:

        def herd_asked() -> bool:
            found = list(clients.map(lambda _: get(gateway.port, target), range(6)))
            assert all(one.status == 200 for one in found)
            return times_asked(upstream, target) > 1

        wait_until(herd_asked)
    assert times_asked(upstream, target) == 2
