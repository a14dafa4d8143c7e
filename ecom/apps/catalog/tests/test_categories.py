import pytest
from django.core.exceptions import ValidationError

from ecom.apps.catalog.models import Category, Product
from ecom.apps.catalog.services.categories import ensure_categories, save_category
from ecom.apps.catalog.tests.conftest import ids, product, stock_up

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]


def test_the_tree_counts_what_lies_below(shop, get) -> None:
    Product.objects.filter(product_id="P4").update(active=False)
    notebooks = {"path": "electronics/computers/notebooks", "name": "Notebooks", "product_count": 1, "children": []}
    computers = {"path": "electronics/computers", "name": "Computers", "product_count": 1, "children": [notebooks]}
    audio = {"path": "electronics/audio", "name": "Audio", "product_count": 2, "children": []}
    assert get("/categories")["results"] == [
        {"path": "electronics", "name": "Electronics", "product_count": 3, "children": [audio, computers]},
        {"path": "kitchen", "name": "Kitchen", "product_count": 2, "children": []},
    ]


@pytest.mark.parametrize("size", [1, 50])
def test_the_tree_takes_one_statement_whatever_its_size(get, django_assert_num_queries, size: int) -> None:
    stock_up(*(product(f"P{number}", category=("A", f"B{number}")) for number in range(size)))
    with django_assert_num_queries(1, using="catalog"):
        (root,) = get("/categories")["results"]
    assert (root["product_count"], len(root["children"])) == (size, size)


def test_categories_are_made_once_with_their_ancestors() -> None:
    first = ensure_categories(names=[("A", "B", "C"), ("A", "D")])
    assert set(Category.objects.values_list("path", flat=True)) == {"a", "a/b", "a/b/c", "a/d"}
    assert ensure_categories(names=[("A", "B", "C"), ("A", "D")]) == first


def test_known_categories_take_one_statement(django_assert_num_queries) -> None:
    names = [("A", f"B{number}") for number in range(50)]
    ensure_categories(names=names)
    with django_assert_num_queries(1, using="catalog"):
        ensure_categories(names=names)


def test_names_that_differ_in_accents_alone_are_the_same_category() -> None:
    found = ensure_categories(names=[("Café",), ("CAFE",), ("Ноутбуки",)])
    assert found[("Café",)] == found[("CAFE",)]
    assert set(Category.objects.values_list("path", flat=True)) == {"cafe", "ноутбуки"}


def test_what_lies_below_moves_with_a_category(shop, get) -> None:
    computers = Category.objects.get(path="electronics/computers")
    computers.parent, computers.slug = Category.objects.get(path="kitchen"), "machines"
    save_category(category=computers)
    assert set(ids(get("/products", category="kitchen/machines/notebooks"))) == {"P3", "P4"}
    assert set(ids(get("/products", category="electronics"))) == {"P1", "P2"}


def test_a_category_cannot_stand_below_itself(shop) -> None:
    root = Category.objects.get(path="electronics")
    root.parent = Category.objects.get(path="electronics/computers/notebooks")
    with pytest.raises(ValidationError, match="below itself"):
        save_category(category=root)


def test_a_place_in_the_tree_is_taken_once(shop) -> None:
    with pytest.raises(ValidationError, match="already"):
        save_category(category=Category(name="Kitchen again", slug="kitchen"))
