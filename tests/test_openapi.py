"""The document of the whole API: nothing that is routed is missing in it, and its examples are what it says."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from ecom.apps.gateway.api.openapi import own_document
from ecom.apps.gateway.merging import merged
from ecom.apps.gateway.routes import ROUTES, Access
from ecom.common.openapi import document
from ecom.services import SERVICES


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    """The merged document; the monolith's has the parts of all services."""
    everything = orjson.loads(document())
    return merged(own_document(), dict.fromkeys(SERVICES["gateway"].upstreams, everything))


def operations(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in api["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The media types of an operation's body and of its successes."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {media_type}", content
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if status.startswith("2"):
                yield f"{status} {media_type}", content


def test_every_row_of_the_routing_table_is_described(api: dict[str, Any]) -> None:
    rows = {f"{method} {route.path}" for route in ROUTES for method in route.methods}
    assert rows - {name for name, _ in operations(api)} == set()
    assert api["x-missing-services"] == []


def test_every_operation_has_a_summary_and_a_name_of_its_own(api: dict[str, Any]) -> None:
    assert [name for name, operation in operations(api) if not operation["summary"]] == []
    names = [operation["operationId"] for _, operation in operations(api)]
    assert sorted(names) == sorted(set(names))


def test_every_body_has_an_example_that_fits_its_schema(api: dict[str, Any]) -> None:
    registry: Registry[Any] = Registry().with_resource("urn:api", Resource(api, DRAFT202012))
    faults = []
    for name, operation in operations(api):
        for place, content in bodies(operation):
            schema = orjson.loads(orjson.dumps(content["schema"]).replace(b'"#/', b'"urn:api#/'))
            validator = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
            examples = [example["value"] for example in content.get("examples", {}).values()]
            faults += [f"{name} {place}: no example"] if not examples else []
            faults += [
                f"{name} {place}: {error.message}" for value in examples for error in validator.iter_errors(value)
            ]
    assert faults == []


def test_it_says_where_a_token_is_needed(api: dict[str, Any]) -> None:
    needed = {
        Access.OPEN: [],
        Access.OPTIONAL: [{"bearer": []}, {}],
        Access.SIGNED_IN: [{"bearer": []}],
    }
    found = {name: operation.get("security", []) for name, operation in operations(api)}
    for route in ROUTES:
        for name in {f"{method} {route.path}" for method in route.methods}:
            assert found[name] == needed[route.access], name


def test_every_refusal_is_a_problem(api: dict[str, Any]) -> None:
    for name, operation in operations(api):
        for status, response in operation["responses"].items():
            if status >= "4":
                assert list(response["content"]) == ["application/problem+json"], f"{name} {status}"
