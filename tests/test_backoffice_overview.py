"""The first page of the backoffice says what needs somebody, at the price of one statement for each figure."""

import re

import pytest
from django.contrib.auth.models import Group
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecom.apps.catalog.models import Product, Reservation
from ecom.apps.customers.models import Account, Letter
from ecom.apps.orders.models import Order
from ecom.backoffice import figures
from ecom.backoffice.tests.staff import verified

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> None:
    now = timezone.now()
    for number in range(3):
        Product.objects.create(product_id=f"P{number}", title="T", price_amount=1, currency="EUR", stock=number // 2)
        Reservation.objects.create(order_id=f"O{number}", state="held", expires_at=now)
        Letter.objects.create(kind="password-reset", email="a@example.com", expires_at=now, due_at=None)
        for status in ("PLACED", "PAID", "SHIPPED"):
            Order.objects.create(customer_id="U1", status=status, currency="EUR", total_amount=1, placed_at=now)


def shown(client: Client) -> dict[str, str]:
    page = client.get("/admin/").content.decode()
    return dict(re.findall(r'/span>([A-Z][\w ]+)</span>\s*<span class="[^"]*text-2xl[^"]*">([\w, ]+)</span>', page))


def test_staff_see_the_figures_of_their_role(shop) -> None:
    support, manager = (Account.objects.create_user(f"{n}@example.com", is_staff=True) for n in range(2))
    support.groups.add(Group.objects.get(name="support"))
    manager.groups.add(Group.objects.get(name="catalog manager"))
    catalog = {"Sold out in the shop": "2", "Held reservations": "3"}
    assert shown(verified(Client(), manager)) == catalog
    assert shown(verified(Client(), support)) == {**catalog, "Open orders": "6", "Mails given up": "3"}


def test_a_figure_is_one_statement_and_stops_counting_in_time(shop, monkeypatch) -> None:
    monkeypatch.setattr(figures, "COUNTED_AT_MOST", 5)
    client = verified(Client(), Account.objects.create_superuser("root@example.com"))
    client.get("/admin/")  # what is remembered of content types
    with (
        CaptureQueriesContext(connections["catalog"]) as catalog,
        CaptureQueriesContext(connections["orders"]) as orders,
    ):
        assert shown(client)["Open orders"] == "5 or more"
    assert (len(catalog), len(orders)) == (2, 1)
