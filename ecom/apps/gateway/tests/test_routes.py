import orjson
import pytest
from django.urls import resolve

from ecom.apps.gateway.routes import ROUTES, Route, url_pattern
from ecom.apps.gateway.tests.gateway_process import Gateway
from ecom.apps.gateway.tests.raw_http import get
from ecom.apps.gateway.tests.upstream_server import UpstreamServer
from ecom.services import SERVICES

URLCONF = "ecom.urls.gateway"


def example(route: Route) -> str:
    return route.path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.methods[0]} {route.path}")
def test_every_row_is_reached_under_its_own_name(route: Route) -> None:
    assert resolve(example(route), URLCONF).route == url_pattern(route.path)


def test_every_row_names_a_service_that_the_gateway_calls() -> None:
    assert {route.upstream for route in ROUTES} <= set(SERVICES["gateway"].upstreams)


def test_a_row_for_reading_takes_no_body() -> None:
    assert [route for route in ROUTES if route.methods == ("GET",) and route.body_limit] == []


@pytest.mark.parametrize(
    "path", ["/nowhere", "/products/", "/products/a/b", "/products/a%2Fb", "//products", "/metrics"]
)
def test_a_path_that_is_not_in_the_table_is_a_404_problem(
    gateway: Gateway, upstream: UpstreamServer, path: str
) -> None:
    answer = get(gateway.port, path)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert orjson.loads(answer.body)["status"] == 404
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/products", "GET, HEAD, POST"),
        ("GET", "/activity/event", "POST"),
        ("POST", "/analytics/trending", "GET, HEAD"),
        ("OPTIONS", "/cart", "DELETE, GET, HEAD"),
        ("TRACE", "/products", "GET, HEAD, POST"),
    ],
)
def test_a_method_that_the_path_does_not_take_is_a_405_that_names_those_it_takes(
    gateway: Gateway, upstream: UpstreamServer, method: str, path: str, allowed: str
) -> None:
    answer = get(gateway.port, path, method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert upstream.requests == []
