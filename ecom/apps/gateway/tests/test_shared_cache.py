"""Public reads that the service lets anyone keep are answered once by it and then by the gateway."""

import time

import pytest

from ecom.apps.gateway.shared_cache import SharedCache, fresh_seconds
from ecom.apps.gateway.tests.gateway_process import Gateway
from ecom.apps.gateway.tests.raw_http import get
from ecom.apps.gateway.tests.upstream_server import UpstreamServer, answers
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


def test_an_answer_that_is_too_old_is_not_found() -> None:
    cache = SharedCache(max_bytes=10_000)
    cache.offer("/", body=b"", headers={"Cache-Control": "public, max-age=1"})
    found = cache.find("/")
    assert found is not None
    assert found.fresh_until - time.monotonic() <= 1


@pytest.mark.parametrize(
    ("control", "seconds"),
    [("public, max-age=10", 10), ("max-age=7,public", 7), ("public, s-max-age=9", 0), ("public, max-age=x", 0)],
)
def test_the_age_is_read_from_the_header(control: str, seconds: int) -> None:
    assert fresh_seconds({"cache-control": control}) == seconds
