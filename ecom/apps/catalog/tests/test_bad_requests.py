import base64
import json

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecom.apps.catalog.api.serializers import ProductQuery
from ecom.apps.catalog.selectors import SORTS

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]


def cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"min_price": "-1"}, "min_price"),
        ({"min_price": "19.99"}, "min_price"),
        ({"max_price": str(2**63)}, "max_price"),
        ({"sort": "cheapest"}, "sort"),
        ({"sort": "relevance"}, "sort"),
        ({"in_stock": "perhaps"}, "in_stock"),
        ({"currency": "euro"}, "currency"),
        ({"q": "x" * 201}, "q"),
        ({"q": "nul\0"}, "q"),
        ({"brand": "nul\0"}, "brand"),
        ({"category": "nul\0"}, "category"),
        ({"ids": "P1,nul\0"}, "ids"),
        ({"ids": ",".join(map(str, range(101)))}, "ids"),
        ({"ids": "P1", "brand": "HP"}, "ids"),
        ({"cursor": "invented"}, "cursor"),
        ({"cursor": cursor("price", [1, 1]), "sort": "newest"}, "cursor"),
        ({"cursor": cursor("newest", [2**63])}, "cursor"),
        ({"cursor": cursor("newest", [1, 1])}, "cursor"),
        ({"cursor": cursor("newest", ["1"])}, "cursor"),
        ({"cursor": cursor("newest", [True])}, "cursor"),
        ({"cursor": cursor("newest", [1.5])}, "cursor"),
        ({"cursor": cursor("title", ["nul\0", 1]), "sort": "title"}, "cursor"),
        ({"cursor": cursor("newest", [[1]])}, "cursor"),
        ({"cursor": cursor("newest")}, "cursor"),
    ],
)
def test_a_bad_parameter_is_named(client: Client, query, parameter) -> None:
    response = client.get("/products", query)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/{parameter}"]


@pytest.mark.parametrize(
    "path",
    ["/products/nothing", "/products/%00", "/products/a%2Fb", "/products/%ff", f"/products/{'x' * 65}", "/products/"],
)
def test_what_cannot_be_a_product_is_not_found(client: Client, path) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_list_is_neither_replaced_nor_deleted(client: Client, method) -> None:
    response = getattr(client, method)("/products", data="{}", content_type="application/json")
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["q=%ff%fe", "brand=%c3%28", "cursor=%00", "q=%ed%a0%80", "%ff=%ff", "sort=%80", "q"])
def test_bytes_that_are_not_utf_8_are_no_fault_of_ours(client: Client, query) -> None:
    assert client.get("/products", QUERY_STRING=query).status_code in (200, 400)


odd_text = (
    st.text(max_size=40) | st.integers().map(str) | st.sampled_from(["true", "0", "NaN", "1e999", '"', "-", "or"])
)
odd_cursor = st.builds(
    cursor, st.sampled_from([*SORTS, "x"]), st.lists(st.integers() | st.text(max_size=9) | st.floats(), max_size=3)
)


@given(st.dictionaries(st.sampled_from(list(ProductQuery().fields)), odd_text | odd_cursor, max_size=5))
@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_no_query_whatever_is_answered_by_a_server_error(client: Client, db, query) -> None:
    query = {name: value.encode(errors="surrogatepass") for name, value in query.items()}
    assert client.get("/products", query).status_code in (200, 400)
