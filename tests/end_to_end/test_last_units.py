"""Many buyers, few units: what is there is sold, once, and nobody is refused without a reason."""

import random
from collections import Counter
from functools import partial
from uuid import uuid4

import pytest

from tests.end_to_end.conftest import Platform
from tests.end_to_end.shop import Answer, Items, Shop, at_once, side_by_side
from tests.end_to_end.waiting import wait_for


@pytest.fixture
def shop(live_platform: Platform) -> Shop:
    return Shop(live_platform.stack)


def new_products(count: int) -> list[str]:
    return [f"R{uuid4().hex[:12]}" for _ in range(count)]


def sold(answers: list[Answer]) -> Counter[str]:
    """The units that buyers were promised."""
    units = Counter[str]()
    for answer in answers:
        if answer.status == 201:
            units.update({line["product_id"]: line["quantity"] for line in answer.json()["lines"]})
    return units


def assert_refused_for_what_was_short(answer: Answer, asked: Items, stocked: Items) -> None:
    """A 409 that names products of this order, each with less than was asked for at that moment."""
    problem = answer.json()
    assert answer.status == 409, answer.body
    assert problem["type"] == "urn:ecom:problem:out-of-stock"
    assert problem["shortages"]
    for shortage in problem["shortages"]:
        assert shortage["requested"] == asked[shortage["product_id"]]
        assert 0 <= shortage["available"] < shortage["requested"]
        assert shortage["available"] <= stocked[shortage["product_id"]]


def assert_balanced(shop: Shop, stocked: Items, answers: list[Answer]) -> None:
    """What can be sold and what orders have is together what there was; orders have what was promised."""
    left, reserved = shop.stock(stocked), shop.reserved(stocked)
    assert +reserved == sold(answers)
    assert {name: left[name] + reserved[name] for name in stocked} == stocked


def test_eight_buyers_of_the_last_unit_are_one_order_every_time(shop: Shop) -> None:
    for product_id in new_products(5):
        shop.stock_up({product_id: 1})
        answers = at_once([partial(buyer.order, {product_id: 1}) for buyer in shop.buyers(8)])
        assert Counter(answer.status for answer in answers) == {201: 1, 409: 7}
        for answer in answers:
            if answer.status == 409:
                assert_refused_for_what_was_short(answer, {product_id: 1}, {product_id: 1})
        assert_balanced(shop, {product_id: 1}, answers)


def test_two_hundred_buyers_of_fifty_units_get_exactly_fifty(shop: Shop) -> None:
    (product_id,) = new_products(1)
    stocked = {product_id: 50}
    shop.stock_up(stocked)
    answers = side_by_side([partial(buyer.order, {product_id: 1}) for buyer in shop.buyers(200)])
    assert Counter(answer.status for answer in answers) == {201: 50, 409: 150}
    assert_balanced(shop, stocked, answers)


@pytest.mark.check_all
def test_two_hundred_mixed_carts_get_never_more_than_there_is(shop: Shop) -> None:
    dice = random.Random(7)
    stocked = {product_id: dice.randint(5, 60) for product_id in new_products(10)}
    shop.stock_up(stocked)
    carts = [
        {name: dice.randint(1, 4) for name in dice.sample(list(stocked), k=dice.randint(1, 5))} for _ in range(200)
    ]
    buyers = shop.buyers(200)
    side_by_side([partial(buyer.fill_cart, cart) for buyer, cart in zip(buyers, carts, strict=True)])
    answers = side_by_side([buyer.order for buyer in buyers])
    for answer, cart in zip(answers, carts, strict=True):
        if answer.status != 201:
            assert_refused_for_what_was_short(answer, cart, stocked)
    assert_balanced(shop, stocked, answers)
    assert sold(answers).total() > 0.9 * sum(stocked.values()) - 4 * len(stocked), "much was left unsold"


def test_one_key_sent_eight_times_at_once_is_one_order_and_eight_equal_answers(shop: Shop) -> None:
    (product_id,) = new_products(1)
    shop.stock_up({product_id: 10})
    (buyer,) = shop.buyers(1)
    answers = at_once([partial(buyer.order, {product_id: 2}, key=uuid4().hex)] * 8)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert_balanced(shop, {product_id: 10}, answers[:1])


def test_what_is_cancelled_can_be_sold_again(shop: Shop) -> None:
    (product_id,) = new_products(1)
    shop.stock_up({product_id: 1})
    first, second = shop.buyers(2)
    order = first.order({product_id: 1}).json()
    assert second.order({product_id: 1}).status == 409
    assert first.cancel(order["order_id"]).status == 200
    wait_for(lambda: shop.stock([product_id])[product_id] == 1, seconds=60, what="the unit's return")
    again = second.order({product_id: 1})
    assert again.status == 201
    assert_balanced(shop, {product_id: 1}, [again])
