"""A customer's erasure on its way from customers to orders: outbox, relay, Kafka, reader."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from ecom.apps.customers.models import Account
from ecom.apps.customers.services.closing import erase
from ecom.apps.customers.tasks import OUTBOX
from ecom.apps.orders import tasks
from ecom.apps.orders.models import Order, Status
from ecom.common import outbox
from ecom.common.outbox import relay
from local.provision import create_topics
from local.servers import Kafka

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _topics(kafka: Kafka, settings) -> Iterator[None]:
    create_topics(kafka.bootstrap_servers)
    settings.KAFKA_BOOTSTRAP_SERVERS = [kafka.bootstrap_servers]
    yield
    outbox._forget_producer()


def order_of(customer_id: str, status: Status = Status.DELIVERED) -> Order:
    where = {"recipient": "Ada L.", "line1": "Main Street 1", "city": "Berlin", "country": "DE"}
    return Order.objects.create(
        customer_id=customer_id, status=status, currency="EUR", total_amount=1999, placed_at=timezone.now(), **where
    )


def addresses_of(customer_id: str) -> set[str]:
    return set(Order.objects.filter(customer_id=customer_id).values_list("line1", flat=True))


def test_an_erased_customers_orders_stay_without_the_person() -> None:
    ada, bob = (Account.objects.create_user(f"{name}@example.com") for name in ("ada", "bob"))
    for account in (ada, bob):
        order_of(account.public_id)
    erase(customer_id=ada.public_id)
    tasks.consume_customer_events()
    assert addresses_of(ada.public_id) == {"Main Street 1"}, "nobody was told yet"
    relay(OUTBOX, seconds=0)
    tasks.consume_customer_events()
    assert addresses_of(ada.public_id) == {""}
    assert addresses_of(bob.public_id) == {"Main Street 1"}


def test_an_order_placed_with_a_token_that_outlived_the_account_is_caught_too(monkeypatch) -> None:
    ada = Account.objects.create_user("ada@example.com")
    erase(customer_id=ada.public_id)
    relay(OUTBOX, seconds=0)
    tasks.consume_customer_events()
    order_of(ada.public_id, Status.PLACED)
    tasks.consume_customer_events()
    assert {order.person_erased for order in Order.objects.all()} == {True}
    monkeypatch.setattr(tasks, "TOKENS_OUTLIVE_ERASURE", timedelta())
    tasks.consume_customer_events()
    order_of(ada.public_id, Status.PLACED)
    tasks.consume_customer_events()
    assert {order.person_erased for order in Order.objects.all()} == {True, False}, "read for good"


def test_an_erasure_that_fails_comes_again(monkeypatch) -> None:
    ada = Account.objects.create_user("ada@example.com")
    order_of(ada.public_id)
    erase(customer_id=ada.public_id)
    relay(OUTBOX, seconds=0)
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "anonymise_customer", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tasks.consume_customer_events()
    tasks.consume_customer_events()
    assert addresses_of(ada.public_id) == {""}
