"""One document for the whole API, also while a service that has a part in it is away."""

import socket

import orjson

from ecom.apps.gateway.api.openapi import own_document
from ecom.apps.gateway.merging import merged
from ecom.apps.gateway.routes import Access, RateClass, Route
from ecom.apps.gateway.tests.gateway_process import Gateway, running_gateway
from ecom.apps.gateway.tests.raw_http import get
from ecom.apps.gateway.tests.upstream_server import Received, UpstreamServer, answers
from ecom.apps.gateway.tests.waiting import wait_until

OK = {"200": {"description": "OK"}}
DOCUMENT = {
    "openapi": "3.1.1",
    "paths": {
        "/products": {"get": {"summary": "Products", "responses": OK}},
        "/internal/reservations": {"get": {"summary": "Reservations", "responses": OK}},
    },
    "components": {"schemas": {"catalog.Product": {"type": "object"}, "Problem": {"type": "string"}}},
}
PRODUCTS = Route(path="/products", methods=("GET",), upstream="catalog", access=Access.OPEN, rate=RateClass.READS)
CART = Route(
    path="/cart", methods=("POST",), upstream="orders", access=Access.OPTIONAL, rate=RateClass.WRITES, body_limit=1
)


def answer_document(connection: socket.socket, request: Received) -> None:
    body = orjson.dumps(DOCUMENT)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


def test_only_what_the_routing_table_leads_to_is_in_it() -> None:
    document = merged(own_document(), {"catalog": DOCUMENT}, [PRODUCTS, CART])
    assert document["paths"]["/products"]["get"]["summary"] == "Products"
    assert "/internal/reservations" not in document["paths"]
    assert "/analytics/trending" in document["paths"]
    assert document["x-missing-services"] == ["orders"]


def test_an_operation_has_what_the_gateway_may_answer_in_its_services_place() -> None:
    described = {"paths": {"/cart": {"post": {"responses": {"200": {}, "401": {"description": "theirs"}}}}}}
    document = merged(own_document(), {"catalog": DOCUMENT, "orders": described}, [PRODUCTS, CART])
    assert set(document["paths"]["/products"]["get"]["responses"]) == {"200", "400", "429", "502", "503", "504"}
    answers_of_cart = document["paths"]["/cart"]["post"]["responses"]
    assert set(answers_of_cart) == {"200", "400", "401", "408", "413", "429", "502", "503", "504"}
    assert answers_of_cart["401"] == {"description": "theirs"}


def test_components_of_all_are_in_it_and_those_of_the_shared_kernel_once() -> None:
    schemas = merged(own_document(), {"catalog": DOCUMENT}, [PRODUCTS])["components"]["schemas"]
    assert "catalog.Product" in schemas
    assert schemas["Problem"]["type"] == "object"


def test_it_comes_from_the_services_themselves(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answer_document

    def is_whole() -> bool:
        answer = get(gateway.port, "/openapi.json")
        assert answer.headers["Content-Type"] == "application/json"
        return orjson.loads(answer.body)["x-missing-services"] == []

    wait_until(is_whole)
    asked = len(upstream.requests)
    assert "/products" in orjson.loads(get(gateway.port, "/openapi.json").body)["paths"]
    assert len(upstream.requests) == asked  # it is kept for a minute


def test_it_says_whose_part_is_missing(tmp_path) -> None:
    nothing = answers(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}")
    with UpstreamServer(nothing) as server, running_gateway(tmp_path, server.url) as gateway:
        document = orjson.loads(get(gateway.port, "/openapi.json").body)
    assert document["x-missing-services"] == ["activity", "catalog", "customers", "orders"]
    assert "/analytics/trending" in document["paths"]
