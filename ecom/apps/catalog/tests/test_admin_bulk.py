"""Prices and stock of many products in the backoffice: previewed, done at once, and never over a sale."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecom.apps.catalog.admin import bulk
from ecom.apps.catalog.models import Product
from ecom.apps.catalog.tests.conftest import product, stock_up
from ecom.backoffice.tests.staff import verified

pytestmark = pytest.mark.django_db
PRODUCTS = "/admin/catalog/product/"


@pytest.fixture
def staff(client: Client) -> Client:
    return verified(client, get_user_model().objects.create_superuser("staff@example.com", password="not-used"))


def hidden(page: Any, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def choose(staff: Client, action: str, *ids: str, query: str = "", **more: Any) -> Any:
    keys = list(Product.objects.filter(product_id__in=ids).values_list("pk", flat=True))
    return staff.post(PRODUCTS + query, {"action": action, "_selected_action": keys, **more})


@pytest.fixture
def preview(shop, staff: Client) -> Callable[..., Any]:
    """The page of what would change."""

    def ask(action: str, *ids: str, how: str, value: Any) -> Any:
        chosen = hidden(choose(staff, action, *ids), "products")
        return staff.post(f"{PRODUCTS}{action.replace('_', '-')}/", {"products": chosen, "how": how, "value": value})

    return ask


@pytest.fixture
def confirm(staff: Client) -> Callable[..., Any]:
    def press(page: Any, action: str) -> str:
        data = {"plan": hidden(page, "plan")}
        return staff.post(f"{PRODUCTS}{action.replace('_', '-')}/", data, follow=True).content.decode()

    return press


def prices() -> dict[str, int]:
    return dict(Product.objects.values_list("product_id", "price_amount"))


def stock() -> dict[str, int]:
    return dict(Product.objects.values_list("product_id", "stock"))


@pytest.mark.parametrize(
    ("how", "value", "after"),
    [("percent", "-10", 4410), ("percent", "12.5", 5513), ("amount", "-900", 4000), ("to", "4999", 4999)],
)
def test_prices_change_as_the_preview_said_and_the_history_tells(preview, confirm, how, value, after) -> None:
    page = preview("change_prices", "P1", "P4", how=how, value=value)
    assert f"{after // 100}.{after % 100:02} EUR" in page.content.decode()
    assert prices()["P1"] == 4900
    assert "2 products are changed" in confirm(page, "change_prices")
    assert prices()["P1"] == after
    entries = {entry.object_repr: entry.change_message for entry in LogEntry.objects.all()}
    assert entries["P1 Philips headphones"] == f"Price from 4,900 to {after:,}."
    assert len(entries) == 2


def test_a_price_that_changed_since_the_preview_is_left(preview, confirm) -> None:
    page = preview("change_prices", "P1", "P4", how="to", value=1)
    Product.objects.filter(product_id="P1").update(price_amount=7)
    assert "1 products have changed since you looked" in confirm(page, "change_prices")
    assert (prices()["P1"], prices()["P4"]) == (7, 1)
    assert LogEntry.objects.count() == 1


def test_what_cannot_be_is_shown_and_left(preview, confirm) -> None:
    page = preview("change_prices", "P1", "P5", how="amount", value=-2000)
    assert "not possible" in page.content.decode()
    confirm(page, "change_prices")
    assert (prices()["P1"], prices()["P5"]) == (2900, 1999)


@pytest.mark.parametrize(
    ("action", "how", "value"),
    [
        ("change_prices", "percent", "much"),
        ("change_prices", "amount", "0.5"),
        ("change_prices", "half", "1"),
        ("change_prices", "percent", "1e400"),
        ("change_stock", "add", "0.5"),
        ("change_stock", "to", str(10**10)),
        ("change_stock", "", ""),
    ],
)
def test_a_value_that_makes_no_sense_is_asked_for_again(preview, action, how, value) -> None:
    page = preview(action, "P1", how=how, value=value)
    assert page.status_code == 200
    assert 'name="products"' in page.content.decode()
    assert 'name="plan"' not in page.content.decode()


def test_units_are_added_to_what_is_there_when_it_is_confirmed(preview, confirm) -> None:
    page = preview("change_stock", "P1", "P2", how="add", value=10)
    Product.objects.filter(product_id="P1").update(stock=3)  # two were sold
    confirm(page, "change_stock")
    assert (stock()["P1"], stock()["P2"]) == (13, 10)
    assert {entry.change_message for entry in LogEntry.objects.all()} == {
        "Stock from 3 to 13.",
        "Stock from 0 to 10.",
    }


def test_units_are_not_taken_away_that_were_sold_meanwhile(preview, confirm) -> None:
    page = preview("change_stock", "P1", how="add", value=-5)
    Product.objects.filter(product_id="P1").update(stock=4)
    assert "1 products have changed since you looked" in confirm(page, "change_stock")
    assert stock()["P1"] == 4


def test_a_count_holds_only_where_nothing_was_sold_since(preview, confirm) -> None:
    page = preview("change_stock", "P1", "P3", how="to", value=50)
    Product.objects.filter(product_id="P1").update(stock=4)
    confirm(page, "change_stock")
    assert (stock()["P1"], stock()["P3"]) == (4, 50)


def test_a_form_that_was_open_during_a_sale_does_not_bring_units_back(shop, staff: Client) -> None:
    chosen = Product.objects.get(product_id="P1")
    page = f"{PRODUCTS}{chosen.pk}/change/"
    assert 'name="stock"' not in staff.get(page).content.decode()
    Product.objects.filter(pk=chosen.pk).update(stock=1, description="written by another meanwhile")
    form = {"title": "Headphones", "description": chosen.description, "brand": "Philips", "image_url": "",
            "category": chosen.category_id, "price_amount": "4900", "currency": "EUR", "stock": "5", "active": "on",
            "prices-TOTAL_FORMS": "0", "prices-INITIAL_FORMS": "0"}  # fmt: skip
    assert staff.post(page, form).status_code == 302
    chosen.refresh_from_db()
    assert (chosen.title, chosen.stock) == ("Headphones", 1)


def test_one_product_comes_to_the_same_page_by_a_link(shop, staff: Client) -> None:
    chosen = Product.objects.get(product_id="P1")
    link = f"{PRODUCTS}change-stock/?product={chosen.pk}"
    assert link in staff.get(f"{PRODUCTS}{chosen.pk}/change/").content.decode()
    assert "1 product chosen" in staff.get(link).content.decode()
    for nothing in ("", "?product=x", "?product=" + "9" * 30):
        assert "0 products chosen" in staff.get(f"{PRODUCTS}change-stock/{nothing}").content.decode()


def test_a_thousand_products_cost_as_many_statements_as_one(staff: Client) -> None:
    counts = []
    for number in (1, 1000):
        stock_up(*(product(f"P{n}", price=1000 + n) for n in range(number)))
        page = choose(staff, "change_prices", "P0", select_across="1")
        chosen = hidden(page, "products")
        url = f"{PRODUCTS}change-prices/"
        with CaptureQueriesContext(connections["catalog"]) as asked:
            page = staff.post(url, {"products": chosen, "how": "percent", "value": "10"})
        with (
            CaptureQueriesContext(connections["catalog"]) as catalog,
            CaptureQueriesContext(connections["customers"]) as customers,
        ):
            assert staff.post(url, {"plan": hidden(page, "plan")}).status_code == 302
        counts.append((len(asked), len(catalog), len(customers)))
    assert counts[0] == counts[1]
    assert counts[0][0] == 1
    assert counts[0][1] <= 4  # and a savepoint
    assert LogEntry.objects.count() == 1001


def test_more_than_a_thousand_are_too_many(shop, staff: Client, monkeypatch) -> None:
    monkeypatch.setattr(bulk, "MOST", 3)
    page = choose(staff, "change_prices", "P1", query="?currency=EUR", select_across="1")
    assert page.status_code == 302
    assert "Choose at most 3 products" in staff.get(page.headers["Location"]).content.decode()


def test_a_plan_of_somebody_elses_making_is_refused(shop, staff: Client) -> None:
    for name in ("plan", "products"):
        for value in ("", "nonsense", "[1]:abc:def"):
            answer = staff.post(f"{PRODUCTS}change-prices/", {name: value, "how": "to", "value": "1"})
            assert answer.status_code == 400
    assert prices()["P1"] == 4900


def test_showing_products_and_taking_them_out_is_in_the_history(shop, staff: Client) -> None:
    choose(staff, "deactivate", "P1", "P3")
    choose(staff, "deactivate", "P1", "P4")
    assert set(Product.objects.filter(active=False).values_list("product_id", flat=True)) == {"P1", "P3", "P4"}
    messages = [entry.change_message for entry in LogEntry.objects.all()]
    assert messages == ["Taken out of the shop."] * 3


def test_a_products_page_shows_what_it_cost_at_the_same_price_for_one_as_for_many(preview, confirm, staff) -> None:
    page = f"{PRODUCTS}{Product.objects.get(product_id='P1').pk}/change/"
    counts = []
    for prices_ in (["4800"], ["4700", "4600", "4500", "4400"]):
        for amount in prices_:
            confirm(preview("change_prices", "P1", how="to", value=amount), "change_prices")
        with CaptureQueriesContext(connections["catalog"]) as statements:
            text = staff.get(page).content.decode()
        counts.append(len(statements))
    assert re.findall(r"nowrap\">([\d.]+) EUR<", text) == ["44.00", "45.00", "46.00", "47.00", "48.00", "49.00"]
    assert counts[0] == counts[1] <= 6


def test_a_price_that_a_form_changed_is_in_the_price_history(shop, staff: Client) -> None:
    chosen = Product.objects.get(product_id="P1")
    form = {"title": chosen.title, "description": chosen.description, "brand": "Philips", "image_url": "",
            "category": chosen.category_id, "price_amount": "4500", "currency": "EUR", "active": "on",
            "prices-TOTAL_FORMS": "0", "prices-INITIAL_FORMS": "0"}  # fmt: skip
    assert staff.post(f"{PRODUCTS}{chosen.pk}/change/", form).status_code == 302
    assert list(chosen.prices.values_list("amount", flat=True)) == [4500, 4900]
