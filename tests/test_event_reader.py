"""Events of one context read by another, over a real Kafka."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from kafka import KafkaProducer
from prometheus_client import REGISTRY

from ecom.common.event_reader import read_events
from ecom.contracts.customer_erased import CUSTOMER_ERASED, CustomerErased
from local.provision import Topic, create_topics
from local.servers import Kafka
from tests.service_process import REPOSITORY, environment_of

GROUP = "test-reader"


class Reader:
    """A topic of a test's own, with somebody who writes to it and a group that reads it."""

    def __init__(self, kafka: Kafka) -> None:
        self.topic = f"test-events-{uuid.uuid4().hex}"
        create_topics(kafka.bootstrap_servers, (Topic(self.topic, retention_days=1, partitions=2),))
        self.producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
        self.handled: list[str] = []

    def put(self, value: bytes | None, *, kind: str = CUSTOMER_ERASED.ce_type, partition: int = 0) -> None:
        headers = [("ce_type", kind.encode())]
        self.producer.send(self.topic, value, b"U1", headers=headers, partition=partition).get(timeout=10)

    def erase(self, *customers: str, partition: int = 0) -> None:
        for customer_id in customers:
            event = CustomerErased(customer_id=customer_id, erased_at="2025-11-23T12:40:09Z")
            self.put(msgspec.json.encode(event), partition=partition)

    def read(self, **values) -> list[str]:
        """What is handled by one reading."""
        self.handled.clear()
        handlers = {CUSTOMER_ERASED.ce_type: lambda event: self.handled.append(event.customer_id)}
        read_events(**{"topic": self.topic, "group": GROUP, "handlers": handlers, "seconds": 10, **values})
        return sorted(self.handled)

    def counted(self, outcome: str) -> float:
        return REGISTRY.get_sample_value("ecom_events_read_total", {"topic": self.topic, "outcome": outcome}) or 0


@pytest.fixture
def reader(kafka: Kafka, settings) -> Iterator[Reader]:
    settings.KAFKA_BOOTSTRAP_SERVERS = [kafka.bootstrap_servers]
    one = Reader(kafka)
    yield one
    one.producer.close()


def test_each_event_of_every_partition_is_handled_once(reader: Reader) -> None:
    assert reader.read() == []
    reader.erase("U1", "U2")
    reader.erase("U3", partition=1)
    assert reader.read() == ["U1", "U2", "U3"]
    assert reader.read() == []
    reader.erase("U4")
    assert reader.read() == ["U4"]


def test_what_failed_comes_again(reader: Reader) -> None:
    def fail(event: CustomerErased) -> None:
        raise RuntimeError(event.customer_id)

    reader.erase("U1")
    with pytest.raises(RuntimeError, match="U1"):
        reader.read(handlers={CUSTOMER_ERASED.ce_type: fail})
    assert reader.read() == ["U1"]


@pytest.mark.parametrize("poison", [b"", None, b"{", b"\xff", b"[]", b'{"customer_id": 7, "erased_at": "now"}'])
def test_a_malformed_event_is_passed_over_said_and_counted(reader: Reader, poison: bytes | None, caplog) -> None:
    reader.put(poison)
    reader.erase("U1")
    assert reader.read() == ["U1"]
    assert reader.counted("malformed") == 1
    assert caplog.text.count("a malformed event was passed over") == 1
    assert reader.read() == []


def test_an_event_of_another_type_is_passed_over(reader: Reader) -> None:
    reader.put(b"\xff", kind="ecom.customer-moved.v1")
    assert reader.read() == []
    assert (reader.counted("passed over"), reader.counted("malformed")) == (1, 0)


def test_an_event_is_handled_again_until_it_is_old_enough(reader: Reader) -> None:
    reader.erase("U1")
    assert reader.read(repeated_for=timedelta(minutes=15)) == ["U1"]
    reader.erase("U2")
    assert reader.read(repeated_for=timedelta(minutes=15)) == ["U1", "U2"]
    assert reader.read() == ["U1", "U2"]
    assert reader.read(repeated_for=timedelta(minutes=15)) == []


def test_a_kafka_that_is_away_ends_the_reading_in_time() -> None:
    """In a process of its own: the client leaves sockets behind where nobody answers."""
    code = "import django; django.setup(); from ecom.apps.orders import tasks; tasks.consume_customer_events()"
    command, environment = [sys.executable, "-c", code], environment_of("orders-worker")
    ended = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "KafkaTimeoutError" in ended.stderr
