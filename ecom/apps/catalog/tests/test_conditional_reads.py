import pytest
from django.test import Client

from ecom.apps.catalog.models import Category, Product
from ecom.apps.catalog.services.categories import save_category
from ecom.apps.catalog.services.reservations import reserve

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]
READS = ["/products?limit=3", "/products?ids=P1,P2", "/products/P1", "/categories"]


def again(client: Client, path: str, tag: str, method: str = "get"):
    return getattr(client, method)(path, headers={"If-None-Match": tag})


@pytest.mark.parametrize("path", READS)
def test_whoever_has_an_answer_already_is_told_so(shop, client: Client, path) -> None:
    first = client.get(path)
    seconds = 60 if path == "/categories" else 10
    assert first["Cache-Control"] == f"public, max-age={seconds}, stale-if-error=600"
    for known in (first["ETag"], f"W/{first['ETag']}", f'"other", {first["ETag"]}', "*"):
        second = again(client, path, known)
        assert (second.status_code, second.content) == (304, b"")
        assert (second["ETag"], second["Cache-Control"]) == (first["ETag"], first["Cache-Control"])
    assert again(client, path, first["ETag"], "head").status_code == 304


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("tag", ['"other"', "nonsense", "", '"'])
def test_whoever_has_another_answer_gets_this_one(shop, client: Client, path, tag) -> None:
    first, second = client.get(path), again(client, path, tag)
    assert (second.status_code, second.content, second["ETag"]) == (200, first.content, first["ETag"])


def sell() -> None:
    reserve(order_id="O1", lines={"P1": 1})


def edit() -> None:
    Product.objects.filter(product_id="P1").update(description="New")


def rename_category() -> None:
    audio = Category.objects.get(path="electronics/audio")
    audio.name = "Sound"
    save_category(category=audio)


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        (sell, {"/products?ids=P1,P2", "/products/P1"}),
        (edit, {"/products/P1"}),
        (rename_category, {"/products?ids=P1,P2", "/products/P1", "/categories"}),
    ],
)
def test_what_changed_has_a_new_tag_and_nothing_else(shop, client: Client, change, paths) -> None:
    tags = {path: client.get(path)["ETag"] for path in READS}
    change()
    assert {path for path, tag in tags.items() if again(client, path, tag).status_code == 200} == paths


@pytest.mark.parametrize("path", ["/products/nothing", "/products?limit=0"])
def test_an_error_is_not_kept_by_anybody(shop, client: Client, path) -> None:
    response = client.get(path)
    assert "ETag" not in response
    assert "Cache-Control" not in response
