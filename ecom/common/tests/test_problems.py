import orjson
import pytest
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotAuthenticated, Throttled, ValidationError
from rest_framework.response import Response

from ecom.common.problems import (
    FieldError,
    Refusal,
    UnavailableMiddleware,
    problem_for_exception,
    problem_response,
)


def handled(exception: Exception) -> Response:
    request = RequestFactory().get("/products")
    response = problem_for_exception(exception, {"request": request})
    assert response is not None
    assert response.content_type == "application/problem+json"
    return response


def test_a_problem_has_the_members_of_rfc_9457() -> None:
    response = problem_response(RequestFactory().get("/cart"), 503, "Try again.", headers={"Retry-After": "2"})
    assert response["Content-Type"] == "application/problem+json"
    assert response["Retry-After"] == "2"
    assert orjson.loads(response.content) == {
        "type": "urn:ecom:problem:service-unavailable",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Try again.",
        "instance": "/cart",
        "request_id": None,
    }


class Line(serializers.Serializer):
    quantity = serializers.IntegerField(min_value=1)


class Order(serializers.Serializer):
    email = serializers.EmailField()
    lines = Line(many=True)


def test_each_invalid_field_is_named_by_a_json_pointer() -> None:
    order = Order(data={"email": "x", "lines": [{"quantity": 1}, {"quantity": 0}]})
    assert not order.is_valid()
    body = handled(ValidationError(order.errors)).data
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/email", "invalid"),
        ("/lines/1/quantity", "min_value"),
    }


def test_an_error_of_the_whole_object_points_at_the_whole_object() -> None:
    body = handled(ValidationError({"non_field_errors": ["Too much."]})).data
    assert body["errors"] == [{"pointer": "", "code": "invalid", "detail": "Too much."}]


@pytest.mark.parametrize(("exception", "status"), [(Http404(), 404), (NotAuthenticated(), 401), (Throttled(7), 429)])
def test_what_django_and_drf_raise_becomes_a_problem(exception: Exception, status: int) -> None:
    assert handled(exception).data["status"] == status


def test_a_throttled_caller_learns_how_long_to_wait() -> None:
    assert handled(Throttled(wait=7))["Retry-After"] == "7"


def test_a_refusal_names_its_kind_and_brings_members_of_its_own() -> None:
    short = FieldError("/lines/0/quantity", "short", "There are 2.")
    response = handled(
        Refusal(409, "out-of-stock", "Not enough.", errors=[short], members={"shortages": [1], "status": "NEW"})
    )
    assert response.status_code == response.data["status"] == 409  # a problem's own members are not replaced
    assert response.data["type"] == "urn:ecom:problem:out-of-stock"
    assert response.data["errors"] == [{"pointer": "/lines/0/quantity", "code": "short", "detail": "There are 2."}]
    assert response.data["shortages"] == [1]


def test_an_unexpected_exception_is_left_to_django() -> None:
    assert problem_for_exception(RuntimeError("bug"), {"request": RequestFactory().get("/")}) is None


def test_text_of_an_api_exception_is_its_detail() -> None:
    assert handled(APIException("Kafka does not answer.")).data["detail"] == "Kafka does not answer."


def test_a_database_that_is_away_is_a_503() -> None:
    middleware = UnavailableMiddleware(lambda request: HttpResponse())
    response = middleware.process_exception(RequestFactory().get("/"), OperationalError("connection refused"))
    assert response is not None
    assert response.status_code == 503
    assert middleware.process_exception(RequestFactory().get("/"), ValueError()) is None
