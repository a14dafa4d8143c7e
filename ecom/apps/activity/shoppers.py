"""Simulated shoppers: sessions that look at popular products, put some aside, and buy a few.

Popularity follows Zipf's law; a session is a handful of views, some of which lead to the cart, the wish list and the
till. The same seed over the same catalogue gives the same sessions.
"""

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

ZIPF_EXPONENT = 1.05
MEAN_VIEWS = 5
# A view leads on with these chances; most of what is put into a cart is never bought.
CART, WISHLIST, PURCHASE = 0.12, 0.05, 0.35
OPEN_SESSIONS = 200


class Action(NamedTuple):
    """What one shopper does next."""

    user_id: str
    session_id: str
    product_id: str
    event_type: str


@dataclass
class Shop:
    """An endless stream of what `shoppers` different people do with `products`, most popular first."""

    products: Sequence[str]
    shoppers: int
    chance: random.Random
    _sessions: list[Iterator[Action]] = field(default_factory=list)

    def __post_init__(self) -> None:
        popularity = [rank**-ZIPF_EXPONENT for rank in range(1, len(self.products) + 1)]
        self._shares = list(accumulate(popularity))

    def actions(self) -> Iterator[Action]:
        """One action after another, from sessions that run side by side."""
        while True:
            if len(self._sessions) < OPEN_SESSIONS:
                self._sessions.append(self._session())
            at = self.chance.randrange(len(self._sessions))
            action = next(self._sessions[at], None)
            if action is None:
                self._sessions[at] = self._session()
            else:
                yield action

    def _session(self) -> Iterator[Action]:
        user_id = f"S{self.chance.randrange(self.shoppers)}"
        session_id = f"{self.chance.getrandbits(64):016x}"
        for _ in range(1 + int(self.chance.expovariate(1 / MEAN_VIEWS))):
            product_id = self._popular_product()
            for event_type in self._interest():
                yield Action(user_id, session_id, product_id, event_type)

    def _interest(self) -> Iterator[str]:
        yield "VIEW_PRODUCT"
        if self.chance.random() < WISHLIST:
            yield "ADD_TO_WISHLIST"
        if self.chance.random() < CART:
            yield "ADD_TO_CART"
            if self.chance.random() < PURCHASE:
                yield "PURCHASE"

    def _popular_product(self) -> str:
        return self.products[bisect(self._shares, self.chance.random() * self._shares[-1])]
