"""Orders in the backoffice: found, looked at, and brought on by the steps of their life cycle alone."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecom.apps.orders.models import Order, OrderLine, OrderTransition, OutboxEvent, Status, Stock
from ecom.backoffice.tests.staff import verified

pytestmark = pytest.mark.django_db
ORDERS = "/admin/orders/order/"


@pytest.fixture
def root(db: None) -> Any:
    return get_user_model().objects.create_superuser("root@example.com", password="not-used")


@pytest.fixture
def staff(client: Client, root) -> Client:
    return verified(client, root)


def order_in(status: Status, **values: Any) -> Order:
    order = Order.objects.create(
        **{"customer_id": "U1", "stock": Stock.SOLD, "currency": "EUR", "total_amount": 4990, "city": "Berlin",
           "placed_at": timezone.now(), "status": status, **values}
    )  # fmt: skip
    OrderLine.objects.create(order=order, position=1, product_id="P1", title="Boots", quantity=2, price_amount=2495)
    OrderTransition.objects.create(
        order=order, sequence=1, to_status="PLACED", at=timezone.now(), actor="customer", actor_id=order.customer_id
    )
    return order


def page_of(staff: Client, order: Order) -> str:
    return staff.get(f"{ORDERS}{order.pk}/change/").content.decode()


def bring(staff: Client, order: Order, to: str, reason: str = "because") -> Any:
    return staff.post(f"{ORDERS}{order.pk}/bring/{to}/", {"reason": reason}, follow=True)


def test_an_order_is_found_by_its_id_and_its_customers(staff: Client) -> None:
    ours, others = order_in(Status.PLACED), order_in(Status.PLACED, customer_id="U2")
    for query in (f"?q={ours.order_id}", "?q=U1", "?customer_id=U1"):
        page = staff.get(ORDERS + query).content.decode()
        assert ours.order_id in page
        assert others.order_id not in page


def test_the_overview_leads_to_the_open_orders(staff: Client) -> None:
    open_order, closed = order_in(Status.PAID), order_in(Status.DELIVERED)
    place = "/admin/orders/order/?status__in=PLACED,PAID"
    assert place in staff.get("/admin/").content.decode()
    page = staff.get(place).content.decode()
    assert open_order.order_id in page
    assert closed.order_id not in page


def test_the_page_shows_lines_and_transitions_and_the_steps_that_are_allowed(staff: Client) -> None:
    order = order_in(Status.PAID)
    page = page_of(staff, order)
    for text in ("Boots", "24.95 EUR", "49.90 EUR", "Berlin", "/admin/customers/account/?q=U1"):
        assert text in page
    assert f"/{order.pk}/bring/SHIPPED/" in page
    assert f"/{order.pk}/bring/CANCELLED/" in page
    for other in ("PLACED", "PAID", "DELIVERED", "REFUNDED"):
        assert f"/bring/{other}/" not in page


def test_a_step_is_recorded_with_who_and_why_and_is_in_the_history(staff: Client, root) -> None:
    order = order_in(Status.PAID)
    assert "Handed to the carrier." in staff.get(f"{ORDERS}{order.pk}/bring/SHIPPED/").content.decode()
    assert "is shipped now" in bring(staff, order, "SHIPPED", "parcel 17").content.decode()
    order.refresh_from_db()
    assert order.status == Status.SHIPPED
    made = order.transitions.last()
    assert (made.from_status, made.to_status, made.actor, made.actor_id, made.reason) == (
        "PAID", "SHIPPED", "staff", root.public_id, "parcel 17",
    )  # fmt: skip
    assert OutboxEvent.objects.count() == 1
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message, entry.user_id) == (
        order.order_id,
        "Shipped: parcel 17",
        root.pk,
    )


def test_a_step_without_a_reason_is_not_taken(staff: Client) -> None:
    order = order_in(Status.PLACED)
    assert "This field is required" in bring(staff, order, "CANCELLED", " ").content.decode()
    order.refresh_from_db()
    assert order.status == Status.PLACED


@pytest.mark.parametrize(
    ("order", "to", "complaint"),
    [
        ({"status": Status.PLACED}, "SHIPPED", "is placed: it cannot be shipped next"),
        ({"status": Status.DELIVERED}, "CANCELLED", "is delivered: it cannot be cancelled next"),
        ({"status": Status.PAID, "stock": Stock.HELD}, "SHIPPED", "is not confirmed yet"),
    ],
)
def test_a_step_that_is_not_allowed_says_why_and_changes_nothing(staff: Client, order, to, complaint) -> None:
    made = order_in(**order)
    assert complaint in bring(staff, made, to).content.decode()
    assert Order.objects.get(pk=made.pk).status == order["status"]
    assert not LogEntry.objects.exists()


def test_without_its_entry_in_the_history_no_step_is_taken(staff: Client, monkeypatch) -> None:
    order = order_in(Status.PLACED)
    with connections["customers"].cursor() as cursor:
        cursor.execute("ALTER TABLE django_admin_log ADD CONSTRAINT full_disk CHECK (false) NOT VALID")
    staff.raise_request_exception = False
    bring(staff, order, "PAID")
    assert Order.objects.get(pk=order.pk).status == Status.PLACED
    assert not OutboxEvent.objects.exists()


def test_nothing_else_of_an_order_can_be_changed(staff: Client) -> None:
    order = order_in(Status.PLACED)
    assert "_save" not in page_of(staff, order)
    assert staff.post(f"{ORDERS}{order.pk}/change/", {"status": "PAID"}).status_code == 403
    assert staff.get(f"{ORDERS}add/").status_code == 403
    assert staff.post(f"{ORDERS}{order.pk}/delete/", {"post": "yes"}).status_code == 403
    for nothing in (f"{order.pk}/bring/LOST/", f"{order.pk + 1}/bring/PAID/"):
        assert staff.post(ORDERS + nothing, {"reason": "x"}).status_code == 404


def test_many_orders_are_brought_on_together_and_each_refusal_is_named(staff: Client) -> None:
    ready, waiting = [order_in(Status.PAID) for _ in range(3)], order_in(Status.PLACED)
    data = {"action": "shipped", "_selected_action": [order.pk for order in [*ready, waiting]]}
    page = staff.post(ORDERS, data, follow=True).content.decode()
    assert "3 orders are shipped now" in page
    assert f"{waiting.order_id} is placed: it cannot be shipped next" in page
    assert LogEntry.objects.count() == 3


def test_a_list_costs_the_same_statements_for_one_order_as_for_fifty(staff: Client) -> None:
    counts = []
    for number in (1, 49):
        for _ in range(number):
            order_in(Status.PAID)
        with CaptureQueriesContext(connections["orders"]) as statements:
            assert staff.get(ORDERS).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 3


def test_a_page_costs_the_same_statements_for_one_line_as_for_twenty(staff: Client) -> None:
    counts = []
    order = order_in(Status.PAID)
    for positions in (range(0), range(2, 21)):
        for position in positions:
            OrderLine.objects.create(
                order=order, position=position, product_id=f"P{position}", title="Boots", quantity=1, price_amount=1
            )
        with CaptureQueriesContext(connections["orders"]) as statements:
            page_of(staff, order)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6
