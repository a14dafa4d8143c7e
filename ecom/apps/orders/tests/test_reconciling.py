"""The proof that catalog and orders agree, and what it finds when they do not."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone

from ecom.apps.orders.models import IdempotencyKey, Order, OrderLine, Stock
from ecom.apps.orders.services.idempotency import claim
from ecom.apps.orders.tasks import reconcile, settle_reservations
from ecom.apps.orders.tests.shop import ADA, Api, stock_of, stock_up, units_reserved

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def things(shop: None) -> None:
    stock_up("P1")


def reconciled(*flags: str) -> tuple[bool, dict[str, str], list[str]]:
    """Whether the command was content, what it found by order id, and what is left."""
    output = StringIO()
    try:
        call_command("reconcile_stock", "--json", *flags, stdout=output)
        content = True
    except CommandError:
        content = False
    body = json.loads(output.getvalue())
    return content, {each["order_id"]: each["kind"] for each in body["differences"]}, body["left"]


def make_old() -> None:
    """Everything happened a minute ago: longer than the two may differ."""
    past = timezone.now() - timedelta(minutes=1)
    Order.objects.update(updated_at=past)
    apps.get_model("catalog", "Reservation").objects.update(created_at=past)


def without_order(order_id: str) -> None:
    """Orders forgets this order, as if it had died before storing it."""
    OrderLine.objects.filter(order__order_id=order_id).delete()
    orders: Any = Order.objects.filter(order_id=order_id)
    orders.get().transitions.all().delete()
    orders.delete()
    IdempotencyKey.objects.all().delete()


def test_a_shop_that_agrees_is_content(ada: Api) -> None:
    ada.ordered({"P1": 1})
    cancelled = ada.ordered({"P1": 2})
    ada("POST", f"/orders/{cancelled}/cancel", {})
    settle_reservations()
    make_old()
    assert reconciled() == (True, {}, [])


def test_what_is_on_its_way_is_no_difference(ada: Api) -> None:
    ada.ordered({"P1": 1})  # not confirmed yet
    without_order(ada.ordered({"P1": 1}))  # not stored yet
    cancelled = ada.ordered({"P1": 2})
    ada("POST", f"/orders/{cancelled}/cancel", {})  # not given back yet
    assert reconciled() == (True, {}, [])


def test_units_without_an_order_are_found_and_given_back(ada: Api) -> None:
    order_id = ada.ordered({"P1": 4})
    without_order(order_id)
    make_old()
    found = {order_id: "units without an order"}
    assert reconciled() == (False, found, [order_id])
    assert reconciled("--repair") == (True, found, [])
    assert (stock_of("P1"), units_reserved("P1")) == (10, 0)
    assert reconciled() == (True, {}, [])


def test_a_request_that_goes_on_with_an_old_hold_is_left_alone(ada: Api) -> None:
    order_id = ada.ordered({"P1": 4})
    without_order(order_id)
    make_old()
    claim(customer_id=ADA, key="a-key-of-one-order", fingerprint="0" * 64)
    IdempotencyKey.objects.update(order_id=order_id)
    assert reconciled() == (True, {}, [])


def test_holds_that_nobody_confirmed_are_found_and_confirmed(ada: Api) -> None:
    order_id = ada.ordered({"P1": 4})
    make_old()
    found = {order_id: "units of an order that are not confirmed as sold"}
    assert reconciled()[1] == found
    assert reconciled("--repair") == (True, found, [])
    assert Order.objects.get().stock == Stock.SOLD


def test_units_of_a_cancelled_order_are_found_and_given_back(ada: Api) -> None:
    order_id = ada.ordered({"P1": 4})
    ada("POST", f"/orders/{order_id}/cancel", {})
    Order.objects.update(stock=Stock.RETURNED)  # though the catalog never heard of it
    make_old()
    found = {order_id: "units kept for an order that gave them back"}
    assert reconciled("--repair") == (True, found, [])
    assert stock_of("P1") == 10


def test_an_order_without_its_units_is_found_and_left_to_people(ada: Api, caplog) -> None:
    order_id = ada.ordered({"P1": 4})
    settle_reservations()
    apps.get_model("catalog", "Reservation").objects.update(state="released", ended_at=timezone.now())
    make_old()
    found = {order_id: "order without its units"}
    assert reconciled("--repair") == (False, found, [order_id])
    reconcile()
    assert "catalog and orders differ" in caplog.text


def test_units_of_other_lines_are_found_and_left_to_people(ada: Api) -> None:
    order_id = ada.ordered({"P1": 4})
    settle_reservations()
    apps.get_model("catalog", "ReservationLine").objects.update(quantity=3)
    make_old()
    assert reconciled("--repair") == (False, {order_id: "units of other lines than the order's"}, [order_id])


def test_people_read_one_line_for_each_difference(ada: Api) -> None:
    order_id = ada.ordered({"P1": 4})
    without_order(order_id)
    make_old()
    output = StringIO()
    with pytest.raises(CommandError, match="1 differ"):
        call_command("reconcile_stock", stdout=output)
    first, last = output.getvalue().splitlines()
    assert first.startswith(f"{order_id}: units without an order, since 20")
    assert last == "1 differed, 1 differ"


def test_without_the_catalog_nothing_is_proven(settings) -> None:
    settings.UPSTREAMS = {**settings.UPSTREAMS, "catalog": "http://127.0.0.1:1"}
    with pytest.raises(CommandError, match="does not answer"):
        call_command("reconcile_stock", stdout=StringIO())
