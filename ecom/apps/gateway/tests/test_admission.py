"""Whom the gateway lets through to a service: tokens that are looked at, and how often a client may ask."""

from collections.abc import Iterator

import orjson
import pytest

from ecom.apps.gateway.rate_limits import BoundedWindows
from ecom.apps.gateway.tests.gateway_process import Gateway, running_gateway
from ecom.apps.gateway.tests.raw_http import RawAnswer, get, post
from ecom.apps.gateway.tests.upstream_server import UpstreamServer
from ecom.common.authentication import CHALLENGE
from tests.tokens import token

BAD = {
    "ended": f"Authorization: Bearer {token('U1', lifetime=-60)}",
    "for somebody else": f"Authorization: Bearer {token('U1', aud='warehouse')}",
    "no token": "Authorization: Bearer nonsense",
    "another scheme": "Authorization: Basic dTpw",
}
GOOD = {
    "customer": f"Authorization: Bearer {token('U1')}",
    "service, for the one behind": f"Authorization: Bearer {token('importer', kind='service', aud='catalog')}",
}


def is_refused(answer: RawAnswer) -> bool:
    """Whether it is a 401 as every service gives it."""
    return (
        answer.status == 401
        and answer.headers["WWW-Authenticate"] == CHALLENGE
        and orjson.loads(answer.body)["status"] == 401
    )


@pytest.mark.parametrize("header", BAD.values(), ids=BAD)
@pytest.mark.parametrize("path", ["/customers/me", "/cart", "/orders"])
def test_a_bad_token_is_refused_without_bothering_the_service(
    gateway: Gateway, upstream: UpstreamServer, path: str, header: str
) -> None:
    assert is_refused(get(gateway.port, path, header))
    assert upstream.requests == []


@pytest.mark.parametrize("header", BAD.values(), ids=BAD)
def test_events_are_taken_without_a_token_but_not_with_a_bad_one(
    gateway: Gateway, upstream: UpstreamServer, header: str
) -> None:
    assert post(gateway.port, "/activity/event", b"{}").status == 200
    assert is_refused(post(gateway.port, "/activity/event", b"{}", header))
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("header", BAD.values(), ids=BAD)
def test_where_no_token_is_looked_at_a_bad_one_stops_nobody(
    gateway: Gateway, upstream: UpstreamServer, header: str
) -> None:
    assert get(gateway.port, "/products", header).status == 200
    assert post(gateway.port, "/auth/token/refresh", b"{}", header).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/customers/me"), ("POST", "/orders"), ("POST", "/products"), ("PATCH", "/products/P1")],
)
def test_what_needs_a_token_asks_for_one(gateway: Gateway, upstream: UpstreamServer, method: str, path: str) -> None:
    assert is_refused(get(gateway.port, path, method=method))
    assert upstream.requests == []


@pytest.mark.parametrize("header", GOOD.values(), ids=GOOD)
def test_a_good_token_goes_on_to_the_service_which_decides(
    gateway: Gateway, upstream: UpstreamServer, header: str
) -> None:
    for _ in range(2):  # the second time it is known
        assert get(gateway.port, "/products/bulk", header, method="POST").status == 200
    assert [request.header("Authorization") for request in upstream.requests] == [header.partition(": ")[2]] * 2


@pytest.fixture(scope="module")
def strict_gateway(upstream_server: UpstreamServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One that lets everybody ask very little, and believes one proxy in front."""
    limits = {
        "ECOM_RATE_LIMIT_SIGN_IN": "2/hour",
        "ECOM_RATE_LIMIT_READS": "4/hour",
        "ECOM_RATE_LIMIT_WRITES": "3/hour",
        "ECOM_RATE_LIMIT_MACHINES": "9/hour",
        "ECOM_TRUSTED_PROXIES": "1",
    }
    with running_gateway(tmp_path_factory.mktemp("strict"), upstream_server.url, **limits) as process:
        yield process


def client(address: str) -> str:
    return f"X-Forwarded-For: {address}"


def test_a_client_learns_what_it_has_left_and_when_to_come_back(
    strict_gateway: Gateway, upstream: UpstreamServer
) -> None:
    answers = [get(strict_gateway.port, "/products", client("203.0.113.1")) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["3", "2", "1", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"4"}
    assert all(3590 < int(answer.headers["RateLimit-Reset"]) <= 3600 for answer in answers)
    refused = answers[-1]
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
    assert orjson.loads(refused.body)["type"] == "urn:ecom:problem:rate-limited"
    assert len(upstream.requests) == 4


def test_classes_of_routes_are_counted_apart(strict_gateway: Gateway, upstream: UpstreamServer) -> None:
    address = client("203.0.113.2")
    assert [post(strict_gateway.port, "/auth/token", b"{}", address).status for _ in range(3)] == [200, 200, 429]
    assert post(strict_gateway.port, "/auth/register", b"{}", address).status == 429
    assert post(strict_gateway.port, "/cart/add", b"{}", address).status == 200
    assert get(strict_gateway.port, "/cart", address).status == 200


def test_clients_are_counted_apart_by_address_and_an_ipv6_network_is_one(
    strict_gateway: Gateway, upstream: UpstreamServer
) -> None:
    for host in ("2001:db8::1", "2001:db8::2", "203.0.113.99, 2001:db8:0:0:ffff::3"):
        assert post(strict_gateway.port, "/cart/add", b"{}", client(host)).status == 200
    assert post(strict_gateway.port, "/cart/add", b"{}", client("2001:db8::4")).status == 429
    assert post(strict_gateway.port, "/cart/add", b"{}", client("2001:db8:0:1::1")).status == 200


def test_whoever_signed_in_is_counted_by_name_wherever_they_are(
    strict_gateway: Gateway, upstream: UpstreamServer
) -> None:
    def add(user: str, address: str) -> int:
        bearer = f"Authorization: Bearer {token(user)}"
        return post(strict_gateway.port, "/cart/add", b"{}", bearer, client(address)).status

    assert [add("U7", f"203.0.113.{host}") for host in (10, 11, 12, 13)] == [200, 200, 200, 429]
    assert add("U8", "203.0.113.10") == 200


def test_a_bad_token_is_counted_for_its_address(strict_gateway: Gateway, upstream: UpstreamServer) -> None:
    statuses = [
        post(strict_gateway.port, "/cart/add", b"{}", BAD["ended"], client("203.0.113.20")).status for _ in range(4)
    ]
    assert statuses == [401, 401, 401, 429]


def test_a_service_account_may_ask_more_often(strict_gateway: Gateway, upstream: UpstreamServer) -> None:
    bearer = f"Authorization: Bearer {token('importer', kind='service', scope='catalog:write')}"
    answers = [post(strict_gateway.port, "/products/bulk", b"{}", bearer) for _ in range(10)]
    assert [answer.status for answer in answers] == [200] * 9 + [429]


def test_events_are_not_counted_here(strict_gateway: Gateway, upstream: UpstreamServer) -> None:
    answers = [post(strict_gateway.port, "/activity/event", b"{}", client("203.0.113.30")) for _ in range(12)]
    assert {answer.status for answer in answers} == {200}
    assert "RateLimit-Limit" not in answers[0].headers


def test_analytics_are_reads_like_others(strict_gateway: Gateway) -> None:
    answers = [get(strict_gateway.port, "/analytics/trending?limit=no", client("203.0.113.40")) for _ in range(5)]
    assert [answer.status for answer in answers] == [400] * 4 + [429]


def test_the_windows_are_bounded_and_the_longest_unseen_is_forgotten_first() -> None:
    windows = BoundedWindows(max_windows=3)
    for key in ("a", "b", "c", "a", "d"):
        windows.incr(key, 60)
    assert [windows.get(key) for key in "abcd"] == [2, 0, 1, 1]


def test_a_window_begins_anew_when_it_has_ended() -> None:
    windows = BoundedWindows(max_windows=3)
    assert [windows.incr("a", expiry=-1) for _ in range(3)] == [1, 1, 1]
    assert windows.get("a") == 0
