from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from ecom.apps.catalog.api import serializers
from ecom.apps.catalog.models import Category, Product
from ecom.apps.catalog.tests.test_product_writes import ask

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]


def row(product_id: str, title: str = "Lamp", amount: int = 100, **members: Any) -> dict[str, Any]:
    return {"product_id": product_id, "title": title, "price": {"amount": amount, "currency": "EUR"}, **members}


def bulk(*rows: Any) -> Any:
    response = ask("POST", "/products/bulk", {"products": rows})
    assert response.status_code == 200, response.content
    body = response.json()
    assert serializers.BulkResponseShape().to_representation(body) == body
    assert [result["index"] for result in body["results"]] == list(range(len(rows)))
    assert sum(body["counts"].values()) == len(rows)
    return body


def outcomes(*rows: Any) -> list[str]:
    return [result["outcome"] for result in bulk(*rows)["results"]]


def statements(*rows: Any) -> int:
    with CaptureQueriesContext(connections["catalog"]) as captured:
        bulk(*rows)
    return sum(query["sql"].split()[0] not in ("SAVEPOINT", "RELEASE") for query in captured.captured_queries)


def test_rows_are_counted_by_outcome_for_prometheus(shop) -> None:
    def counted(outcome: str) -> float:
        return REGISTRY.get_sample_value("ecom_catalog_bulk_rows_total", {"outcome": outcome}) or 0

    before = {outcome: counted(outcome) for outcome in ("created", "rejected")}
    bulk(row("N1"), row("N2"), row("N1"))
    assert {outcome: counted(outcome) - number for outcome, number in before.items()} == {"created": 2, "rejected": 1}


def test_each_row_has_its_outcome(shop) -> None:
    body = bulk(
        row("N1", category_path="Home/Lights", stock=3),
        row("P1", "Philips headphones", 4900),
        row("P2", "Renamed", 29900),
        {"product_id": "N2", "price": {"amount": -1, "currency": "EUR"}},
        "no product",
        row("N1", "Again"),
    )
    told = [(result.get("product_id"), result["outcome"]) for result in body["results"]]
    rejected = (None, "rejected")
    assert told == [("N1", "created"), ("P1", "unchanged"), ("P2", "updated"), rejected, rejected, rejected]
    faults = [[(error["pointer"], error["code"]) for error in result.get("errors", [])] for result in body["results"]]
    assert faults[3:] == [
        [("/products/3/title", "required"), ("/products/3/price/amount", "invalid")],
        [("/products/4", "invalid")],
        [("/products/5/product_id", "duplicate")],
    ]
    assert body["counts"] == {"created": 1, "updated": 1, "unchanged": 1, "rejected": 3}
    assert Product.objects.get(product_id="N1").title == "Lamp"
    assert Category.objects.get(path="home/lights").parent.name == "Home"


def test_the_same_again_changes_nothing(shop) -> None:
    rows = [row("N1", category_path="A/B"), row("P1", "Renamed", stock=7)]
    assert outcomes(*rows) == ["created", "updated"]
    before = list(Product.objects.order_by("id").values())
    assert outcomes(*rows) == ["unchanged", "unchanged"]
    assert list(Product.objects.order_by("id").values()) == before


def test_members_that_a_row_does_not_have_stay_as_they_are(shop) -> None:
    Product.objects.filter(product_id="P1").update(active=False)
    assert outcomes(row("P1", "Renamed", 1), row("P2", "Both", 2, brand="", category_path=None)) == ["updated"] * 2
    one, two = Product.objects.order_by("id")[:2]
    assert (one.title, one.brand, one.stock, str(one.category), one.active) == (
        "Renamed", "Philips", 5, "electronics/audio", False,
    )  # fmt: skip
    assert (two.title, two.brand, two.stock, two.category) == ("Both", "", 0, None)


@pytest.mark.parametrize("products", [None, [], [1] * 1001, {"0": 1}])
def test_a_batch_is_one_to_a_thousand_products(db: None, products) -> None:
    response = ask("POST", "/products/bulk", {"products": products})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "/products")


def test_a_batch_may_be_larger_than_other_bodies(db: None) -> None:
    rows = [row(f"N{number}", description="x" * 4000) for number in range(1000)]
    assert bulk(*rows)["counts"]["created"] == 1000
    too_large = [row(f"N{number}", description="x" * 6000) for number in range(1000)]
    assert ask("POST", "/products/bulk", {"products": too_large}).status_code == 413


@pytest.mark.parametrize("number", [1, 1000])
def test_a_batch_takes_two_or_three_statements_whatever_its_size(db: None, number) -> None:
    categories = [f"Part {n % 7}/Kind {n % 3}" for n in range(number)]
    rows = [row(f"N{n}", category_path=categories[n]) for n in range(number)]
    assert statements(*rows) == 4, "categories looked for, their table locked, made; products inserted"
    assert statements(*rows) == 3, "categories looked for; nothing inserted, nothing updated"
    assert statements(*(row(f"N{n}", "New title") for n in range(number))) == 2


def test_a_batch_without_a_good_row_takes_none(db: None) -> None:
    assert statements("no product", row("a/b")) == 0


odd_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
odd_row = st.builds(
    lambda row, odd: {**row, **odd},
    st.builds(row, st.sampled_from(["N1", "N2"]), st.text(min_size=1, max_size=20), st.integers(0, 9)),
    st.dictionaries(st.sampled_from([*serializers.NewProductShape().fields, "x"]), odd_value, max_size=3),
)


@given(st.lists(odd_row | odd_value, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_no_batch_whatever_is_answered_by_a_server_error(db, rows) -> None:
    bulk(*rows)


@pytest.mark.django_db(transaction=True)
def test_importers_of_the_same_products_and_categories_agree() -> None:
    def bring(worker: int) -> Any:
        numbers = range(100) if worker % 2 else reversed(range(100))
        rows = [row(f"N{n}", f"By {worker}", category_path=f"Shared/Part {n % 7}/Kind {n % 5}") for n in numbers]
        try:
            return bulk(*rows)["counts"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(bring, range(16)))
    assert sum(count["created"] for count in counts) == Product.objects.count() == 100
    assert Category.objects.count() == 1 + 7 + 35
    assert not Category.objects.filter(path__contains="/", parent=None).exists()
