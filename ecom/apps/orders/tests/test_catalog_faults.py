"""A catalog that is away, slow, or answers badly: carts stay readable, and no order is half placed."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connections

from ecom.apps.orders.clients import catalog
from ecom.apps.orders.models import IdempotencyKey, Order, Stock
from ecom.apps.orders.tasks import settle_reservations
from ecom.apps.orders.tests import bad_catalog
from ecom.apps.orders.tests.bad_catalog import BadCatalog, Behaviour, answers, says
from ecom.apps.orders.tests.shop import ADA, Api, stock_of, stock_up, units_reserved, wait_until

pytestmark = pytest.mark.django_db
KEY = "a-key-of-one-order"

BAD = {
    "is silent": bad_catalog.is_silent,
    "drips": bad_catalog.drips,
    "hangs up": bad_catalog.hangs_up,
    "speaks no HTTP": says(b"220 mail.example.com ESMTP\r\n"),
    "fails": answers("500 Internal Server Error", b"{}"),
    "is overloaded": answers("503 Service Unavailable", b"{}"),
    "knows no such token": answers("401 Unauthorized", b'{"type": "urn:ecom:problem:unauthorized"}'),
    "refuses for no known reason": answers("409 Conflict", b'{"type": "urn:ecom:problem:conflict"}'),
    "redirects": says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    "answers no JSON": answers(body=b"<html>"),
    "answers another shape": answers(body=b'{"results": [{"product_id": 7}], "lines": 7}'),
    "breaks off": answers(body=b'{"results": [', length=500),
    "does not end": answers(body=b" " * (catalog.MAX_ANSWER + 1)),
}


@pytest.fixture
def with_catalog(shop: None, settings, monkeypatch) -> Callable[..., object]:
    """Puts a bad catalog in the place of the real one, for a while."""
    stock_up("P1")
    for name in ("PRODUCTS_SECONDS", "RESERVATION_SECONDS", "BATCH_SECONDS"):
        monkeypatch.setattr(catalog, name, 0.4)
    # The token comes from customers, which is well; got beforehand, as it is kept.
    catalog._authorization()

    @contextmanager
    def put(*behaviours: Behaviour) -> Iterator[BadCatalog]:
        well = settings.UPSTREAMS
        with BadCatalog(well["catalog"], list(behaviours)) as bad:
            settings.UPSTREAMS = {**well, "catalog": bad.url}
            yield bad
        settings.UPSTREAMS = well

    return put


@pytest.mark.parametrize("fault", BAD)
def test_while_the_catalog_is_not_well_carts_are_readable_and_nothing_is_promised(
    ada: Api, with_catalog, fault: str
) -> None:
    ada.add("P1", 2)
    with with_catalog(BAD[fault]):
        started = time.monotonic()
        body = ada("GET", "/cart").json()
        added = ada("POST", "/cart/add", {"product_id": "P1", "quantity": 1})
        ordered = ada.order(key=KEY)
        assert time.monotonic() - started < 10
    (item,) = body["items"]
    assert (item["product_id"], item["quantity"], item["title"]) == ("P1", 2, "Thing P1")
    unknown = ("unit_price", "line_total", "available", "stock")
    assert [item[name] for name in unknown] == [None] * 4
    assert (item["changes"], body["totals"], body["prices_known"]) == ([], [], False)
    for refused in (added, ordered):
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:ecom:problem:catalog-unavailable"
        assert int(refused["Retry-After"]) > 0
    assert ada.cart() == {"P1": 2}
    assert not Order.objects.exists()
    assert ada.order(key=KEY).status_code == 201  # the same key, at once


def test_a_catalog_that_is_away_is_no_different(ada: Api, settings) -> None:
    stock_up("P1")
    ada.add("P1")
    well = settings.UPSTREAMS
    settings.UPSTREAMS = {**well, "catalog": "http://127.0.0.1:1"}
    assert ada("GET", "/cart").json()["prices_known"] is False
    assert ada("PATCH", "/cart/items/P1", {"quantity": 3}).json()["item_count"] == 3
    assert ada.order().status_code == 503
    settle_reservations()  # says so in the log, and comes again
    settings.UPSTREAMS = well
    assert ada("GET", "/cart").json()["prices_known"] is True


@pytest.mark.parametrize("fault", [bad_catalog.does_it_and_hangs_up, bad_catalog.does_it_and_is_silent])
def test_when_the_answer_is_lost_the_same_key_finds_the_same_units(ada: Api, with_catalog, fault: Behaviour) -> None:
    with with_catalog(fault):
        assert ada.order({"P1": 2}, key=KEY).status_code == 503
    assert (stock_of("P1"), units_reserved("P1")) == (8, 2)
    assert not Order.objects.exists()
    held = IdempotencyKey.objects.get().order_id
    answer = ada.order({"P1": 2}, key=KEY)
    assert answer.status_code == 201
    assert answer.json()["order_id"] == held
    assert (stock_of("P1"), units_reserved("P1")) == (8, 2)


def test_a_connection_that_was_closed_before_the_answer_is_tried_once_more(ada: Api, with_catalog) -> None:
    with with_catalog(bad_catalog.does_it_and_hangs_up, bad_catalog.does_it) as bad:
        assert ada.order({"P1": 2}).status_code == 201
    assert [request.method for request in bad.requests] == ["PUT", "PUT"]
    assert bad.requests[0] == bad.requests[1]
    assert (stock_of("P1"), units_reserved("P1")) == (8, 2)


def test_an_answer_about_other_lines_places_no_order(ada: Api, with_catalog) -> None:
    line = b'{"product_id": "P1", "quantity": %d, "title": "T", "price": {"amount": 1, "currency": "EUR"}}'
    for lines in (line % 3, b"", (line % 2).replace(b"P1", b"P2")):
        with with_catalog(answers(body=b'{"lines": [%s]}' % lines)):
            assert ada.order({"P1": 2}).status_code == 503
    assert not Order.objects.exists()


def test_units_that_are_not_needed_are_left_to_their_end_if_the_catalog_does_not_hear(ada: Api, with_catalog) -> None:
    stock_up("P2", currency="USD")
    with with_catalog(bad_catalog.does_it, bad_catalog.is_silent):
        assert ada.order({"P1": 1, "P2": 1}).status_code == 422
    assert not Order.objects.exists()
    assert units_reserved("P1") == 1


@pytest.mark.parametrize("fault", ["is silent", "hangs up", "fails", "answers another shape"])
def test_settling_goes_on_when_the_catalog_is_well_again(ada: Api, with_catalog, fault: str, caplog) -> None:
    kept, dropped = ada.ordered({"P1": 1}), ada.ordered({"P1": 1})
    ada("POST", f"/orders/{dropped}/cancel", {})
    with with_catalog(BAD[fault]):
        settle_reservations()
    assert "not settled" in caplog.text
    assert set(Order.objects.values_list("stock", flat=True)) == {Stock.HELD, Stock.RETURNING}
    settle_reservations()
    assert dict(Order.objects.values_list("order_id", "stock")) == {kept: Stock.SOLD, dropped: Stock.RETURNED}


def test_a_confirmation_whose_answer_is_lost_is_sent_again(ada: Api, with_catalog) -> None:
    ada.ordered({"P1": 1})
    with with_catalog(bad_catalog.does_it_and_is_silent):
        settle_reservations()
    assert Order.objects.get().stock == Stock.HELD
    settle_reservations()
    assert (Order.objects.get().stock, stock_of("P1")) == (Stock.SOLD, 9)


def test_calls_carry_the_requests_id_and_a_token_for_the_catalog_alone(ada: Api, with_catalog) -> None:
    with with_catalog(bad_catalog.does_it) as bad:
        ada("GET", "/cart", **{"X-Request-ID": "before-the-first-item"})
        ada("POST", "/cart/add", {"product_id": "P1", "quantity": 1}, **{"X-Request-ID": "one-request"})
        ada.order()
    read, held = bad.requests
    assert read.headers["x-request-id"] == "one-request"
    assert "authorization" not in read.headers
    assert held.headers["authorization"].startswith("Bearer ")


def test_without_a_token_of_its_own_no_order_is_placed(ada: Api, settings) -> None:
    stock_up("P1")
    settings.UPSTREAMS = {**settings.UPSTREAMS, "customers": "http://127.0.0.1:1"}
    assert ada.order({"P1": 1}).status_code == 503
    assert stock_of("P1") == 10


@pytest.mark.django_db(transaction=True)
def test_a_stuck_catalog_takes_only_so_many_requests(busy_shop: None, settings, monkeypatch) -> None:
    stock_up("P1")
    Api(ADA).add("P1")
    settings.REQUESTS_IN_FLIGHT = 2
    monkeypatch.setattr(catalog, "POOL_SECONDS", 0.05)

    def read() -> tuple[bool, float]:
        started = time.monotonic()
        try:
            known = Api(ADA)("GET", "/cart").json()["prices_known"]
        finally:
            connections.close_all()
        return known, time.monotonic() - started

    with BadCatalog(settings.UPSTREAMS["catalog"], [bad_catalog.is_silent]) as bad, ThreadPoolExecutor(6) as pool:
        settings.UPSTREAMS = {**settings.UPSTREAMS, "catalog": bad.url}
        monkeypatch.setattr(catalog, "PRODUCTS_SECONDS", 30.0)
        stuck = [pool.submit(read) for _ in range(2)]
        wait_until(lambda: len(bad.requests) == 2)
        others = [pool.submit(read).result(timeout=20) for _ in range(4)]
        bad.stopped.set()
        assert {known for known, _ in others} == {False}
        assert max(seconds for _, seconds in others) < 20
        assert [each.result(timeout=40)[0] for each in stuck] == [False, False]
    assert len(bad.requests) <= 4  # each of the stuck is tried once more
