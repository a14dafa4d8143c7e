import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecom.apps.catalog.models import Product
from ecom.apps.catalog.tests.conftest import ids, product, stock_up

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]


def test_a_list_shows_what_a_shopper_needs_to_choose(shop, get) -> None:
    body = get("/products", q="philips")
    assert body == {
        "results": [
            {
                "product_id": "P1",
                "title": "Philips headphones",
                "brand": "Philips",
                "category": {"path": "electronics/audio", "name": "Audio"},
                "price": {"amount": 4900, "currency": "EUR"},
                "stock": 5,
                "image_url": "",
            }
        ],
        "next": None,
        "previous": None,
    }


def test_the_newest_products_come_first(get) -> None:
    for number in range(3):
        stock_up(product(f"P{number}"))
    assert ids(get("/products")) == ["P2", "P1", "P0"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"category": "electronics"}, {"P1", "P2", "P3", "P4"}),
        ({"category": "electronics/computers"}, {"P3", "P4"}),
        ({"category": "kitchen"}, {"P5", "P6"}),
        ({"category": "electron"}, set()),
        ({"category": "nothing/like/it"}, set()),
        ({"category": "%"}, set()),
        ({"brand": "HP"}, {"P3", "P6"}),
        ({"brand": "bose"}, {"P2"}),
        ({"min_price": 4900, "max_price": 49900}, {"P1", "P2", "P4"}),
        ({"currency": "USD"}, {"P6"}),
        ({"in_stock": "true", "category": "electronics/audio"}, {"P1"}),
        ({"in_stock": "false"}, {"P2"}),
        ({"brand": "HP", "category": "electronics", "max_price": 100000, "q": "pavilion"}, {"P3"}),
        ({"brand": "", "category": "", "q": ""}, {"P1", "P2", "P3", "P4", "P5", "P6"}),
    ],
)
def test_filters_narrow_the_list(shop, get, query, found) -> None:
    assert set(ids(get("/products", **query))) == found


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("price", ["P5", "P6", "P1", "P2", "P4", "P3"]),
        ("-price", ["P3", "P4", "P2", "P1", "P6", "P5"]),
        ("title", ["P4", "P6", "P2", "P5", "P3", "P1"]),
    ],
)
def test_lists_are_sorted_as_asked(shop, get, sort, expected) -> None:
    assert ids(get("/products", sort=sort)) == expected


def test_titles_are_sorted_as_people_do_without_case_and_accents(get) -> None:
    stock_up(product("P1", "zebra"), product("P2", "Éclair"), product("P3", "apple"), product("P4", "Egg"))
    assert ids(get("/products", sort="title")) == ["P3", "P2", "P4", "P1"]


def test_what_is_not_active_is_not_public(shop, get, client: Client) -> None:
    Product.objects.filter(product_id="P3").update(active=False)
    assert "P3" not in ids(get("/products"))
    assert ids(get("/products", ids="P3,P1")) == ["P1"]
    assert client.get("/products/P3").status_code == 404


def test_named_products_come_in_the_order_asked_for_without_the_unknown_ones(shop, get) -> None:
    body = get("/products", ids="P4,unknown,P1,P4,,P3")
    assert ids(body) == ["P4", "P1", "P3"]
    assert (body["next"], body["previous"]) == (None, None)
    assert ids(get("/products", ids="")) == []


def test_one_product_has_its_own_page(shop, get) -> None:
    body = get("/products/P1")
    assert body["description"] == "Over the ears"
    assert body["price"] == {"amount": 4900, "currency": "EUR"}
    assert body["created_at"].endswith("Z")
    assert body["updated_at"].endswith("Z")


@pytest.mark.parametrize("size", [1, 20, 100])
@pytest.mark.parametrize("query", [{}, {"q": "thing"}, {"category": "kitchen", "sort": "price"}])
def test_a_list_takes_one_statement_whatever_its_size(get, size, query) -> None:
    stock_up(*(product(f"P{number}", category=("Kitchen",)) for number in range(size + 1)))
    with CaptureQueriesContext(connections["catalog"]) as statements:
        assert len(get("/products", limit=size, **query)["results"]) == size
    assert len(statements) == 1


@pytest.mark.parametrize("path", ["/products/P1", "/products?ids=P1,P2,P3", "/categories"])
def test_the_other_reads_take_one_statement_too(shop, client: Client, path, django_assert_num_queries) -> None:
    with django_assert_num_queries(1, using="catalog"):
        assert client.get(path).status_code == 200


def test_a_token_that_has_ended_does_not_stop_its_owner_from_browsing(shop, client: Client) -> None:
    assert client.get("/products", headers={"Authorization": "Bearer nonsense"}).status_code == 200


def test_the_next_page_is_a_relative_url_that_keeps_the_query(shop, get, client: Client) -> None:
    first = get("/products", q="headphones", limit=1, sort="price")
    assert first["next"].startswith("/products?q=headphones&limit=1&sort=price&cursor=")
    second = client.get(first["next"]).json()
    assert ids(first) + ids(second) == ["P1", "P2"]
    assert client.get(second["previous"]).json()["results"] == first["results"]
