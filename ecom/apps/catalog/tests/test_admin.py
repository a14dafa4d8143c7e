import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecom.apps.catalog.models import Category, Product
from ecom.apps.catalog.tests.conftest import product, stock_up
from ecom.backoffice.tests.staff import verified

pytestmark = pytest.mark.django_db
PRODUCTS, CATEGORIES = "/admin/catalog/product/", "/admin/catalog/category/"


@pytest.fixture
def staff(client: Client) -> Client:
    return verified(client, get_user_model().objects.create_superuser("staff@example.com", password="not-used"))


def test_a_list_costs_the_same_statements_for_one_product_as_for_fifty(staff: Client) -> None:
    counts = []
    for number in (1, 50):
        stock_up(*(product(f"P{n}", category=("A", f"B{n}")) for n in range(number)))
        with CaptureQueriesContext(connections["catalog"]) as statements:
            assert staff.get(PRODUCTS).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 4


@pytest.mark.parametrize(
    "query", ["?q=pavilion", "?in_stock=1", "?in_stock=0", "?active__exact=1", "?q=P3", "?o=5.-6", "?currency=USD"]
)
def test_products_can_be_searched_filtered_and_sorted(shop, staff: Client, query) -> None:
    assert staff.get(PRODUCTS + query).status_code == 200


def test_a_search_finds_by_part_of_the_title(shop, staff: Client) -> None:
    page = staff.get(PRODUCTS + "?q=avilion").content.decode()
    assert "HP Pavilion" in page
    assert "Bose" not in page


def form(**values: object) -> dict[str, object]:
    return {
        "product_id": "N1", "title": "New", "description": "", "brand": "", "image_url": "", "category": "",
        "price_amount": "100", "currency": "EUR", "stock": "1", "active": "on",
        "prices-TOTAL_FORMS": "0", "prices-INITIAL_FORMS": "0", **values,
    }  # fmt: skip


def test_a_product_can_be_added_and_changed(shop, staff: Client, get) -> None:
    assert staff.post(f"{PRODUCTS}add/", form()).status_code == 302
    added = Product.objects.get(product_id="N1")
    changed = form(title="Newer", price_amount="250", category=Category.objects.get(path="kitchen").pk)
    assert staff.post(f"{PRODUCTS}{added.pk}/change/", changed).status_code == 302
    body = get("/products/N1")
    assert (body["title"], body["price"]["amount"], body["category"]["path"]) == ("Newer", 250, "kitchen")
    assert staff.get(f"{PRODUCTS}{added.pk}/history/").status_code == 200


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"price_amount": "-1"}, "greater than or equal to 0"),
        ({"currency": "euro"}, "at most 3"),
        ({"product_id": "a/b"}, "valid value"),
        ({"product_id": "P1"}, "already exists"),
        ({"image_url": "javascript:alert(1)"}, "valid URL"),
        ({"title": "x" * 301}, "at most 300"),
    ],
)
def test_a_form_says_what_is_wrong(shop, staff: Client, values, complaint) -> None:
    response = staff.post(f"{PRODUCTS}add/", form(**values))
    assert response.status_code == 200
    assert complaint in response.content.decode()


def test_products_are_taken_out_of_the_shop_and_never_deleted(shop, staff: Client) -> None:
    chosen = Product.objects.get(product_id="P1").pk
    assert staff.post(f"{PRODUCTS}{chosen}/delete/", {"post": "yes"}).status_code == 403
    for action, active in [("deactivate", False), ("activate", True)]:
        staff.post(PRODUCTS, {"action": action, "_selected_action": [chosen]})
        assert Product.objects.get(pk=chosen).active is active


def test_a_category_can_be_moved_and_not_into_itself(shop, staff: Client) -> None:
    assert staff.get(f"{CATEGORIES}?q=note").status_code == 200
    computers, kitchen = Category.objects.get(slug="computers"), Category.objects.get(slug="kitchen")
    page = f"{CATEGORIES}{computers.pk}/change/"
    assert staff.post(page, {"name": "Computers", "slug": "machines", "parent": kitchen.pk}).status_code == 302
    assert Category.objects.filter(path="kitchen/machines/notebooks").exists()
    below = Category.objects.get(slug="notebooks")
    response = staff.post(page, {"name": "Computers", "slug": "machines", "parent": below.pk})
    assert "below itself" in response.content.decode()


def test_a_category_that_is_used_is_not_deleted(shop, staff: Client) -> None:
    kitchen = Category.objects.get(slug="kitchen")
    staff.post(f"{CATEGORIES}{kitchen.pk}/delete/", {"post": "yes"})
    assert Category.objects.filter(pk=kitchen.pk).exists()
