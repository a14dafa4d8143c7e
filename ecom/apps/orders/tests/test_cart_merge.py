"""A guest who signs in finds the cart again: merged into the customer's own, once."""

from collections import Counter
from functools import partial

import pytest

from ecom.apps.orders.cart_tokens import cart_token as token_of
from ecom.apps.orders.models import Cart, CartItem
from ecom.apps.orders.services.carts import MAX_ITEMS
from ecom.apps.orders.tests.shop import ADA, BOB, Api, all_at_once, stock_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def things(shop: None) -> None:
    for product_id in ("P1", "P2", "P3"):
        stock_up(product_id)


def test_the_first_request_with_both_merges_the_guests_cart_and_ends_it(guest: Api, ada: Api, things: None) -> None:
    ada.add("P1", 2)
    ada.add("P2", 5)
    guest.add("P2", 3)
    cart_token = guest.add("P3", 1)["cart_token"]
    signed_in = Api(ADA, cart_token=cart_token)
    assert signed_in.cart() == {"P1": 2, "P2": 5, "P3": 1}
    assert "cart_token" not in signed_in("GET", "/cart").json()
    assert ada.cart() == {"P1": 2, "P2": 5, "P3": 1}
    assert guest.cart() == {}
    assert Cart.objects.get().customer_id == ADA


def test_of_a_product_in_both_the_larger_number_stays(guest: Api, ada: Api, things: None) -> None:
    ada.add("P1", 2)
    signed_in = Api(ADA, cart_token=guest.add("P1", 7)["cart_token"])
    assert signed_in.cart() == {"P1": 7}


def test_a_merged_cart_is_nobody_elses_and_does_not_merge_again(guest: Api, ada: Api, things: None) -> None:
    cart_token = guest.add("P1", 2)["cart_token"]
    signed_in = Api(ADA, cart_token=cart_token)
    assert signed_in.cart() == {"P1": 2}
    signed_in("DELETE", "/cart/items/P1")
    assert signed_in.cart() == {}
    assert Api(BOB, cart_token=cart_token).cart() == {}
    assert Api(cart_token=cart_token).add("P3")["cart_token"] != cart_token


def test_a_customers_cart_is_not_opened_by_a_guests_token(ada: Api, things: None) -> None:
    ada.add("P1")
    cart_id = Cart.objects.get().cart_id
    assert Api(cart_token=token_of(cart_id)).cart() == {}
    assert Api(BOB, cart_token=token_of(cart_id)).cart() == {}
    assert ada.cart() == {"P1": 1}


def test_whoever_has_signed_in_loses_the_guests_cookie(guest: Api, things: None) -> None:
    guest.add("P1")
    guest.headers = Api(ADA).headers
    response = guest("GET", "/cart")
    assert response.cookies["ecom_cart"].value == ""
    assert response.cookies["ecom_cart"]["max-age"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "statements_expected", "left"),
    [
        ("GET", "/cart", None, 4, {"P1": 2, "P2": 1}),
        ("POST", "/cart/add", {"product_id": "P3", "quantity": 1}, 6, {"P1": 2, "P2": 1, "P3": 1}),
        ("PATCH", "/cart/items/P2", {"quantity": 4}, 5, {"P1": 2, "P2": 4}),
        ("DELETE", "/cart/items/P2", None, 5, {"P1": 2}),
        ("DELETE", "/cart", None, 4, {}),
    ],
)
def test_any_operation_merges_first_and_stays_within_six_statements(
    guest: Api, ada: Api, things: None, statements, catalog_calls, method, path, body, statements_expected, left
) -> None:
    ada.add("P1", 2)
    signed_in = Api(ADA, cart_token=guest.add("P2", 1)["cart_token"])
    catalog_calls.clear()
    with statements() as kinds:
        assert signed_in(method, path, body).status_code in (200, 204)
    assert len(kinds) == statements_expected
    assert len(catalog_calls) <= 1
    assert ada.cart() == left


def test_what_does_not_fit_is_left_out_the_guests_oldest_first(guest: Api, ada: Api, things: None) -> None:
    ada.add("P1", 1)
    cart_token = guest.add("P1", 3)["cart_token"]
    own, guests = Cart.objects.get(customer_id=ADA), Cart.objects.get(customer_id=None)
    kind = {"quantity": 1, "title": "T", "price_amount": 1, "currency": "EUR", "was_available": True}
    for cart, prefix, number in [(own, "OWN", MAX_ITEMS - 11), (guests, "NEW", 30)]:
        CartItem.objects.bulk_create(
            CartItem(cart=cart, product_id=f"{prefix}{index}", **kind) for index in range(number)
        )
    items = Api(ADA, cart_token=cart_token).cart()
    assert Counter(name.rstrip("0123456789") for name in items) == {"P": 1, "OWN": 89, "NEW": 10}
    assert items["P1"] == 3
    assert "NEW29" in items
    assert "NEW19" not in items


@pytest.mark.django_db(transaction=True)
def test_many_at_once_merge_once_and_lose_nothing(busy_shop: None) -> None:
    for product_id in ("P1", "P2", "P3"):
        stock_up(product_id, stock=1000)
    guest = Api()
    cart_token = guest.add("P1", 2)["cart_token"]
    Api(ADA).add("P2", 1)
    signed_in = partial(Api, ADA, cart_token=cart_token)
    calls = [
        *[lambda: signed_in()("GET", "/cart").status_code] * 3,
        *[lambda: signed_in().add("P3") and 200] * 3,
        *[lambda: Api(ADA).add("P2") and 200] * 2,
    ]
    assert all_at_once("orders_cart", calls) == [200] * 8
    assert Api(ADA).cart() == {"P1": 2, "P2": 3, "P3": 3}
    assert guest.cart() == {}
    assert Cart.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_guest_who_adds_while_the_cart_is_merged_is_either_merged_or_given_a_new_cart(busy_shop: None) -> None:
    stock_up("P1", stock=1000)
    stock_up("P2", stock=1000)
    guest = Api()
    cart_token = guest.add("P1")["cart_token"]
    calls = [
        *[lambda: Api(cart_token=cart_token).add("P2")["cart_token"]] * 3,
        lambda: Api(ADA, cart_token=cart_token).cart() and cart_token,
    ]
    tokens = all_at_once("orders_cart", calls)
    found = Counter(Api(ADA).cart())
    for other in {token for token in tokens if token != cart_token}:
        found.update(Api(cart_token=other).cart())
    assert found == {"P1": 1, "P2": 3}


@pytest.mark.django_db(transaction=True)
def test_a_cart_that_is_filled_from_all_sides_holds_every_unit_and_no_more_products_than_it_may(
    busy_shop: None,
) -> None:
    for number in range(4):
        stock_up(f"P{number}", stock=1000)
    Api(ADA).add("P0")
    cart = Cart.objects.get()
    kind = {"quantity": 1, "title": "T", "price_amount": 1, "currency": "EUR", "was_available": True}
    CartItem.objects.bulk_create(CartItem(cart=cart, product_id=f"X{index}", **kind) for index in range(MAX_ITEMS - 2))

    def add(product_id: str) -> int:
        return Api(ADA)("POST", "/cart/add", {"product_id": product_id, "quantity": 1}).status_code

    results = all_at_once("orders_cart", [*[partial(add, "P0")] * 4, *[partial(add, f"P{n}") for n in (1, 2, 3)]])
    assert results[:4] == [200] * 4
    assert sorted(results[4:]) == [200, 409, 409]
    assert CartItem.objects.get(product_id="P0").quantity == 5
    assert CartItem.objects.count() == MAX_ITEMS
