"""One Idempotency-Key, one order, one answer."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db.models import F
from django.utils import timezone

from ecom.apps.orders.clients import catalog
from ecom.apps.orders.models import IdempotencyKey, Order
from ecom.apps.orders.services import idempotency
from ecom.apps.orders.tasks import purge
from ecom.apps.orders.tests.shop import (
    ADA,
    ADDRESS,
    BOB,
    Api,
    all_at_once,
    stock_of,
    stock_up,
    units_reserved,
    wait_until,
)

pytestmark = pytest.mark.django_db
KEY = "a-key-of-one-order"


def whole(response) -> tuple[object, ...]:
    """What of an answer must be the same."""
    return response.status_code, response.content, response["Location"], response["Content-Type"]


def test_the_same_request_again_gets_the_same_answer_byte_by_byte(ada: Api, statements) -> None:
    stock_up("P1")
    first = ada.order({"P1": 1}, key=KEY)
    stock_up("P1", stock=0, price=1)
    assert ada("POST", f"/orders/{first.json()['order_id']}/cancel", {}).status_code == 200
    with statements() as kinds:
        again = ada.order({"P1": 1}, key=KEY)
    assert whole(again) == whole(first)
    assert again.status_code == 201
    assert kinds == ["INSERT", "SELECT"]
    assert Order.objects.count() == 1


def test_a_body_that_says_the_same_otherwise_is_the_same_request(ada: Api) -> None:
    stock_up("P1")
    first = ada.order({"P1": 1}, key=KEY)
    text = b'{"items":[{"quantity":1,"product_id":"P1"}],  "delivery_address":%s}'
    address = str(dict(reversed(ADDRESS.items()))).replace("'", '"').encode()
    again = ada.http.post(
        "/orders",
        data=text % address,
        content_type="application/json",
        headers={**ada.headers, "Idempotency-Key": KEY},
    )
    assert whole(again) == whole(first)


def test_the_same_key_for_another_request_is_refused(ada: Api) -> None:
    stock_up("P1")
    assert ada.order({"P1": 1}, key=KEY).status_code == 201
    for other in (
        ada.order({"P1": 2}, key=KEY),
        ada.order(key=KEY),
        ada.order({"P1": 1}, key=KEY, delivery_address={**ADDRESS, "line1": "Elsewhere"}),
    ):
        assert other.status_code == 422
        assert other.json()["type"] == "urn:ecom:problem:idempotency-key-reused"
    assert stock_of("P1") == 9


def test_a_key_is_its_customers_own(ada: Api) -> None:
    stock_up("P1")
    first, other = ada.order({"P1": 1}, key=KEY), Api(BOB).order({"P1": 1}, key=KEY)
    assert first.json()["order_id"] != other.json()["order_id"]


def test_a_refusal_is_not_kept_so_that_the_same_key_may_try_again(ada: Api) -> None:
    stock_up("P1", stock=0)
    assert ada.order({"P1": 1}, key=KEY).status_code == 409
    assert not IdempotencyKey.objects.exists()
    stock_up("P1", stock=1)
    assert ada.order({"P1": 1}, key=KEY).status_code == 201


def test_a_key_that_somebody_died_with_goes_on_under_the_same_order_id(ada: Api, monkeypatch) -> None:
    """The process died after the catalog had taken the units, and before the order was stored."""
    stock_up("P1")
    claimed = _died_with(KEY, ada, monkeypatch)
    assert units_reserved("P1") == 1
    _end_lease()
    answer = ada.order({"P1": 1}, key=KEY)
    assert answer.json()["order_id"] == claimed.order_id
    assert (stock_of("P1"), units_reserved("P1")) == (9, 1)


def test_a_cart_that_changed_after_somebody_died_is_held_anew_and_the_old_units_go_back(ada: Api, monkeypatch) -> None:
    stock_up("P1")
    ada.add("P1", 3)
    claimed = _died_with(KEY, ada, monkeypatch, items=None)
    ada("PATCH", "/cart/items/P1", {"quantity": 2})
    _end_lease()
    answer = ada.order(key=KEY)
    assert answer.status_code == 201
    assert answer.json()["order_id"] != claimed.order_id
    assert (stock_of("P1"), units_reserved("P1")) == (8, 2)


def test_whoever_comes_back_while_the_lease_lasts_waits_and_is_told_to_come_again(ada: Api, monkeypatch) -> None:
    stock_up("P1")
    _died_with(KEY, ada, monkeypatch)
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.1)
    response = ada.order({"P1": 1}, key=KEY)
    assert response.status_code == 409
    assert response.json()["type"] == "urn:ecom:problem:still-running"
    assert response["Retry-After"] == "1"


def test_who_was_too_slow_gives_the_answer_of_who_went_on(ada: Api, monkeypatch) -> None:
    """The lease ended while the catalog was asked, and another request finished meanwhile."""
    stock_up("P1")
    answers, reserve = [], catalog.reserve

    def slowly(**arguments):
        if not answers:
            answers.append(None)
            _end_lease()
            answers.append(ada.order({"P1": 1}, key=KEY))
        return reserve(**arguments)

    monkeypatch.setattr(catalog, "reserve", slowly)
    slow = ada.order({"P1": 1}, key=KEY)
    assert whole(slow) == whole(answers[1])
    assert slow.status_code == 201
    assert (Order.objects.count(), units_reserved("P1")) == (1, 1)


def test_answers_are_kept_for_48_hours(ada: Api) -> None:
    stock_up("P1")
    for hours in (47, 49):
        ada.order({"P1": 1}, key=f"key-of-{hours}-hours")
        made = timezone.now() - timedelta(hours=hours)
        IdempotencyKey.objects.filter(key__contains=str(hours)).update(created_at=made)
    purge()
    assert IdempotencyKey.objects.get().key == "key-of-47-hours"


@pytest.mark.django_db(transaction=True)
def test_the_same_key_eight_times_at_once_is_one_order_and_eight_equal_answers(busy_shop: None) -> None:
    stock_up("P1")
    answers = all_at_once("orders_idempotencykey", [lambda: whole(Api(ADA).order({"P1": 1}, key=KEY))] * 8)
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert Order.objects.count() == 1
    assert (stock_of("P1"), units_reserved("P1")) == (9, 1)


@pytest.mark.django_db(transaction=True)
def test_one_cart_ordered_twice_at_once_under_two_keys_is_one_order(busy_shop: None) -> None:
    stock_up("P1")
    Api(ADA).add("P1", 2)
    # Both have read the cart and hold its units before either may store its order.
    answers = all_at_once("orders_cart", [lambda: Api(ADA).order().status_code] * 2)
    assert sorted(answers) == [201, 409]
    wait_until(lambda: (stock_of("P1"), units_reserved("P1")) == (8, 2))
    assert Api(ADA).cart() == {}
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_last_unit_is_sold_once(busy_shop: None) -> None:
    stock_up("P1", stock=1)
    buyers = [Api(f"U{number:016d}") for number in range(8)]
    answers = all_at_once("orders_idempotencykey", [partial(_status, buyer) for buyer in buyers])
    assert sorted(answers) == [201] + [409] * 7
    assert (stock_of("P1"), units_reserved("P1")) == (0, 1)


def _status(buyer: Api) -> int:
    return buyer.order({"P1": 1}, key=uuid4().hex).status_code


class Died(BaseException):
    """The process is gone: nothing that would clean up runs."""


def _died_with(key: str, api: Api, monkeypatch, items: dict[str, int] | None = {"P1": 1}) -> IdempotencyKey:  # noqa: B006
    """An order dies after the catalog has answered."""

    def die(*arguments: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr("ecom.apps.orders.services.placing._Placing._stored", die)
        with pytest.raises(Died):
            api.order(items, key=key)
    return IdempotencyKey.objects.get(key=key)


def _end_lease() -> None:
    IdempotencyKey.objects.update(lease_until=F("created_at"))
