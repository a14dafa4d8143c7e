"""An order's way from state to state: who may bring it where, and what is left of each step."""

import itertools

import pytest
from prometheus_client import REGISTRY

from ecom.apps.orders.lifecycle import RULES, allowed
from ecom.apps.orders.models import Actor, Order, OrderTransition, OutboxEvent, Status, Stock
from ecom.apps.orders.selectors import UnknownOrder
from ecom.apps.orders.services.transitions import By, bring
from ecom.apps.orders.tests.shop import ADA, BOB, Api, all_at_once, stock_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def order_id(ada: Api) -> str:
    """An order of Ada's whose units the catalog has confirmed."""
    stock_up("P1")
    placed = ada.ordered({"P1": 1})
    Order.objects.update(stock=Stock.SOLD)
    return placed


def step(who: str, order_id: str, to: str, **body: str) -> object:
    return Api(who)("POST", f"/orders/{order_id}/transitions", {"to": to, **body})


def test_an_order_goes_all_the_way_and_keeps_who_when_and_why(ada: Api, order_id: str, statements) -> None:
    with statements() as kinds:
        paid = step("payments", order_id, "PAID", reason="Card 42")
    assert paid.status_code == 200
    assert kinds == ["SELECT", "UPDATE", "INSERT", "SELECT", "INSERT", *["SELECT"] * 3]
    assert step("staff", order_id, "SHIPPED").status_code == 200
    assert step("staff", order_id, "DELIVERED").status_code == 200
    body = ada("GET", f"/orders/{order_id}").json()
    assert body["status"] == "DELIVERED"
    steps = [(each["from"], each["to"], each["actor"], each["reason"]) for each in body["transitions"]]
    assert steps == [
        (None, "PLACED", "customer", ""),
        ("PLACED", "PAID", "service", "Card 42"),
        ("PAID", "SHIPPED", "staff", ""),
        ("SHIPPED", "DELIVERED", "staff", ""),
    ]
    assert list(OrderTransition.objects.values_list("actor_id", flat=True)) == [ADA, "payments", "USTAFF", "USTAFF"]
    assert [each["at"] for each in body["transitions"]] == sorted(each["at"] for each in body["transitions"])


def test_each_step_that_is_committed_is_counted_for_prometheus(
    ada: Api, order_id: str, django_capture_on_commit_callbacks
) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("ecom_orders_transitions_total", {"state": "PAID"}) or 0

    before = counted()
    with django_capture_on_commit_callbacks(using="orders", execute=True):
        step("payments", order_id, "PAID")
        assert counted() == before
    assert counted() == before + 1


def test_each_step_is_an_event_with_the_next_number(order_id: str) -> None:
    step("payments", order_id, "PAID", reason="Card 42")
    step("staff", order_id, "CANCELLED", reason="Ada called")
    events = [event.body for event in OutboxEvent.objects.order_by("id")]
    assert [(event["sequence"], event["previous_status"], event["status"]) for event in events] == [
        (1, None, "PLACED"),
        (2, "PLACED", "PAID"),
        (3, "PAID", "CANCELLED"),
    ]
    assert [event["reason"] for event in events] == ["", "Card 42", ""]  # what a person typed stays with the order
    assert all(event["lines"] == events[0]["lines"] for event in events)


def test_a_step_that_is_not_allowed_is_refused_with_those_that_are(order_id: str) -> None:
    refused = step("staff", order_id, "DELIVERED")
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"] == "urn:ecom:problem:forbidden-transition"
    assert (problem["order_status"], problem["allowed"]) == ("PLACED", ["PAID", "CANCELLED"])
    assert problem["detail"] == "The order is PLACED: it can become PAID, CANCELLED."
    step("staff", order_id, "CANCELLED")
    assert step("staff", order_id, "PAID").json()["allowed"] == []
    assert OrderTransition.objects.count() == 2


def test_a_customer_may_cancel_until_it_is_shipped(ada: Api, order_id: str) -> None:
    step("payments", order_id, "PAID")
    step("staff", order_id, "SHIPPED")
    refused = ada("POST", f"/orders/{order_id}/cancel", {})
    assert refused.status_code == 409
    assert refused.json()["allowed"] == []
    again = Api(ADA).ordered({"P1": 1})
    step("payments", again, "PAID")
    cancelled = ada("POST", f"/orders/{again}/cancel", {"reason": "Too late for the party"})
    assert cancelled.status_code == 200
    assert cancelled.json()["transitions"][-1]["reason"] == "Too late for the party"
    assert Order.objects.get(order_id=again).stock == Stock.RETURNING
    assert ada("POST", f"/orders/{again}/cancel", {}).status_code == 409


def test_the_units_of_a_refunded_order_do_not_come_back_by_themselves(order_id: str) -> None:
    for to in ("PAID", "SHIPPED", "DELIVERED", "REFUNDED"):
        assert step("staff", order_id, to).status_code == 200
    assert Order.objects.get().stock == Stock.SOLD


def test_nothing_is_shipped_before_the_catalog_has_confirmed_its_units(order_id: str) -> None:
    Order.objects.update(stock=Stock.HELD)
    assert step("staff", order_id, "PAID").status_code == 200
    refused = step("staff", order_id, "SHIPPED")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:ecom:problem:stock-not-confirmed"
    assert int(refused["Retry-After"]) > 0
    Order.objects.update(stock=Stock.SOLD)
    assert step("staff", order_id, "SHIPPED").status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "/to"), ({"to": "LOST"}, "/to"), ({"to": "PAID", "reason": "x" * 501}, "/reason"), ({"to": ["PAID"]}, "/to")],
)
def test_a_step_that_is_not_understood_is_refused_by_name(order_id: str, body: object, pointer: str) -> None:
    response = Api("staff")("POST", f"/orders/{order_id}/transitions", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == pointer


def test_every_state_leads_to_an_end_and_only_two_are_ends() -> None:
    ends = {status for status in Status if not any(rule.before == status for rule in RULES)}
    assert ends == {Status.CANCELLED, Status.REFUNDED}
    reached, seen = {Status.PLACED}, set()
    while reached - seen:
        seen |= reached
        reached |= {rule.after for rule in RULES if rule.before in seen}
    assert reached == set(Status)


def test_customers_and_the_system_may_only_cancel_and_only_before_it_is_shipped() -> None:
    for actor, before in itertools.product((Actor.CUSTOMER, Actor.SYSTEM), Status):
        expected = ["CANCELLED"] if before in (Status.PLACED, Status.PAID) else []
        assert allowed(before=before, actor=actor) == expected


@pytest.mark.django_db(transaction=True)
def test_of_steps_at_once_one_wins_and_the_others_see_what_it_did(busy_shop: None) -> None:
    stock_up("P1")
    order_id = Api(ADA).ordered({"P1": 1})

    def cancelled() -> int:
        return Api(ADA)("POST", f"/orders/{order_id}/cancel", {}).status_code

    def paid() -> int:
        return step("payments", order_id, "PAID").status_code

    answers = all_at_once("orders_order", [*[cancelled] * 3, *[paid] * 3])
    assert answers[:3].count(200) == 1
    assert answers[3:].count(200) <= 1
    transitions = list(OrderTransition.objects.order_by("sequence"))
    assert [transition.sequence for transition in transitions] == list(range(1, len(transitions) + 1))
    assert [event.body["sequence"] for event in OutboxEvent.objects.order_by("id")] == [
        transition.sequence for transition in transitions
    ]
    for earlier, later in itertools.pairwise(transitions):
        assert later.from_status == earlier.to_status


def test_a_customer_brings_nobody_elses_order_anywhere(order_id: str) -> None:
    with pytest.raises(UnknownOrder):
        bring(order_id=order_id, to="CANCELLED", by=By(Actor.CUSTOMER, BOB))
