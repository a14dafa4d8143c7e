from datetime import timedelta

import pytest
from django.utils import timezone

from ecom.apps.orders.models import Cart, CartItem
from ecom.apps.orders.services.carts import MAX_ITEMS
from ecom.apps.orders.tasks import purge
from ecom.apps.orders.tests.shop import ADA, BOB, Api, products, stock_up
from tests.tokens import token

pytestmark = pytest.mark.django_db

EUROS = {"amount": 1000, "currency": "EUR"}


@pytest.fixture(autouse=True)
def things(shop: None) -> None:
    stock_up("P1")
    stock_up("P2", price=250)


def test_a_guest_is_given_a_cart_with_the_first_item(guest: Api, statements, catalog_calls) -> None:
    with statements() as kinds:
        response = guest("POST", "/cart/add", {"product_id": "P1", "quantity": 2})
    assert response.status_code == 200
    body = response.json()
    (item,) = body["items"]
    assert item.pop("added_at").endswith("Z")
    assert item == {
        "product_id": "P1",
        "quantity": 2,
        "title": "Thing P1",
        "unit_price": EUROS,
        "line_total": {"amount": 2000, "currency": "EUR"},
        "available": True,
        "stock": 10,
        "changes": [],
    }
    assert body["item_count"] == 2
    assert body["totals"] == [{"amount": 2000, "currency": "EUR"}]
    assert body["prices_known"] is True
    assert kinds == ["INSERT", "INSERT", "SELECT"]
    assert catalog_calls == ["GET /products"]


def test_the_guests_token_comes_in_the_body_and_in_a_cookie_that_no_script_reads(guest: Api) -> None:
    response = guest("POST", "/cart/add", {"product_id": "P1", "quantity": 1})
    cookie = response.cookies["ecom_cart"]
    assert cookie.value == response.json()["cart_token"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert cookie["max-age"] == 30 * 24 * 3600
    assert response["Cache-Control"] == "no-store"
    assert guest.cart() == {"P1": 1}  # by the cookie
    assert Api(cart_token=cookie.value).cart() == {"P1": 1}
    assert Api().cart() == {}


@pytest.mark.parametrize("forged", ["C0000000000000000", "nonsense", "x" * 5000, "C0000000000000000.abc", "\xe9"])
def test_a_token_that_is_not_ours_opens_no_cart(guest: Api, forged: str) -> None:
    own = guest.add("P1")["cart_token"]
    for text in (forged, f"{own}x", own.partition(".")[0]):
        stranger = Api(cart_token=text)
        assert stranger.cart() == {}
        assert stranger.add("P2")["cart_token"] != own
    assert guest.cart() == {"P1": 1}


def test_a_customer_has_one_cart_on_every_device_and_needs_no_token(ada: Api) -> None:
    assert "cart_token" not in ada.add("P1")
    assert Api(ADA).add("P1", 2)["item_count"] == 3
    assert Api(ADA).cart() == {"P1": 3}
    assert Api(BOB).cart() == {}
    assert Cart.objects.get().customer_id == ADA


def test_items_are_changed_and_removed(ada: Api) -> None:
    ada.add("P1")
    ada.add("P2")
    changed = ada("PATCH", "/cart/items/P1", {"quantity": 5})
    assert changed.status_code == 200
    assert changed.json()["totals"] == [{"amount": 5250, "currency": "EUR"}]
    removed = ada("DELETE", "/cart/items/P1")
    assert removed.status_code == 200
    assert ada.cart() == {"P2": 1}
    assert ada("DELETE", "/cart").status_code == 204
    assert ada.cart() == {}
    for missing in (ada("PATCH", "/cart/items/P2", {"quantity": 5}), ada("DELETE", "/cart/items/P2")):
        assert missing.status_code == 404


@pytest.mark.parametrize("who", [None, ADA])
def test_no_operation_takes_more_than_six_statements_and_one_call_of_the_catalog(
    who: str | None, statements, catalog_calls
) -> None:
    for number in range(10):
        stock_up(f"Q{number}")
    api = Api(who)
    for number in range(10):
        api.add(f"Q{number}")
    for method, path, body, expected in [
        ("POST", "/cart/add", {"product_id": "P1", "quantity": 1}, 4),
        ("GET", "/cart", None, 1),
        ("PATCH", "/cart/items/P1", {"quantity": 3}, 3),
        ("DELETE", "/cart/items/P1", None, 3),
        ("DELETE", "/cart", None, 2),
    ]:
        catalog_calls.clear()
        with statements() as kinds:
            assert api(method, path, body).status_code in (200, 204)
        assert len(kinds) == expected, (method, path, kinds)
        assert catalog_calls == ([] if (method, path) == ("DELETE", "/cart") else ["GET /products"])


def test_prices_are_those_of_now_and_the_cart_says_what_changed(ada: Api) -> None:
    ada.add("P1", 4)
    ada.add("P2")
    stock_up("P1", price=1200, stock=3)
    products().filter(product_id="P2").update(active=False)
    first, second = ada("GET", "/cart").json()["items"]
    assert first["unit_price"] == {"amount": 1200, "currency": "EUR"}
    assert (first["available"], first["stock"]) == (False, 3)
    assert first["changes"] == [
        {"kind": "price", "before": EUROS, "now": {"amount": 1200, "currency": "EUR"}},
        {"kind": "quantity", "before": 4, "now": 3},
    ]
    assert (second["unit_price"], second["line_total"], second["available"], second["stock"]) == (None, None, False, 0)
    assert second["changes"] == [{"kind": "availability", "before": True, "now": False}]
    assert ada("GET", "/cart").json()["totals"] == [{"amount": 4800, "currency": "EUR"}]


def test_adding_again_takes_note_of_the_price_of_now(ada: Api) -> None:
    ada.add("P1")
    stock_up("P1", price=1200)
    assert ada.add("P1")["items"][0]["changes"] == []


def test_what_is_sold_out_can_wait_in_a_cart_and_the_cart_says_when_it_is_back(ada: Api) -> None:
    stock_up("P1", stock=0)
    (item,) = ada.add("P1")["items"]
    assert (item["available"], item["changes"]) == (False, [])
    stock_up("P1", stock=1)
    (item,) = ada("GET", "/cart").json()["items"]
    assert (item["available"], item["changes"]) == (True, [{"kind": "availability", "before": False, "now": True}])


def test_a_cart_may_have_several_currencies(ada: Api) -> None:
    stock_up("P3", price=5, currency="USD")
    ada.add("P1")
    ada.add("P3", 2)
    assert ada("GET", "/cart").json()["totals"] == [EUROS, {"amount": 10, "currency": "USD"}]


@pytest.mark.parametrize("product_id", ["P9", "OLD"])
def test_a_product_that_is_not_sold_is_refused_by_name(ada: Api, product_id: str) -> None:
    stock_up("OLD", active=False)
    response = ada("POST", "/cart/add", {"product_id": product_id, "quantity": 1})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/product_id"
    assert not Cart.objects.exists()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"product_id": "P1"}, "/quantity"),
        ({"product_id": "P1", "quantity": 0}, "/quantity"),
        ({"product_id": "P1", "quantity": 1001}, "/quantity"),
        ({"product_id": "P1", "quantity": "1"}, "/quantity"),
        ({"product_id": "P1", "quantity": 1.0}, "/quantity"),
        ({"product_id": "P1", "quantity": True}, "/quantity"),
        ({"product_id": "P1", "quantity": None}, "/quantity"),
        ({"product_id": "", "quantity": 1}, "/product_id"),
        ({"product_id": "a,b", "quantity": 1}, "/product_id"),
        ({"product_id": "P1\n", "quantity": 1}, "/product_id"),
        ({"product_id": "x" * 65, "quantity": 1}, "/product_id"),
        ({"product_id": {"a": 1}, "quantity": 1}, "/product_id"),
        ({"product_id": "P1", "quantity": 1, "price": 0}, "/price"),
        ([], ""),
    ],
)
def test_a_body_that_is_not_understood_is_refused_by_name(ada: Api, body: object, pointer: str, catalog_calls) -> None:
    response = ada("POST", "/cart/add", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == pointer
    assert catalog_calls == []


def test_there_are_at_most_a_thousand_of_a_product_and_a_hundred_products(ada: Api) -> None:
    ada.add("P1", 999)
    assert ada.add("P1", 999)["items"][0]["quantity"] == 1000
    cart = Cart.objects.get()
    kind = {"quantity": 1, "title": "T", "price_amount": 1, "currency": "EUR", "was_available": True}
    CartItem.objects.bulk_create(
        CartItem(cart=cart, product_id=f"X{number}", **kind) for number in range(MAX_ITEMS - 1)
    )
    full = ada("POST", "/cart/add", {"product_id": "P2", "quantity": 1})
    assert full.status_code == 409
    assert full.json()["type"] == "urn:ecom:problem:cart-full"
    assert ada("POST", "/cart/add", {"product_id": "X0", "quantity": 1}).status_code == 422
    assert ada("PATCH", "/cart/items/P1", {"quantity": 7}).status_code == 200


def test_guests_carts_end_thirty_days_after_their_last_change(guest: Api, ada: Api) -> None:
    old, kept = guest.add("P1")["cart_token"], Api().add("P1")["cart_token"]
    ada.add("P1")
    ages = {30: Api(cart_token=old), 29: Api(cart_token=kept)}
    for days, api in ages.items():
        cart_id = api("GET", "/cart").json()["cart_token"].partition(".")[0]
        Cart.objects.filter(cart_id=cart_id).update(updated_at=timezone.now() - timedelta(days=days, minutes=1))
    Cart.objects.filter(customer_id=ADA).update(updated_at=timezone.now() - timedelta(days=400))
    purge()
    assert ages[30].cart() == {}
    assert ages[29].cart() == {"P1": 1}
    assert ada.cart() == {"P1": 1}
    assert ages[30].add("P2")["cart_token"] != old  # the ended cart does not come back under its old name


def test_a_service_account_has_no_cart() -> None:
    for method, path in [("GET", "/cart"), ("DELETE", "/cart"), ("POST", "/cart/add"), ("PATCH", "/cart/items/P1")]:
        assert Api("payments")(method, path, {}).status_code == 403


def test_a_token_that_has_ended_is_told_so_rather_than_being_a_guest() -> None:
    ended = {"Authorization": f"Bearer {token(ADA, lifetime=-60)}"}
    assert Api()("GET", "/cart", **ended).status_code == 401
    assert Api()("POST", "/cart/add", {"product_id": "P1", "quantity": 1}, **ended).status_code == 401
