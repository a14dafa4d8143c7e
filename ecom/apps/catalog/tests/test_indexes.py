"""The sorts and filters are served by indexes: a page costs the same wherever it is."""

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecom.apps.catalog.services.products import settle_indexes
from ecom.apps.catalog.tests.conftest import product, stock_up

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]


@pytest.fixture
def many_products(db: None) -> None:
    names = [f"{brand} {kind} {number}" for number in range(40) for brand in "ABCDEFGHIJ" for kind in ("hose", "lamp")]
    for part in range(4):
        stock_up(
            *(
                product(f"{part}-{n}", name, n * 7919 % 10007, brand=name[0], category=(f"Part {n % 200}",))
                for n, name in enumerate(names)
            )
        )
    settle_indexes()


def plan_of(client: Client, url: str) -> str:
    """How PostgreSQL reads the list behind this address."""
    with CaptureQueriesContext(connections["catalog"]) as statements:
        assert client.get(url).status_code == 200
    with connections["catalog"].cursor() as cursor:
        cursor.execute("EXPLAIN " + statements[0]["sql"])
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("newest", "catalog_product_pkey"),
        ("price", "product_price"),
        ("-price", "product_price"),
        ("title", "product_title"),
    ],
)
def test_a_sort_reads_its_page_from_an_index(many_products, client: Client, sort: str, index: str) -> None:
    first = f"/products?sort={sort}&limit=5"
    for url in (first, client.get(first).json()["next"]):
        plan = plan_of(client, url)
        assert f"using {index} on" in plan
        assert "Sort Key" not in plan


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("category=part-7", "product_category"),
        ("brand=c&sort=newest", "product_brand"),
        ("q=lamp+39", "product_search"),
    ],
)
def test_a_filter_finds_its_products_by_an_index(many_products, client: Client, query: str, index: str) -> None:
    assert index in plan_of(client, f"/products?{query}")
