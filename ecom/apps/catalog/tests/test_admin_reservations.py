"""Reservations in the backoffice: looked at, never changed."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecom.apps.catalog.models import Product, Reservation, ReservationLine
from ecom.apps.catalog.tests.conftest import product, stock_up
from ecom.backoffice.tests.staff import verified

pytestmark = pytest.mark.django_db
RESERVATIONS = "/admin/catalog/reservation/"


@pytest.fixture
def staff(client: Client) -> Client:
    return verified(client, get_user_model().objects.create_superuser("staff@example.com", password="not-used"))


def reserve(order_id: str, state: str = "held", lines: int = 1) -> Reservation:
    stock_up(*(product(f"P{n}", f"Boots {n}", price=4990) for n in range(lines)))
    ended = None if state in ("held", "confirmed") else timezone.now()
    made = Reservation.objects.create(order_id=order_id, state=state, expires_at=timezone.now(), ended_at=ended)
    for reserved in Product.objects.order_by("pk")[:lines]:
        ReservationLine.objects.create(
            reservation=made, product=reserved, quantity=2, title=reserved.title, price_amount=4990, currency="EUR"
        )
    return made


def test_reservations_are_found_by_order_and_by_state(staff: Client) -> None:
    reserve("O1"), reserve("O2", "released")
    for query, found, other in [("?q=O1", "O1", "O2"), ("?state__exact=released", "O2", "O1")]:
        page = staff.get(RESERVATIONS + query).content.decode()
        assert f">{found}<" in page
        assert f">{other}<" not in page


def test_a_reservation_shows_its_lines_and_leads_to_its_order(staff: Client) -> None:
    made = reserve("O1", lines=2)
    page = staff.get(f"{RESERVATIONS}{made.pk}/change/").content.decode()
    for text in ("Boots 0", "Boots 1", "49.90 EUR", "/admin/orders/order/?order_id=O1"):
        assert text in page


def test_a_reservation_is_released_by_what_becomes_of_its_order_and_not_here(staff: Client) -> None:
    made = reserve("O1")
    assert staff.post(f"{RESERVATIONS}{made.pk}/change/", {"state": "released"}).status_code == 403
    assert staff.post(f"{RESERVATIONS}{made.pk}/delete/", {"post": "yes"}).status_code == 403
    staff.post(RESERVATIONS, {"action": "delete_selected", "_selected_action": [made.pk], "post": "yes"})
    assert Reservation.objects.get().state == "held"


def test_lists_and_pages_cost_the_same_statements_for_one_as_for_many(staff: Client) -> None:
    counts = []
    for number in (1, 20):
        for n in range(number):
            made = reserve(f"O{number}-{n}", lines=number)
        with CaptureQueriesContext(connections["catalog"]) as statements:
            staff.get(RESERVATIONS)
            staff.get(f"{RESERVATIONS}{made.pk}/change/")
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6
