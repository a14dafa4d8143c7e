"""The relay of an outbox over a real PostgreSQL and a real Kafka."""

import signal
import subprocess
import sys
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections, transaction
from django.db.models.functions import Now
from prometheus_client import REGISTRY

from ecom.apps.activity.tests.topic import Found
from ecom.apps.activity.tests.topic import Topic as TopicReader
from ecom.apps.activity.tests.waiting import wait_for
from ecom.apps.orders.models import ALIAS, OutboxEvent
from ecom.common import outbox
from ecom.common.outbox import Outbox, purge_published, relay
from ecom.contracts.order_event import ORDER_EVENT, Money, OrderEvent, OrderLine
from ecom.contracts.published import outbox_body
from local.provision import Topic, create_topics
from local.servers import Kafka
from tests.service_process import REPOSITORY, databases, environment_of

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = OutboxEvent._meta.db_table
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
# A relay that is killed after Kafka has its events and before it could say so.
KILLED_RELAY = """
import os, signal, sys
import django
django.setup()
from ecom.common import outbox
send = outbox._send
def send_and_die(*arguments):
    send(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
outbox._send = send_and_die
outbox.relay(outbox.Outbox("orders", sys.argv[1], sys.argv[2]))
"""
# One that gives a Kafka that is away less time than the product's.
HURRIED_RELAY = """
import sys
import django
django.setup()
from ecom.common import outbox
outbox.DELIVERY_SECONDS = 1.0
while True:
    outbox.relay(outbox.Outbox("orders", sys.argv[1], sys.argv[2]), seconds=1)
"""


@pytest.fixture
def topic(kafka: Kafka) -> Iterator[TopicReader]:
    """A topic that nobody else writes to."""
    name = f"test-outbox-{uuid.uuid4().hex}"
    create_topics(kafka.bootstrap_servers, (Topic(name, retention_days=1),))
    with TopicReader(kafka.bootstrap_servers, name) as reader:
        reader.skip_to_start()
        yield reader
    outbox._forget_producer()


@pytest.fixture
def box(topic: TopicReader) -> Outbox:
    return Outbox(ALIAS, TABLE, topic.name)


def write(order_id: str, sequence: int = 1, **values) -> OutboxEvent:
    event = OrderEvent(
        order_id=order_id,
        customer_id="U109",
        status="PLACED",
        previous_status=None,
        occurred_at="2025-11-23T12:40:09.250Z",
        reason="",
        sequence=sequence,
        total=Money(amount=1999, currency="EUR"),
        lines=[OrderLine(product_id="P301", quantity=1, price=Money(amount=1999, currency="EUR"))],
    )
    row = {"type": ORDER_EVENT.ce_type, "key": order_id, "body": outbox_body(event), "traceparent": ""}
    return OutboxEvent.objects.create(**{**row, **values})


def relay_environment(kafka: Kafka) -> dict[str, str]:
    """What a relay in a process of its own is started with."""
    return environment_of("orders-worker", **databases("orders"), ECOM_KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers)


def waiting() -> int:
    return OutboxEvent.objects.filter(published_at=None).count()


def sequences(found: list[Found]) -> dict[str, list[int]]:
    """What each order's reader saw, in its order."""
    seen = defaultdict(list)
    for each in found:
        seen[each.key].append(each.event["sequence"])
    return dict(seen)


def test_an_event_is_published_once_as_its_contract_says(box: Outbox, topic: TopicReader) -> None:
    row = write("O7", traceparent=TRACEPARENT)
    assert relay(box, seconds=0) == 1
    assert relay(box, seconds=0) == 0
    (found,) = topic.everything_new()
    assert found.key == "O7"
    assert found.event == {**row.body, "event_id": str(row.event_id), "schema_version": "1.0"}
    assert found.headers == {
        "ce_specversion": "1.0",
        "ce_source": "/orders",
        "ce_type": "ecom.order-event.v1",
        "ce_dataschema": "/contracts/order-event/1.0",
        "ce_id": str(row.event_id),
        "ce_time": "2025-11-23T12:40:09.250Z",
        "traceparent": TRACEPARENT,
    }
    row.refresh_from_db()
    assert row.published_at is not None


def test_what_comes_while_a_relay_runs_is_published_within_a_second(box: Outbox, topic: TopicReader) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(closing(relay), box, seconds=3)
        topic.read(1, seconds=1)  # the relay has found nothing, and waits
        write("O7")
        assert len(topic.read(1, seconds=1.5)) == 1
        assert running.result() == 1


def relay_all(box: Outbox) -> int:
    """Lets relays run until one finds nothing. Returns how many rows they published."""
    total = 0
    while number := relay(box, seconds=0):
        total += number
    return total


def closing(function: Callable) -> Callable:
    """The function in a thread of its own, whose connections end with it."""

    def call(*arguments, **keywords):
        try:
            return function(*arguments, **keywords)
        finally:
            connections.close_all()

    return call


def write_sequences(orders: range, number: int) -> None:
    for sequence in range(1, number + 1):
        with transaction.atomic(using=ALIAS):
            for order in orders:
                write(f"O{order}", sequence)


def relay_until(over: threading.Event, box: Outbox) -> None:
    while not over.is_set():
        relay(box, seconds=0.2)


def test_each_orders_events_keep_their_order_whatever_runs_at_once(box: Outbox, topic: TopicReader) -> None:
    orders, events = 24, 30
    written = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        relays = [pool.submit(closing(relay_until), written, box) for _ in range(4)]
        writers = [pool.submit(closing(write_sequences), range(at, orders, 4), events) for at in range(4)]
        wait(writers)
        written.set()
    for each in (*writers, *relays):
        each.result()
    relay_all(box)
    assert sequences(topic.everything_new()) == {f"O{at}": list(range(1, events + 1)) for at in range(orders)}
    assert waiting() == 0


def test_a_relay_that_is_killed_repeats_itself_and_loses_nothing(
    box: Outbox, topic: TopicReader, kafka: Kafka, tmp_path: Path
) -> None:
    for sequence in (1, 2, 3):
        write("O7", sequence)
    command = [sys.executable, "-c", KILLED_RELAY, box.table, box.topic]
    killed = subprocess.run(command, cwd=REPOSITORY, env=relay_environment(kafka), timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert waiting() == 3
    assert relay_all(box) == 3
    assert sequences(topic.everything_new()) == {"O7": [1, 1, 2, 3]}


def test_events_wait_while_kafka_is_away_and_go_on_in_order(mortal_kafka: Kafka, tmp_path: Path) -> None:
    log, name = tmp_path / "relay.log", f"test-outbox-{uuid.uuid4().hex}"
    create_topics(mortal_kafka.bootstrap_servers, (Topic(name, retention_days=1),))
    command = [sys.executable, "-c", HURRIED_RELAY, TABLE, name]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=relay_environment(mortal_kafka), stdout=output)
    try:
        write("O7", 1)
        wait_for(lambda: waiting() == 0, seconds=60, what="the first event")
        mortal_kafka.kill()
        write("O7", 2)
        write("O7", 3)
        wait_for(lambda: log.read_text().count("events wait: kafka did not acknowledge") > 1, what="two failures")
        assert waiting() == 2
        mortal_kafka.start()
        wait_for(lambda: waiting() == 0, seconds=60, what="recovery")
    finally:
        process.kill()
        process.wait()
    with TopicReader(mortal_kafka.bootstrap_servers, name) as topic:
        topic.skip_to_start()
        seen = sequences(topic.everything_new())["O7"]
    assert list(dict.fromkeys(seen)) == [1, 2, 3], "perhaps repeated, as the relay gives Kafka little time here"


def test_a_row_that_breaks_its_contract_keeps_only_its_own_key_back(box: Outbox, topic: TopicReader, caplog) -> None:
    write("O1", 1)
    write("O2", 1, body={"order_id": "O2"})
    write("O3", 1, type="ecom.order-event.v9")
    for order in ("O1", "O2", "O3"):
        write(order, 2)
    assert relay(box, seconds=1) == 2
    assert sequences(topic.everything_new()) == {"O1": [1, 2]}
    assert waiting() == 4
    assert caplog.text.count("an event cannot be published") == 2


def test_the_rows_in_front_that_cannot_be_published_do_not_stop_the_rest(
    box: Outbox, topic: TopicReader, monkeypatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH", 2)
    for order in ("O1", "O2", "O3"):
        write(order, body={})
    write("O4")
    assert relay(box, seconds=1) == 1
    assert [each.key for each in topic.everything_new()] == ["O4"]


def test_lag_can_be_seen(box: Outbox) -> None:
    write("O1", body={}, created_at=Now() - timedelta(minutes=5))
    relay(box, seconds=0)
    assert REGISTRY.get_sample_value("ecom_outbox_unpublished", {"outbox": TABLE}) == 1
    assert 299 < REGISTRY.get_sample_value("ecom_outbox_oldest_seconds", {"outbox": TABLE}) < 330
    OutboxEvent.objects.all().delete()
    relay(box, seconds=0)
    assert REGISTRY.get_sample_value("ecom_outbox_unpublished", {"outbox": TABLE}) == 0
    assert REGISTRY.get_sample_value("ecom_outbox_oldest_seconds", {"outbox": TABLE}) == 0


def test_what_was_published_a_week_ago_is_removed(box: Outbox, monkeypatch) -> None:
    monkeypatch.setattr(outbox, "PURGED_AT_ONCE", 2)
    for days in (9, 8, 8, 6):
        write("O1", published_at=Now() - timedelta(days=days))
    write("O1")
    assert purge_published(box) == 3
    assert OutboxEvent.objects.count() == 2
