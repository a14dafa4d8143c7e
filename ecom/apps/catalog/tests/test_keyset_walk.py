import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecom.apps.catalog.models import Product
from ecom.apps.catalog.selectors import SORTS
from ecom.apps.catalog.services.products import ProductRow
from ecom.apps.catalog.tests.conftest import ids, product, stock_up

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]

BRANDS = ["Acer", "acer", "Bose", ""]
CATEGORIES = [(), ("Home",), ("Home", "Garden"), ("Home", "Garden", "Hoses"), ("Homes",)]


def a_shelf_full_of_ties() -> list[ProductRow]:
    dice = random.Random(7)
    return [
        product(
            f"P{number}",
            dice.choice(["Hose", "hôse", "Garden hose hose", "Lamp", "Zürich lamp"]),
            dice.choice([0, 100, 100, 200, 10**12]),
            brand=dice.choice(BRANDS),
            category=dice.choice(CATEGORIES),
            stock=dice.choice([0, 3]),
            currency=dice.choice(["EUR", "EUR", "USD"]),
        )
        for number in range(70)
    ]


@pytest.fixture
def shelf(db: None) -> list[ProductRow]:
    rows = a_shelf_full_of_ties()
    for start in range(0, len(rows), 10):
        stock_up(*rows[start : start + 10])
    return rows


filters = st.fixed_dictionaries(
    {},
    optional={
        "brand": st.sampled_from(["ACER", "Bose"]),
        "category": st.sampled_from(["home", "home/garden", "homes"]),
        "min_price": st.sampled_from(["0", "100", "150"]),
        "max_price": st.sampled_from(["100", "200"]),
        "in_stock": st.sampled_from(["true", "false"]),
        "currency": st.just("EUR"),
        "q": st.sampled_from(["hose", "lamp or hose", "zurich", "-lamp"]),
    },
)
MATCHES: dict[str, Callable[[ProductRow, str], bool]] = {
    "brand": lambda row, brand: row.brand.lower() == brand.lower(),
    "category": lambda row, path: f"{'/'.join(row.category).lower()}/".startswith(f"{path}/"),
    "min_price": lambda row, amount: row.price_amount >= int(amount),
    "max_price": lambda row, amount: row.price_amount <= int(amount),
    "in_stock": lambda row, wanted: (row.stock > 0) == (wanted == "true"),
    "currency": lambda row, currency: row.currency == currency,
    "q": lambda row, words: {
        "hose": lambda title: "hose" in title or "hôse" in title,
        "lamp or hose": lambda title: True,
        "zurich": lambda title: "zürich" in title,
        "-lamp": lambda title: "lamp" not in title,
    }[words](row.title.lower()),
}


def pages_from(client: Client, url: str | None, link: str) -> Iterator[dict[str, Any]]:
    for _ in range(200):  # more than any walk here takes; one that goes in circles must end too
        if not url:
            return
        response = client.get(url)
        assert response.status_code == 200, response.content
        yield response.json()
        url = response.json()[link]
    raise AssertionError("the walk does not end")


def walk(client: Client, query: dict[str, Any], link: str = "next") -> list[dict[str, Any]]:
    return list(pages_from(client, f"/products?{urlencode(query)}", link))


@given(filters, st.sampled_from(list(SORTS)), st.integers(1, 30))
@settings(max_examples=80, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_a_walk_there_and_back_gives_every_product_once(client: Client, shelf, query, sort, limit) -> None:
    if sort == "relevance" and "q" not in query:
        sort = "newest"
    query = {**query, "sort": sort, "limit": limit}
    there = walk(client, query)
    found = [product_id for page in there for product_id in ids(page)]
    matching = {r.product_id for r in shelf if all(MATCHES[name](r, query[name]) for name in query if name in MATCHES)}
    assert sorted(found) == sorted(matching)

    back = list(pages_from(client, there[-1]["previous"], "previous"))
    assert [page["results"] for page in reversed(back)] == [page["results"] for page in there[:-1]]


@pytest.mark.parametrize(("sort", "sign"), [("price", 1), ("-price", -1)])
def test_prices_go_one_way_over_all_pages(client: Client, shelf, sort, sign) -> None:
    pages = walk(client, {"sort": sort, "limit": 7})
    amounts = [sign * result["price"]["amount"] for page in pages for result in page["results"]]
    assert amounts == sorted(amounts)


@pytest.mark.parametrize("sort", ["newest", "price", "-price", "title"])
def test_products_that_come_and_go_meanwhile_move_no_other(client: Client, shelf, sort) -> None:
    staying = {row.product_id for row in shelf[20:]}
    seen: list[str] = []
    for number, page in enumerate(pages_from(client, f"/products?sort={sort}&limit=9", "next")):
        seen += ids(page)
        stock_up(product(f"New{number}", "Hose", 100))
        Product.objects.filter(product_id=f"P{number}").delete()
    assert len(seen) == len(set(seen))
    assert staying <= set(seen)


def test_the_ends_of_a_list_have_no_neighbours(client: Client, shelf) -> None:
    pages = walk(client, {"limit": 35})
    assert len(pages) == 2
    assert (pages[0]["previous"], pages[-1]["next"]) == (None, None)
