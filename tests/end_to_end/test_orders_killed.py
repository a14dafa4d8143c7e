"""The orders process dies in the middle of an order, at each point in turn: stock and orders still agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import urllib3

from local.processes import command_environment
from tests.end_to_end.conftest import Platform
from tests.end_to_end.shop import Buyer, Shop
from tests.end_to_end.waiting import wait_for
from tests.service_process import running_service

HOLD_SECONDS = 3
STOCK = 100
LEAST_POINTS = 10
MOST_POINTS = 60


@dataclass(frozen=True, slots=True)
class DyingOrders:
    """An orders process of its own, over the platform's databases, that dies where it is told to."""

    shop: Shop
    die_at: Path

    def order_dying_at(self, point: int, buyer: Buyer, product_id: str, *, key: str) -> bool:
        """Send an order; whether the process died of it rather than answering."""
        self.die_at.write_text(str(point))
        try:
            answer = self.shop.send_once("POST", "/orders", buyer.order_body({product_id: 1}), buyer.order_headers(key))
        except urllib3.exceptions.ProtocolError:
            return True
        finally:
            died = not self.die_at.exists()
            self.die_at.unlink(missing_ok=True)
        assert answer.status == 201, answer.body
        return died


@pytest.fixture
def dying(live_platform: Platform, tmp_path: Path) -> Iterator[DyingOrders]:
    """Orders over a catalog whose holds end soon, so that what was abandoned comes back within the test."""
    stack, die_at = live_platform.stack, tmp_path / "die-at"
    catalog = {**command_environment("catalog", stack), "ECOM_HOLD_SECONDS": str(HOLD_SECONDS)}
    with running_service("catalog", tmp_path, **catalog) as short_holds:
        orders = {
            **command_environment("orders", stack),
            "ECOM_UPSTREAM_CATALOG": short_holds.public,
            "DJANGO_SETTINGS_MODULE": "tests.faults.dying_settings",
            "DIE_AT": str(die_at),
        }
        with running_service("orders", tmp_path, **orders) as process:
            yield DyingOrders(Shop(stack, orders=process.public), die_at)


def test_each_death_ends_in_an_order_with_its_unit_or_in_neither(dying: DyingOrders) -> None:
    product_id, kept = f"R{uuid4().hex[:12]}", 0
    dying.shop.stock_up({product_id: STOCK})
    for point in range(1, MOST_POINTS):
        faithful, fickle = dying.shop.buyers(2)
        key = uuid4().hex
        died = dying.order_dying_at(point, faithful, product_id, key=key)
        if not died:
            break
        dying.order_dying_at(point, fickle, product_id, key=uuid4().hex)  # who never asks again
        answer = faithful.order({product_id: 1}, key=key)  # who does, gets the one order
        assert answer.status == 201, answer.body
        assert [order["order_id"] for order in faithful.orders()] == [answer.json()["order_id"]]
        kept += 1 + len(fickle.orders())
    assert LEAST_POINTS < point < MOST_POINTS - 1
    kept += 1

    def settled() -> bool:
        left, reserved = dying.shop.stock([product_id]), dying.shop.reserved([product_id])
        return reserved[product_id] == kept and left[product_id] == STOCK - kept

    wait_for(settled, seconds=60, what=f"{kept} units reserved and {STOCK - kept} left")
    assert dying.shop.reserved([product_id], states="confirmed")[product_id] == kept
