import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecom.apps.catalog.api import serializers
from ecom.apps.catalog.models import Category, Product
from ecom.apps.catalog.services.reservations import reserve
from ecom.apps.catalog.tests.conftest import product, stock_up
from tests.tokens import token

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]
STAFF = token("U2", kind="staff")
IMPORTER = token("importer", kind="service", scope="catalog:write")
NEW = {"product_id": "N1", "title": "Lamp", "price": {"amount": 1999, "currency": "EUR"}}


def ask(
    method: str,
    path: str,
    body: Any = None,
    *,
    bearer: str | None = STAFF,
    if_match: str | None = None,
    idempotency_key: str | None = None,
) -> Any:
    given = {
        "Authorization": f"Bearer {bearer}" if bearer else None,
        "If-Match": if_match,
        "Idempotency-Key": idempotency_key,
    }
    headers = {name: value for name, value in given.items() if value is not None}
    return Client().generic(method, path, json.dumps(body), content_type="application/json", headers=headers)


def patch(path: str, if_match: str | None, **changes: Any) -> Any:
    return ask("PATCH", path, changes, if_match=if_match)


def tag_of(path: str) -> str:
    response = Client().get(path)
    assert response.status_code == 200
    return response["ETag"]


def statements(write: Any) -> int:
    """How many a request takes, savepoints aside."""
    with CaptureQueriesContext(connections["catalog"]) as captured:
        assert write().status_code < 300
    return sum(query["sql"].split()[0] not in ("SAVEPOINT", "RELEASE") for query in captured.captured_queries)


def test_a_product_that_is_created_is_in_the_shop_at_once(db: None) -> None:
    body = {
        **NEW, "description": "<p>Warm &amp; bright</p>", "brand": " Lux ", "category_path": "Home/Lights", "stock": 3,
        "image_url": "https://images.example/1.jpg",
    }  # fmt: skip
    response = ask("POST", "/products", body)
    assert (response.status_code, response["Location"]) == (201, "/products/N1")
    assert response["Cache-Control"] == "no-store"
    read = Client().get("/products/N1")
    assert (read.json(), read["ETag"]) == (response.json(), response["ETag"])
    assert serializers.ProductDetailShape().to_representation(read.json()) == read.json()
    assert read.json()["description"] == "Warm & bright"
    assert read.json()["category"] == {"path": "home/lights", "name": "Lights"}
    assert (read.json()["brand"], read.json()["stock"], read.json()["active"]) == ("Lux", 3, True)


def test_the_least_a_product_needs_is_id_title_and_price(db: None) -> None:
    body = ask("POST", "/products", NEW).json()
    assert (body["stock"], body["category"], body["brand"], body["active"]) == (0, None, "", True)


def test_an_id_is_given_once_also_to_a_product_that_is_not_for_sale(shop) -> None:
    Product.objects.filter(product_id="P1").update(active=False)
    for product_id in ("P1", "P2"):
        response = ask("POST", "/products", {**NEW, "product_id": product_id})
        assert (response.status_code, response.json()["type"]) == (409, "urn:ecom:problem:product-exists")


@pytest.mark.parametrize(
    ("category", "path"),
    [
        ("electronics/audio", "electronics/audio"),
        ("Electronics/Audio", "electronics/audio"),
        (["Electronics", "Audio"], "electronics/audio"),
        (["PCs/Workstations"], "pcsworkstations"),
        ("", None),
        (None, None),
        ([], None),
    ],
)
def test_a_category_is_named_by_its_path_or_by_its_names(shop, category, path) -> None:
    body = ask("POST", "/products", {**NEW, "category_path": category}).json()
    assert (body["category"] and body["category"]["path"]) == path
    assert Category.objects.filter(path="electronics/audio").count() == 1


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"product_id": "a/b"}, "/product_id", "invalid"),
    ({"product_id": "bulk"}, "/product_id", "invalid"),
    ({"product_id": 7}, "/product_id", "invalid"),
    ({"title": " "}, "/title", "invalid"),
    ({"title": "x" * 301}, "/title", "invalid"),
    ({"title": None}, "/title", "invalid"),
    ({"price": 1999}, "/price", "invalid"),
    ({"price": {}}, "/price/amount", "required"),
    ({"price": {"amount": -1, "currency": "EUR"}}, "/price/amount", "invalid"),
    ({"price": {"amount": 19.99, "currency": "EUR"}}, "/price/amount", "invalid"),
    ({"price": {"amount": True, "currency": "EUR"}}, "/price/amount", "invalid"),
    ({"price": {"amount": 10**12 + 1, "currency": "EUR"}}, "/price/amount", "invalid"),
    ({"price": {"amount": 1, "currency": "eur"}}, "/price/currency", "invalid"),
    ({"price": {"amount": 1, "currency": "EUR", "tax": 1}}, "/price/tax", "unknown"),
    ({"stock": -1}, "/stock", "invalid"),
    ({"stock": 10**9 + 1}, "/stock", "invalid"),
    ({"stock": "3"}, "/stock", "invalid"),
    ({"brand": "x" * 101}, "/brand", "invalid"),
    ({"description": ["x"]}, "/description", "invalid"),
    ({"category_path": 0}, "/category_path", "invalid"),
    ({"category_path": "Home//Lights"}, "/category_path", "invalid"),
    ({"category_path": ["Home", 1]}, "/category_path", "invalid"),
    ({"category_path": "/".join(["x" * 90] * 6)}, "/category_path", "invalid"),
    ({"category_path": ["\ufdfa" * 10]}, "/category_path", "invalid"),
    ({"image_url": "javascript:alert(1)"}, "/image_url", "invalid"),
    ({"image_url": "https://[x"}, "/image_url", "invalid"),
    ({"active": 1}, "/active", "invalid"),
    ({"colour/size": 1}, "/colour~1size", "unknown"),
]


@pytest.mark.parametrize(("change", "pointer", "code"), BAD)
def test_each_bad_field_is_pointed_at_whichever_way_it_comes(shop, change, pointer, code) -> None:
    created = ask("POST", "/products", {**NEW, **change})
    bulk = ask("POST", "/products/bulk", {"products": [{**NEW, **change}]})
    assert (created.status_code, bulk.status_code) == (400, 200)
    found = [(error["pointer"], error["code"]) for error in created.json()["errors"]]
    assert (pointer, code) in found
    errors = bulk.json()["results"][0]["errors"]
    assert (f"/products/0{pointer}", code) in [(error["pointer"], error["code"]) for error in errors]
    if "product_id" not in change:
        changed = patch("/products/P1", "*", **change)
        assert changed.status_code == 400
        assert [(error["pointer"], error["code"]) for error in changed.json()["errors"]] == found
    assert not Product.objects.filter(product_id="N1").exists()


def test_everything_that_is_wrong_is_told_at_once(db: None) -> None:
    response = ask("POST", "/products", {"title": "", "price": {"amount": -1}, "stock": -1})
    pointers = {error["pointer"] for error in response.json()["errors"]}
    assert pointers == {"/product_id", "/title", "/price/amount", "/price/currency", "/stock"}


@pytest.mark.parametrize("body", [[], None, 1, "x"])
def test_a_product_is_an_object(shop, body) -> None:
    for response in (ask("POST", "/products", body), ask("PATCH", "/products/P1", body, if_match="*")):
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "")


def test_only_what_is_named_changes(shop) -> None:
    before = Client().get("/products/P1").json()
    response = patch("/products/P1", tag_of("/products/P1"), title="Better headphones", category_path=None)
    assert response.status_code == 200
    expected = {**before, "title": "Better headphones", "category": None, "updated_at": response.json()["updated_at"]}
    assert response.json() == Client().get("/products/P1").json() == expected
    assert response["ETag"] == tag_of("/products/P1")
    assert response.json()["updated_at"] > before["updated_at"]


def test_whoever_changes_a_product_says_which_state_it_has_seen(shop) -> None:
    response = patch("/products/P1", None, title="x")
    assert (response.status_code, response.json()["type"]) == (428, "urn:ecom:problem:precondition-required")


def test_the_second_of_two_editors_is_told(shop) -> None:
    seen = tag_of("/products/P1")
    assert patch("/products/P1", seen, title="First").status_code == 200
    response = patch("/products/P1", seen, title="Second")
    assert (response.status_code, response.json()["type"]) == (412, "urn:ecom:problem:precondition-failed")
    assert ask("DELETE", "/products/P1", if_match=seen).status_code == 412
    assert Client().get("/products/P1").json()["title"] == "First"


@pytest.mark.parametrize("tag", ['"x.5"', '"5"', "nonsense", '""', '"é.1"', "W/{tag}", '"x.99999999999"', '"x.²"'])
def test_a_tag_that_is_not_the_products_changes_nothing(shop, tag) -> None:
    assert patch("/products/P1", tag.format(tag=tag_of("/products/P1")), title="x").status_code == 412


def test_any_of_several_tags_will_do(shop) -> None:
    assert patch("/products/P1", f'"x.5", {tag_of("/products/P1")}', title="x").status_code == 200


def test_a_sale_does_not_stop_an_editor_unless_it_is_the_stock_that_is_edited(shop) -> None:
    seen = tag_of("/products/P1")
    reserve(order_id="O1", lines={"P1": 2})
    assert tag_of("/products/P1") != seen, "whoever reads is told of the new stock"
    assert patch("/products/P1", seen, stock=5).status_code == 412
    assert patch("/products/P1", seen, title="Renamed").status_code == 200
    assert patch("/products/P1", tag_of("/products/P1"), stock=9).json()["stock"] == 9


def test_a_change_of_nothing_leaves_the_product_as_it_was(shop) -> None:
    seen = Client().get("/products/P1")
    for change in ({}, {"title": "Philips headphones", "stock": 5, "category_path": "electronics/audio"}):
        response = patch("/products/P1", "*", **change)
        assert (response.status_code, response.json(), response["ETag"]) == (200, seen.json(), seen["ETag"])


def test_a_new_stock_is_no_edit(shop) -> None:
    before = Client().get("/products/P1").json()
    assert patch("/products/P1", "*", stock=50).json() == {**before, "stock": 50}


def test_a_product_that_is_deleted_leaves_the_shop_and_can_come_back(shop) -> None:
    for _ in range(2):
        response = ask("DELETE", "/products/P1")
        assert (response.status_code, response.content) == (204, b"")
        assert Client().get("/products/P1").status_code == 404
    assert Product.objects.filter(product_id="P1").exists()
    assert patch("/products/P1", "*", active=True).status_code == 200
    assert Client().get("/products/P1").status_code == 200


def test_what_does_not_exist_cannot_be_changed(db: None) -> None:
    assert patch("/products/nothing", "*", title="x").status_code == 404
    assert ask("DELETE", "/products/nothing").status_code == 404


WRITES = [("POST", "/products"), ("PATCH", "/products/P1"), ("DELETE", "/products/P1"), ("POST", "/products/bulk")]


@pytest.mark.parametrize(("method", "path"), [*WRITES, ("GET", "/internal/products/P1/prices")])
def test_writing_is_for_staff_and_for_services_that_may(shop, method, path) -> None:
    others = [token("U1"), token("orders", kind="service", scope="catalog:reserve")]
    refused = [ask(method, path, {}, bearer=bearer).status_code for bearer in (None, "nonsense", *others)]
    assert refused == [401, 401, 403, 403]
    for bearer in (STAFF, IMPORTER):
        assert ask(method, path, {}, bearer=bearer).status_code not in (401, 403)


def test_writes_take_few_statements(shop) -> None:
    assert statements(lambda: ask("POST", "/products", NEW)) == 2
    assert statements(lambda: ask("POST", "/products", {**NEW, "product_id": "N2", "category_path": "Kitchen"})) == 3
    assert statements(lambda: ask("POST", "/products", {**NEW, "product_id": "N3", "category_path": "A/B/C"})) == 5
    assert statements(lambda: patch("/products/N1", "*", title="x")) == 3
    assert statements(lambda: patch("/products/N1", "*", title="x", category_path="Kitchen")) == 4
    assert statements(lambda: ask("DELETE", "/products/N1")) == 3


def prices(product_id: str, **query: Any) -> Any:
    client = Client(headers={"Authorization": f"Bearer {STAFF}"})
    response = client.get(f"/internal/products/{product_id}/prices", query)
    assert response.status_code == 200, response.content
    assert serializers.PricePageShape().to_representation(response.json()) == response.json()
    return response.json()


def test_every_price_is_kept_whoever_changes_it(shop) -> None:
    patch("/products/P1", "*", price={"amount": 1, "currency": "EUR"})
    stock_up(product("P1", price=2))
    ask(
        "POST", "/products/bulk", {"products": [{**NEW, "product_id": "P1", "price": {"amount": 3, "currency": "EUR"}}]}
    )
    Product.objects.filter(product_id="P1").update(price_amount=4)  # as the backoffice does for many at once
    changed = Product.objects.get(product_id="P1")
    changed.currency = "USD"
    changed.save()
    kept = [tuple(result["price"].values()) for result in prices("P1")["results"]]
    assert kept == [(4, "USD"), (4, "EUR"), (3, "EUR"), (2, "EUR"), (1, "EUR"), (4900, "EUR")]


def test_a_price_that_stays_is_not_kept_again(shop) -> None:
    patch("/products/P1", "*", title="x", stock=3, price={"amount": 4900, "currency": "EUR"})
    reserve(order_id="O1", lines={"P1": 2})
    assert len(prices("P1")["results"]) == 1


def test_what_a_product_cost_at_a_time_can_be_asked(shop) -> None:
    before = timezone.now()
    patch("/products/P1", "*", price={"amount": 1, "currency": "EUR"})
    changed = Product.objects.get(product_id="P1")
    assert prices("P1", at=timezone.now().isoformat())["results"][0]["price"] == {"amount": 1, "currency": "EUR"}
    assert prices("P1", at=changed.created_at.isoformat())["results"][0]["price"]["amount"] == 4900
    assert prices("P1", at=before.isoformat())["results"][0]["price"]["amount"] == 4900
    assert prices("P1", at=(changed.created_at - timedelta(seconds=1)).isoformat())["results"] == []


def test_a_long_history_comes_in_pages(shop) -> None:
    for amount in range(1, 6):
        Product.objects.filter(product_id="P1").update(price_amount=amount)
    first = prices("P1", limit=4)
    second = Client(headers={"Authorization": f"Bearer {STAFF}"}).get(first["next"]).json()
    amounts = [result["price"]["amount"] for result in first["results"] + second["results"]]
    assert amounts == [5, 4, 3, 2, 1, 4900]
    assert second["next"] is None


def test_a_product_that_does_not_exist_has_no_prices(db: None) -> None:
    client = Client(headers={"Authorization": f"Bearer {STAFF}"})
    assert client.get("/internal/products/nothing/prices").status_code == 404
    assert client.get("/internal/products/nothing/prices?at=yesterday").status_code == 400
