"""What the gateway tells browsers: which other origins may call, and how careful to be with what it answers."""

from collections.abc import Iterator

import pytest

from ecom.apps.gateway.tests.gateway_process import Gateway, running_gateway
from ecom.apps.gateway.tests.raw_http import RawAnswer, get
from ecom.apps.gateway.tests.upstream_server import UpstreamServer

SHOP, STRANGER = "https://shop.example.com", "https://elsewhere.example"
CORS = "Access-Control-Allow-Origin"


@pytest.fixture(scope="module")
def open_gateway(upstream_server: UpstreamServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One that another origin may call, and that stands behind HTTPS."""
    variables = {
        "ECOM_CORS_ORIGINS": f"{SHOP},http://localhost:3000",
        "ECOM_HSTS_SECONDS": "3600",
        "ECOM_FORWARDED_ALLOW_IPS": "127.0.0.0/8",
    }
    with running_gateway(tmp_path_factory.mktemp("open"), upstream_server.url, **variables) as process:
        yield process


def preflight(gateway: Gateway, origin: str, path: str = "/orders") -> RawAnswer:
    asked = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization, idempotency-key")
    return get(gateway.port, path, f"Origin: {origin}", *asked, method="OPTIONS")


def test_a_named_origin_may_call_and_read_what_it_needs(open_gateway: Gateway, upstream: UpstreamServer) -> None:
    answer = get(open_gateway.port, "/products", f"Origin: {SHOP}")
    assert answer.headers[CORS] == SHOP
    assert "ratelimit-remaining" in answer.headers["Access-Control-Expose-Headers"]
    assert "origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_preflights_are_answered_here(open_gateway: Gateway, upstream: UpstreamServer) -> None:
    answer = preflight(open_gateway, SHOP)
    assert (answer.status, answer.headers[CORS]) == (200, SHOP)
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert {"authorization", "idempotency-key"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert upstream.requests == []


def test_other_origins_may_not(open_gateway: Gateway, upstream: UpstreamServer) -> None:
    assert CORS not in get(open_gateway.port, "/products", f"Origin: {STRANGER}").headers
    assert CORS not in preflight(open_gateway, STRANGER).headers


def test_without_the_setting_nobody_may(gateway: Gateway, upstream: UpstreamServer) -> None:
    assert CORS not in get(gateway.port, "/products", f"Origin: {SHOP}").headers
    assert preflight(gateway, SHOP).status == 405


def test_cookies_go_along_where_that_is_set(
    upstream_server: UpstreamServer, upstream: UpstreamServer, tmp_path
) -> None:
    variables = {"ECOM_CORS_ORIGINS": SHOP, "ECOM_CORS_CREDENTIALS": "1"}
    with running_gateway(tmp_path, upstream_server.url, **variables) as gateway:
        answer = get(gateway.port, "/products", f"Origin: {SHOP}")
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize("path", ["/products", "/", "/nowhere", "/contracts/raw-event/v1.0"])
def test_every_answer_says_how_careful_to_be_with_it(gateway: Gateway, upstream: UpstreamServer, path: str) -> None:
    headers = get(gateway.port, path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_browsers_that_came_by_https_shall_come_so_again(open_gateway: Gateway, upstream: UpstreamServer) -> None:
    secure = get(open_gateway.port, "/products", "X-Forwarded-Proto: https")
    assert secure.headers["Strict-Transport-Security"] == "max-age=3600"
    assert "Strict-Transport-Security" not in get(open_gateway.port, "/products").headers
