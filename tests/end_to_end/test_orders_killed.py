"""The orders process dies in the middle of an order, at each point in turn: stock and orders still agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import urllib3

from local.processes import command_environment
from tests.end_to_end.conftest import Platform
from tests.end_to_end.shop import Answer, Buyer, Shop
from tests.end_to_end.waiting import wait_for
from tests.service_process import running_service

HOLD_SECONDS = 3
STOCK = 100
LEAST_POINTS = 10
MOST_POINTS = 60
STILL_RUNNING = "urn:ecom:problem:still-running"


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
    catalog = {**command_environment("catalog", stack), "ECOM_RESERVATION_SECONDS": str(HOLD_SECONDS)}
    with running_service("catalog", tmp_path, **catalog) as short_holds:
        orders = {
            **command_environment("orders", stack),
            "ECOM_UPSTREAM_CATALOG": short_holds.public,
            "DJANGO_SETTINGS_MODULE": "tests.faults.dying_settings",
            "DIE_AT": str(die_at),
        }
        with running_service("orders", tmp_path, **orders) as process:
            yield DyingOrders(Shop(stack, orders=process.public), die_at)


def final_answer(buyer: Buyer, product_id: str, key: str) -> Answer:
    """What the buyer is answered in the end; the lease of a dead process runs for some seconds."""
    answers: list[Answer] = []

    def is_final() -> bool:
        answers.append(buyer.order({product_id: 1}, key=key))
        return answers[-1].json().get("type") != STILL_RUNNING

    wait_for(is_final, seconds=60, what="an answer")
    return answers[-1]


@pytest.mark.check_all
def test_each_death_ends_in_an_order_with_its_unit_or_in_neither(dying: DyingOrders) -> None:
    product_id = f"R{uuid4().hex[:12]}"
    dying.shop.stock_up({product_id: STOCK})
    faithful: list[tuple[Buyer, str]] = []
    fickle: list[Buyer] = []
    for point in range(1, MOST_POINTS):
        one, other = dying.shop.buyers(2)
        faithful.append((one, uuid4().hex))
        if not dying.order_dying_at(point, one, product_id, key=faithful[-1][1]):
            break
        fickle.append(other)
        dying.order_dying_at(point, other, product_id, key=uuid4().hex)
    assert LEAST_POINTS < point < MOST_POINTS - 1, "an order passes some dozen points"

    for buyer, key in faithful:  # who asks again gets one order
        answer = final_answer(buyer, product_id, key)
        assert answer.status == 201, answer.body
        assert [order["order_id"] for order in buyer.orders()] == [answer.json()["order_id"]]
    buyers = [buyer for buyer, _ in faithful] + fickle
    orders = sum(len(buyer.orders()) for buyer in buyers)  # who does not ask again has one or none
    assert len(faithful) < orders < len(buyers)

    def settled() -> bool:
        """Units are sold as orders stand: one whose hold ended before a busy worker confirmed it was cancelled."""
        standing = sum(order["status"] == "PLACED" for buyer in buyers for order in buyer.orders())
        left, sold = dying.shop.stock([product_id]), dying.shop.reserved([product_id], states="confirmed")
        return (left[product_id], sold[product_id]) == (STOCK - standing, standing)

    wait_for(settled, seconds=60, what="as many units sold as orders stand, and the others left")
    assert dying.shop.reserved([product_id], states="held")[product_id] == 0
