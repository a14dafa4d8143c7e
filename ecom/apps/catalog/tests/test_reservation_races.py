"""Many at once, each with a connection of its own: nothing is sold twice, and nobody waits for ever."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.models import F

from ecom.apps.catalog.models import Product, Reservation, ReservationLine
from ecom.apps.catalog.services.products import upsert_products
from ecom.apps.catalog.services.reservations import (
    OutOfStock,
    ReservationEnded,
    confirm,
    expire_reservations,
    release,
    reserve,
)
from ecom.apps.catalog.tests.conftest import product, stock_up

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(calls: Sequence[Callable[[], Any]], *, held_up: Sequence[str] = (), waiting: int = 0) -> list[Any]:
    """What each call returned, or which refusal it raised; any other error, a deadlock above all, is raised here.

    Products in `held_up` are locked until so many calls wait, by default all: a race without luck.
    """

    def result(call: Callable[[], Any]) -> Any:
        try:
            with connections["catalog"].cursor() as cursor:  # on a busy machine the last comes late
                cursor.execute("SET lock_timeout = '60s'; SET statement_timeout = '60s'")
            return call()
        except (OutOfStock, ReservationEnded) as refused:
            return type(refused)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        with transaction.atomic(using="catalog"):
            list(Product.objects.filter(product_id__in=held_up).locked())
            running = [pool.submit(result, call) for call in calls]
            if held_up:
                _wait_for_lock_waiters(waiting or len(calls))
        return [future.result(timeout=60) for future in running]


def _wait_for_lock_waiters(number: int) -> None:
    deadline, waiting = time.monotonic() + 20, -1
    while waiting < number:
        assert time.monotonic() < deadline, f"{waiting} of {number} wait"
        with connections["catalog"].cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            (waiting,) = cursor.fetchone()
        time.sleep(0.02)


def reserved(product_id: str) -> int:
    """Units of a product that are held or sold."""
    kept = ReservationLine.objects.filter(reservation__state__in=["held", "confirmed"], product__product_id=product_id)
    return sum(kept.values_list("quantity", flat=True))


def test_the_last_unit_is_sold_to_one_of_eight() -> None:
    stock_up(product("P1", stock=1))
    results = all_at_once([lambda n=n: reserve(order_id=f"O{n}", lines={"P1": 1}) for n in range(8)], held_up=["P1"])
    assert Counter(result is OutOfStock for result in results) == {True: 7, False: 1}
    assert Product.objects.get().stock == 0
    assert Reservation.objects.count() == 1


def test_mixed_carts_in_different_orders_of_lines_sell_what_there_is_and_no_more() -> None:
    ids = [f"P{number}" for number in range(6)]
    stock_up(*(product(product_id, stock=12) for product_id in ids))
    dice = random.Random(7)
    carts = [{product_id: dice.randint(1, 2) for product_id in dice.sample(ids, 3)} for _ in range(40)]
    results = all_at_once(
        [lambda n=n, cart=cart: reserve(order_id=f"O{n}", lines=cart) for n, cart in enumerate(carts)]
    )
    sold = [cart for cart, result in zip(carts, results, strict=True) if result is not OutOfStock]
    assert 0 < len(sold) < len(carts)
    for found in Product.objects.all():
        assert found.stock == 12 - sum(cart.get(found.product_id, 0) for cart in sold) >= 0
        assert found.stock + reserved(found.product_id) == 12


def test_the_same_order_eight_times_at_once_is_one_hold_with_eight_equal_answers() -> None:
    stock_up(product("P1", stock=5), product("P2", stock=5))
    carts = [{"P1": 1, "P2": 2}, {"P2": 2, "P1": 1}] * 4
    results = all_at_once([lambda cart=cart: reserve(order_id="O1", lines=cart) for cart in carts], held_up=["P1"])
    assert Counter(new for _, new in results) == {True: 1, False: 7}
    assert all(hold == results[0][0] for hold, _ in results)
    assert [(found.product_id, found.stock) for found in Product.objects.order_by("pk")] == [("P1", 4), ("P2", 3)]


def test_an_order_refused_eight_times_at_once_leaves_nothing() -> None:
    stock_up(product("P1", stock=1))
    results = all_at_once([lambda: reserve(order_id="O1", lines={"P1": 2})] * 8, held_up=["P1"])
    assert results == [OutOfStock] * 8
    assert not Reservation.objects.exists()


def test_an_order_that_is_reserved_and_released_at_once_has_nothing_in_the_end() -> None:
    stock_up(product("P1", stock=20))
    calls: list[Callable[[], Any]] = []
    for number in range(20):
        taking = partial(reserve, order_id=f"O{number}", lines={"P1": 1})
        giving = partial(release, order_ids=[f"O{number}"])
        calls += [taking, giving] if number % 2 else [giving, taking]
    all_at_once(calls, held_up=["P1"], waiting=3)
    assert Product.objects.get().stock == 20
    assert set(Reservation.objects.values_list("state", flat=True)) == {"released"}


def test_every_writer_of_products_and_reservations_at_once_neither_deadlocks_nor_loses_a_unit() -> None:
    """Reservations, batches of releases and confirmations, sweeps, imports of old and new products, bulk changes."""
    ids = [f"P{number}" for number in range(30)]
    for product_id in sorted(ids, reverse=True):  # so that public ids and primary keys are in opposite orders
        stock_up(product(product_id, stock=1000))
    dice = random.Random(11)
    orders = [f"O{number}" for number in range(60)]

    def buy(order_id: str, cart: dict[str, int]) -> None:
        reserve(order_id=order_id, lines=cart)

    def bring(start: int) -> None:
        rows = [product(product_id, f"By {start}", stock=None) for product_id in dice.sample(ids, 30)]
        new = [product(f"N{number}", category=("New", f"Part {number % 5}")) for number in range(start, start + 10)]
        upsert_products(rows=[*rows, *new])

    def restock() -> None:
        with transaction.atomic(using="catalog"):
            chosen = [found.pk for found in Product.objects.filter(product_id__in=dice.sample(ids, 15)).locked()]
            Product.objects.filter(pk__in=chosen).update(brand=F("brand"))

    calls: list[Callable[[], Any]] = [
        lambda order_id=order_id: buy(order_id, dict.fromkeys(dice.sample(ids, 4), 1)) for order_id in orders
    ]
    for number in range(8):
        batch = dice.sample(orders, 20)
        calls += [
            lambda batch=batch: release(order_ids=batch),
            lambda batch=batch: confirm(order_ids=list(reversed(batch))),
            lambda number=number: bring(number * 5),
            restock,
            expire_reservations,
        ]
    dice.shuffle(calls)
    for part in range(0, len(calls), 25):
        all_at_once(calls[part : part + 25], held_up=dice.sample(ids, 3), waiting=5)
    for product_id in ids:
        assert Product.objects.get(product_id=product_id).stock + reserved(product_id) == 1000
