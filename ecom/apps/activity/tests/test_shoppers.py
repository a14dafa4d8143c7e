"""Simulated shoppers: few products are popular, few views become purchases, and sessions hang together."""

import itertools
import random
from collections import Counter, defaultdict

from ecom.apps.activity.shoppers import OPEN_SESSIONS, Shop

PRODUCTS = [f"P{rank}" for rank in range(1, 501)]


def actions(number, *, seed=1):
    return list(itertools.islice(Shop(PRODUCTS, 1000, random.Random(seed)).actions(), number))


def test_the_same_seed_gives_the_same_shoppers_and_another_gives_others():
    assert actions(500) == actions(500)
    assert actions(500) != actions(500, seed=2)


def test_popularity_falls_with_the_rank_as_zipf_says():
    views = Counter(action.product_id for action in actions(30_000) if action.event_type == "VIEW_PRODUCT")
    assert 1.5 < views["P1"] / views["P2"] < 2.7
    assert 7 < views["P1"] / views["P10"] < 16
    assert len(views) > 400


def test_most_actions_are_views_and_few_are_purchases():
    kinds = Counter(action.event_type for action in actions(30_000))
    assert kinds["VIEW_PRODUCT"] > 0.75 * 30_000
    assert kinds["ADD_TO_CART"] > kinds["PURCHASE"] > 300
    assert kinds["ADD_TO_WISHLIST"] > 300


def test_nobody_buys_what_he_has_not_put_into_the_cart():
    seen = defaultdict(set)
    for action in actions(20_000):
        if action.event_type == "PURCHASE":
            assert "ADD_TO_CART" in seen[action.session_id, action.product_id]
        seen[action.session_id, action.product_id].add(action.event_type)


def test_a_session_is_one_persons_and_as_many_run_side_by_side_as_may():
    shop = Shop(PRODUCTS, 1000, random.Random(3))
    people = defaultdict(set)
    for action in itertools.islice(shop.actions(), 20_000):
        people[action.session_id].add(action.user_id)
    assert all(len(users) == 1 for users in people.values())
    assert len(shop._sessions) == OPEN_SESSIONS
