"""What the worker does about orders' units: confirmed, given back, or found lost."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from ecom.apps.orders.clients import catalog
from ecom.apps.orders.models import Actor, Order, OutboxEvent, Stock
from ecom.apps.orders.services.erasure import anonymise_customer
from ecom.apps.orders.services.transitions import By, bring
from ecom.apps.orders.tasks import expire_unpaid, settle_reservations
from ecom.apps.orders.tests.shop import ADA, BOB, Api, stock_of, stock_up, units_reserved

pytestmark = pytest.mark.django_db
SUPPORT = By(Actor.STAFF, "U0000000000000STF")


@pytest.fixture(autouse=True)
def things(shop: None) -> None:
    stock_up("P1")
    stock_up("P2")


def reservation(order_id: str) -> str:
    """What the catalog has for the order."""
    return str(apps.get_model("catalog", "Reservation").objects.get(order_id=order_id).state)


def lose_hold(order_id: str) -> None:
    """The catalog gave the units back because nobody confirmed them in time."""
    apps.get_model("catalog", "Reservation").objects.filter(order_id=order_id).update(
        state="expired", ended_at=timezone.now()
    )


def stock_states() -> dict[str, str]:
    return dict(Order.objects.values_list("order_id", "stock"))


def test_holds_of_stored_orders_are_confirmed_and_those_of_ended_ones_given_back(ada: Api, statements) -> None:
    kept, dropped = ada.ordered({"P1": 1}), ada.ordered({"P1": 2, "P2": 1})
    ada("POST", f"/orders/{dropped}/cancel", {})
    with statements() as kinds:
        settle_reservations()
    assert kinds == ["SELECT", "UPDATE", "SELECT", "UPDATE"]
    assert stock_states() == {kept: Stock.SOLD, dropped: Stock.RETURNED}
    assert (reservation(kept), reservation(dropped)) == ("confirmed", "released")
    assert (stock_of("P1"), stock_of("P2"), units_reserved("P1")) == (9, 10, 1)


def test_with_nothing_to_settle_the_catalog_is_left_alone(ada: Api, statements, catalog_calls) -> None:
    ada.ordered({"P1": 1})
    settle_reservations()
    catalog_calls.clear()
    with statements() as kinds:
        settle_reservations()
    assert kinds == ["SELECT", "SELECT"]
    assert catalog_calls == []


def test_units_of_a_paid_order_that_is_cancelled_come_back(ada: Api) -> None:
    order_id = ada.ordered({"P1": 3})
    settle_reservations()
    Api("payments")("POST", f"/orders/{order_id}/transitions", {"to": "PAID"})
    ada("POST", f"/orders/{order_id}/cancel", {})
    assert stock_of("P1") == 7
    settle_reservations()
    assert (stock_of("P1"), units_reserved("P1")) == (10, 0)


def test_an_order_whose_hold_was_lost_is_cancelled_by_the_system(ada: Api) -> None:
    lost, paid, kept = ada.ordered({"P1": 1}), ada.ordered({"P1": 1}), ada.ordered({"P2": 1})
    Api("payments")("POST", f"/orders/{paid}/transitions", {"to": "PAID"})
    for order_id in (lost, paid):
        lose_hold(order_id)
    settle_reservations()
    for order_id in (lost, paid):
        body = ada("GET", f"/orders/{order_id}").json()
        assert body["status"] == "CANCELLED"
        assert body["transitions"][-1]["actor"] == "system"
        assert "not there any more" in body["transitions"][-1]["reason"]
    assert ada("GET", f"/orders/{kept}").json()["status"] == "PLACED"
    assert stock_states() == {lost: Stock.RETURNED, paid: Stock.RETURNED, kept: Stock.SOLD}
    assert OutboxEvent.objects.get(key=lost, body__sequence=2).body["reason"]


def test_an_order_that_is_cancelled_while_its_hold_is_confirmed_gives_its_units_back(ada: Api, monkeypatch) -> None:
    order_id, confirm = ada.ordered({"P1": 1}), catalog.confirm

    def confirm_and_cancel(order_ids):
        outcomes = confirm(order_ids)
        ada("POST", f"/orders/{order_id}/cancel", {})
        return outcomes

    monkeypatch.setattr(catalog, "confirm", confirm_and_cancel)
    settle_reservations()
    assert stock_states() == {order_id: Stock.RETURNED}
    assert (stock_of("P1"), reservation(order_id)) == (10, "released")


def test_more_than_one_batch_is_settled_at_once(ada: Api, monkeypatch, catalog_calls) -> None:
    monkeypatch.setattr(catalog, "MAX_BATCH", 2)
    for _ in range(5):
        ada.ordered({"P1": 1})
    catalog_calls.clear()
    settle_reservations()
    assert set(stock_states().values()) == {Stock.SOLD}
    assert catalog_calls == ["POST /internal/reservations/confirm"] * 3


def test_orders_that_nobody_pays_in_time_end_and_give_their_units_back(ada: Api, statements) -> None:
    old, paid, new = ada.ordered({"P1": 1}), ada.ordered({"P1": 1}), ada.ordered({"P1": 1})
    Api("payments")("POST", f"/orders/{paid}/transitions", {"to": "PAID"})
    past = timezone.now() - timedelta(minutes=30, seconds=1)
    Order.objects.filter(order_id__in=[old, paid]).update(placed_at=past)
    with statements() as kinds:
        expire_unpaid()
    assert kinds == ["SELECT", "UPDATE", "INSERT", "SELECT", "INSERT"]
    states = dict(Order.objects.values_list("order_id", "status"))
    assert states == {old: "CANCELLED", paid: "PAID", new: "PLACED"}
    settle_reservations()
    assert (stock_of("P1"), units_reserved("P1")) == (8, 2)
    assert ada("GET", f"/orders/{old}").json()["transitions"][-1]["reason"] == "Not paid in time."


def test_of_an_erased_customer_nothing_but_the_pseudonym_stays(ada: Api, statements) -> None:
    order_id, other = ada.ordered({"P1": 1}), Api(BOB).ordered({"P2": 1})
    ada("POST", f"/orders/{order_id}/cancel", {"reason": "I moved to Main Street 2"})
    ada.add("P2")
    Api(BOB).add("P2")
    with statements() as kinds:
        anonymise_customer(customer_id=ADA)
    assert kinds == ["DELETE", "SELECT", "DELETE", "DELETE", "UPDATE", "UPDATE", "UPDATE"]
    anonymise_customer(customer_id=ADA)
    body = ada("GET", f"/orders/{order_id}").json()
    assert set(body["delivery_address"].values()) == {""}
    assert body["transitions"][-1]["reason"] == ""
    assert [line["product_id"] for line in body["lines"]] == ["P1"]
    assert ada.cart() == {}
    assert Api(BOB)("GET", f"/orders/{other}").json()["delivery_address"]["city"] == "Berlin"
    assert Api(BOB).cart() == {"P2": 1}
    for event in OutboxEvent.objects.all():
        assert "Main Street" not in str(event.body)


@pytest.mark.parametrize(("steps", "end"), [(["PAID"], "SHIPPED"), ([], "CANCELLED")])
def test_what_an_erased_customer_has_bought_still_arrives_and_then_nobody_knows_where(
    ada: Api, steps: list[str], end: str
) -> None:
    order_id = ada.ordered({"P1": 1})
    settle_reservations()
    anonymise_customer(customer_id=ADA)
    for status in steps:
        bring(order_id=order_id, to=status, by=SUPPORT)
    assert ada("GET", f"/orders/{order_id}").json()["delivery_address"]["city"] == "Berlin"
    brought = bring(order_id=order_id, to=end, by=SUPPORT)
    assert brought.city == ""
    assert set(ada("GET", f"/orders/{order_id}").json()["delivery_address"].values()) == {""}
