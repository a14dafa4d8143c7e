from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connections, transaction

from ecom.apps.catalog.models import Product
from ecom.apps.catalog.services.products import Outcome, upsert_products
from ecom.apps.catalog.tests.conftest import product, stock_up


@pytest.mark.django_db
def test_each_product_has_its_outcome() -> None:
    stock_up(product("P1"), product("P2"))
    outcomes = upsert_products(rows=[product("P1"), product("P2", price=1), product("P3")])
    assert outcomes == {"P1": Outcome.UNCHANGED, "P2": Outcome.UPDATED, "P3": Outcome.CREATED}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"price_amount": -1}, "product_price_not_negative"),
        ({"stock": -1}, "product_stock_not_negative"),
        ({"currency": "eur"}, "product_currency_iso_4217"),
        ({"title": ""}, "product_title_not_empty"),
    ],
)
def test_the_database_refuses_what_cannot_be(change, constraint) -> None:
    stock_up(product("P1"))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(using="catalog"):
        Product.objects.filter(product_id="P1").update(**change)


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_products_and_categories_neither_deadlock_nor_double() -> None:
    def write(worker: int) -> None:
        numbers = range(200) if worker % 2 else reversed(range(200))
        rows = [product(f"P{n}", f"By {worker}", category=("Shared", f"Part {n % 7}")) for n in numbers]
        try:
            upsert_products(rows=rows)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(write, worker) for worker in range(24)]:
            done.result(timeout=30)
    assert Product.objects.count() == 200
    assert len(set(Product.objects.values_list("title", flat=True))) == 1
