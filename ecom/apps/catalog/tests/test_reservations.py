import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from ecom.apps.catalog.api import serializers
from ecom.apps.catalog.models import Product, Reservation, ReservationLine
from ecom.apps.catalog.tasks import expire_reservations, purge_reservations
from ecom.apps.catalog.tests.conftest import product, stock_up
from tests.tokens import token

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]
RESERVATIONS = "/internal/reservations"
SERVICE = token("orders", kind="service", scope="catalog:reserve")


class Orders:
    """The orders service, as catalog sees it."""

    def __call__(self, method: str, path: str, body: Any = None, *, bearer: str | None = SERVICE) -> Any:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return Client().generic(method, path, json.dumps(body), content_type="application/json", headers=headers)

    def reserve(self, order_id: str, **units: int) -> Any:
        lines = [{"product_id": product_id, "quantity": quantity} for product_id, quantity in units.items()]
        return self("PUT", f"{RESERVATIONS}/{order_id}", {"lines": lines})

    def outcomes(self, verb: str, *order_ids: str) -> list[str]:
        response = self("POST", f"{RESERVATIONS}/{verb}", {"order_ids": order_ids})
        assert response.status_code == 200, response.content
        results = response.json()["results"]
        assert [result["order_id"] for result in results] == list(order_ids)
        return [result["outcome"] for result in results]


@pytest.fixture
def orders(db: None) -> Orders:
    stock_up(product("P1", "Lamp", 4900), product("P2", "Cup", 250, stock=2, currency="USD"), product("P3", stock=0))
    return Orders()


def stock() -> dict[str, int]:
    return dict(Product.objects.order_by("pk").values_list("product_id", "stock"))


def lapse(order_id: str) -> None:
    """Lets a hold's time go by."""
    Reservation.objects.filter(order_id=order_id).update(expires_at=Now() - timedelta(seconds=1))


def test_units_are_taken_out_of_the_stock_with_name_and_price_as_they_are(orders: Orders) -> None:
    response = orders.reserve("O1", P2=2, P1=1)
    assert response.status_code == 201
    body = response.json()
    left = datetime.fromisoformat(body.pop("expires_at")) - timezone.now()
    assert timedelta(seconds=110) < left <= timedelta(seconds=120)
    assert body == {
        "order_id": "O1",
        "state": "held",
        "lines": [
            {"product_id": "P2", "quantity": 2, "title": "Cup", "price": {"amount": 250, "currency": "USD"}},
            {"product_id": "P1", "quantity": 1, "title": "Lamp", "price": {"amount": 4900, "currency": "EUR"}},
        ],
    }
    assert stock() == {"P1": 4, "P2": 0, "P3": 0}
    assert response["Cache-Control"] == "no-store"


def test_the_same_again_is_answered_the_same_and_takes_nothing_more(orders: Orders) -> None:
    first = orders.reserve("O1", P1=1, P2=2)
    Product.objects.update(title="Renamed", price_amount=1)
    again = orders.reserve("O1", P2=2, P1=1)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert stock() == {"P1": 4, "P2": 0, "P3": 0}


def test_all_that_is_short_is_named_and_nothing_is_taken(orders: Orders) -> None:
    Product.objects.filter(product_id="P1").update(active=False)
    stock_up(product("P4", stock=9))
    response = orders.reserve("O1", P4=1, P2=3, P1=1, nothing=1, P3=1)
    assert response.status_code == 409
    body = response.json()
    assert body["type"] == "urn:ecom:problem:out-of-stock"
    assert body["shortages"] == [
        {"product_id": "P2", "requested": 3, "available": 2},
        {"product_id": "P1", "requested": 1, "available": 0},
        {"product_id": "nothing", "requested": 1, "available": 0},
        {"product_id": "P3", "requested": 1, "available": 0},
    ]
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [
        ("/lines/1/quantity", "short"),
        ("/lines/2/quantity", "unknown"),
        ("/lines/3/quantity", "unknown"),
        ("/lines/4/quantity", "short"),
    ]
    assert stock() == {"P1": 5, "P2": 2, "P3": 0, "P4": 9}
    assert orders.reserve("O1", P2=2).status_code == 201, "a refusal leaves nothing behind"


def test_an_order_that_holds_other_units_is_refused(orders: Orders) -> None:
    orders.reserve("O1", P1=1)
    for units in ({"P1": 2}, {"P2": 1}, {"P1": 1, "P2": 1}):
        response = orders.reserve("O1", **units)
        assert response.status_code == 409
        assert response.json()["type"] == "urn:ecom:problem:reservation-differs"
    assert stock() == {"P1": 4, "P2": 2, "P3": 0}


@pytest.mark.parametrize("state", ["confirmed", "released", "expired"])
def test_a_reservation_that_has_ended_is_not_made_again(orders: Orders, state: str) -> None:
    orders.reserve("O1", P1=1)
    if state == "expired":
        lapse("O1")
        expire_reservations()
    else:
        orders.outcomes(state.removesuffix("ed").replace("releas", "release"), "O1")
    response = orders.reserve("O1", P1=1)
    assert response.status_code == 409
    assert (response.json()["type"], response.json()["state"]) == ("urn:ecom:problem:reservation-ended", state)


def test_a_confirmed_hold_never_expires_and_can_be_confirmed_again(orders: Orders) -> None:
    orders.reserve("O1", P1=2)
    lapse("O1")  # late, and not swept yet
    assert orders.outcomes("confirm", "O1") == ["confirmed"]
    expire_reservations()
    assert orders.outcomes("confirm", "O1") == ["confirmed"]
    assert stock()["P1"] == 3


def test_a_hold_that_nobody_confirms_gives_its_units_back_once(orders: Orders) -> None:
    orders.reserve("O1", P1=2, P2=1)
    orders.reserve("O2", P1=1)
    lapse("O1")
    for _ in range(2):
        expire_reservations()
        assert stock() == {"P1": 4, "P2": 2, "P3": 0}
    assert orders.outcomes("confirm", "O1", "O2", "O3") == ["expired", "confirmed", "unknown"]


def test_released_units_go_back_once_whether_they_were_confirmed_or_not(orders: Orders) -> None:
    orders.reserve("O1", P1=2)
    orders.reserve("O2", P1=1, P2=2)
    orders.outcomes("confirm", "O2")
    for _ in range(2):
        assert orders.outcomes("release", "O1", "O2") == ["released", "released"]
        assert stock() == {"P1": 5, "P2": 2, "P3": 0}
    assert orders.outcomes("confirm", "O1", "O2") == ["released", "released"]


def test_a_reservation_that_comes_after_its_release_holds_nothing(orders: Orders) -> None:
    assert orders.outcomes("release", "O1") == ["released"]
    assert orders.reserve("O1", P1=1).status_code == 409
    assert stock()["P1"] == 5


def test_what_was_taken_and_what_is_left_make_up_the_whole(orders: Orders) -> None:
    for number, verb in enumerate(["", "confirm", "release", ""]):
        orders.reserve(f"O{number}", P1=1, P2=1)
        if verb:
            orders.outcomes(verb, f"O{number}")
    lapse("O3")
    expire_reservations()
    kept = ReservationLine.objects.filter(reservation__state__in=["held", "confirmed"], product__product_id="P1")
    assert stock()["P1"] + sum(kept.values_list("quantity", flat=True)) == 5


def test_a_reconciler_reads_what_is_held_and_sold_page_by_page(orders: Orders) -> None:
    for number in range(5):
        orders.reserve(f"O{number}", P1=1)
    orders.outcomes("confirm", "O3")
    orders.outcomes("release", "O1")
    url, seen = f"{RESERVATIONS}?state=held,confirmed&limit=2", []
    while url:
        page = orders("GET", url).json()
        assert serializers.ReservationPageShape().to_representation(page) == page
        seen += [(found["order_id"], found["state"]) for found in page["results"]]
        url, last = page["next"], page
    assert seen == [("O0", "held"), ("O2", "held"), ("O3", "confirmed"), ("O4", "held")]
    assert last["results"][0]["lines"] == [{"product_id": "P1", "quantity": 1}]
    back = orders("GET", last["previous"]).json()
    assert [found["order_id"] for found in back["results"]] == ["O0", "O2"]
    released = orders("GET", f"{RESERVATIONS}?state=released").json()["results"]
    assert [found["order_id"] for found in released] == ["O1"]


def test_a_tombstone_has_no_lines(orders: Orders) -> None:
    orders.outcomes("release", "O1")
    assert orders("GET", f"{RESERVATIONS}?state=released").json()["results"][0]["lines"] == []


def test_ended_reservations_are_kept_for_thirty_days(orders: Orders) -> None:
    for number, days in enumerate([29, 31, 31]):
        orders.reserve(f"O{number}", P1=1)
        orders.outcomes("release" if number < 2 else "confirm", f"O{number}")
        Reservation.objects.filter(order_id=f"O{number}", state="released").update(
            ended_at=Now() - timedelta(days=days)
        )
    purge_reservations()
    assert set(Reservation.objects.values_list("order_id", flat=True)) == {"O0", "O2"}


LINE = {"product_id": "P1", "quantity": 1}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], ""),
        ({}, ""),
        ({"lines": []}, "/lines"),
        ({"lines": [{"product_id": f"P{number}", "quantity": 1} for number in range(101)]}, "/lines"),
        ({"lines": [LINE, {"product_id": "P/2", "quantity": 1}]}, "/lines/1/product_id"),
        ({"lines": [{**LINE, "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{**LINE, "quantity": 1001}]}, "/lines/0/quantity"),
        ({"lines": [{**LINE, "quantity": 1.5}]}, "/lines/0/quantity"),
        ({"lines": [{**LINE, "price": 1}]}, "/lines/0"),
        ({"lines": [LINE, LINE]}, "/lines/1/product_id"),
    ],
)
def test_a_bad_reservation_is_refused_with_the_place(orders: Orders, body, pointer) -> None:
    response = orders("PUT", f"{RESERVATIONS}/O1", body)
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize("verb", ["confirm", "release"])
@pytest.mark.parametrize("order_ids", [None, [], ["O1"] * 501, ["a/b"], [1]])
def test_a_bad_batch_is_refused(orders: Orders, verb, order_ids) -> None:
    response = orders("POST", f"{RESERVATIONS}/{verb}", {"order_ids": order_ids})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"].startswith("/order_ids")


@pytest.mark.parametrize("query", ["state=odd", "limit=0", "limit=501", "cursor=x", "state="])
def test_a_bad_query_is_refused(orders: Orders, query) -> None:
    assert orders("GET", f"{RESERVATIONS}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/O1"), ("POST", "/confirm"), ("POST", "/release"), ("GET", "")],
)
def test_reservations_are_for_services_that_may_reserve(orders: Orders, method, path) -> None:
    callers = [token("U1"), token("U2", kind="staff"), token("importer", kind="service", scope="catalog:write")]
    statuses = [orders(method, RESERVATIONS + path, bearer=bearer).status_code for bearer in (None, *callers)]
    assert statuses == [401, 403, 403, 403]


@pytest.mark.parametrize("lines", [1, 5, 100])
def test_a_reservation_takes_three_statements_whatever_its_lines(orders: Orders, lines, django_assert_num_queries):
    stock_up(*(product(f"N{number}") for number in range(lines)))
    units = {f"N{number}": 1 for number in range(lines)}
    savepoint = 2
    with django_assert_num_queries(3 + savepoint, using="catalog"):
        assert orders.reserve("O1", **units).status_code == 201
    with django_assert_num_queries(2 + savepoint, using="catalog"):
        assert orders.reserve("O1", **units).status_code == 200


def test_a_batch_of_orders_takes_as_many_statements_as_one(orders: Orders, django_assert_num_queries) -> None:
    stock_up(product("N1", stock=1000))
    order_ids = [f"O{number}" for number in range(500)]
    reservations = Reservation.objects.bulk_create(
        Reservation(order_id=order_id, state="held", expires_at=timezone.now()) for order_id in order_ids
    )
    sold = Product.objects.get(product_id="N1")
    ReservationLine.objects.bulk_create(
        ReservationLine(reservation=each, product=sold, quantity=1, title="x", price_amount=1, currency="EUR")
        for each in reservations
    )
    savepoint = 2
    with django_assert_num_queries(2 + savepoint, using="catalog"):
        assert set(orders.outcomes("confirm", *order_ids)) == {"confirmed"}
    with django_assert_num_queries(4 + savepoint, using="catalog"):
        orders.outcomes("release", *order_ids)
    assert stock()["N1"] == 1500


def product_updates() -> tuple[int, int]:
    """How many product rows this session has updated, and how many of them without writing an index."""
    with connections["catalog"].cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'catalog_product'"
        )
        updated, heap_only = cursor.fetchone()
    return updated, heap_only


def test_selling_writes_no_index_of_the_product(orders: Orders) -> None:
    before = product_updates()
    assert orders.reserve("O1", P1=1, P2=1).status_code == 201
    orders.outcomes("release", "O1")
    after = product_updates()
    assert [now - then for now, then in zip(after, before, strict=True)] == [4, 4]
