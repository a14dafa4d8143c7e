"""Publishes to Kafka: an event counts as accepted when every in-sync replica has it, or it is answered as not taken.

`kafka-python` has no back-pressure of its own, so the number of requests that wait for Kafka is bounded here, below the
number of threads: the rest are told at once to come again, and health is still answered. See docs/adr/0003.
"""

import atexit
import logging
import os
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import takewhile
from typing import Any, NamedTuple

from django.conf import settings
from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.partitioner import Partitioner
from kafka.serializer import Serializer
from prometheus_client import Counter, Gauge, Histogram

from ecom.common.kafka_clients import API_VERSION, end_producer
from ecom.contracts.cloud_event import Header
from ecom.contracts.control_record import Control, control_headers

LINGER_MS = 3
RETRY_AFTER_SECONDS = 1
REBUILD_AFTER_SECONDS = 10.0
# A request waits this long for another to finish, as long as Kafka acknowledges; it does not where Kafka is away.
PATIENCE_SECONDS = 0.2
FLOWING_SECONDS = 0.5

IN_FLIGHT = Gauge("ecom_activity_in_flight", "Requests that wait for Kafka.", multiprocess_mode="livesum")
ACKNOWLEDGEMENT_SECONDS = Histogram(
    "ecom_activity_acknowledgement_seconds",
    "Time from handing a request's events to the producer until Kafka had acknowledged all, or the deadline.",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0),
)
REBUILDS = Counter("ecom_activity_producer_rebuilds", "Producers given up because they delivered nothing any more.")

log = logging.getLogger(__name__)


class Record(NamedTuple):
    """One record of the topic, in bytes as it lies there."""

    key: bytes
    value: bytes
    headers: list[Header]


class KafkaUnavailable(Exception):
    """Kafka does not take records now, or as many requests wait for it already as may."""


class _NoKey:
    """Stands for a null key, which `send` refuses together with a null value."""


class _Keys(Serializer):  # type: ignore[misc]
    """Keys are bytes already, but for the null key of control records."""

    def serialize(self, topic: str, headers: list[Header], data: Any) -> bytes | None:
        return None if data is _NoKey else data


class _Partitions(Partitioner):  # type: ignore[misc]
    """A shopper's partition by CRC-32, in C: murmur2 in Python costs more than the rest of the send."""

    def partition(
        self, topic: str, key: Any, serialized_key: bytes | None, value: Any, serialized_value: Any, cluster: Any
    ) -> int:
        return zlib.crc32(serialized_key or b"") % len(cluster.partitions_for_topic(topic))


class Publisher:
    """One producer of one topic, for all threads of a process.

    At most `in_flight` calls of `publish` run at once, each for at most `deadline_seconds`. A producer that has
    acknowledged nothing for `rebuild_after_seconds`, while asked to, is replaced.
    """

    def __init__(
        self,
        *,
        bootstrap_servers: Sequence[str],
        topic: str,
        deadline_seconds: float,
        in_flight: int,
        rebuild_after_seconds: float = REBUILD_AFTER_SECONDS,
    ) -> None:
        self.topic = topic
        self._bootstrap_servers = list(bootstrap_servers)
        self._deadline_seconds = deadline_seconds
        self._rebuild_after_seconds = rebuild_after_seconds
        self._slots = threading.BoundedSemaphore(in_flight)
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None
        self._last_progress = time.monotonic()

    def publish(self, records: Sequence[Record]) -> list[bool]:
        """Send the records and wait for their acknowledgements; False for each that did not get one in time.

        A record without acknowledgement may still arrive. Raises KafkaUnavailable where too many calls wait already.
        """
        with self._slot(), ACKNOWLEDGEMENT_SECONDS.time():
            deadline = time.monotonic() + self._deadline_seconds
            acknowledged = [_acknowledged(sent, deadline) for sent in self._send_all(records, deadline)]
        self._watch(progress=any(acknowledged))
        return acknowledged + [False] * (len(records) - len(acknowledged))

    def publish_control(self, control: Control, *, time: str) -> None:
        """Put one control record on every partition. Raises KafkaUnavailable."""
        headers = control_headers(control, time=time)
        producer = self._current()
        try:
            partitions = sorted(producer.partitions_for(self.topic))
            sent = [producer.send(self.topic, key=_NoKey, headers=headers, partition=at) for at in partitions]
            for future in sent:
                future.get(self._deadline_seconds)
        except KafkaError as error:
            self._watch(progress=False)
            raise KafkaUnavailable(str(error)) from error
        self._watch(progress=True)

    def close(self) -> None:
        """Flush and end the producer. A later call begins a new one."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            end_producer(producer, self._deadline_seconds)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """A place among the calls that may run at once."""
        flowing = time.monotonic() - self._last_progress < FLOWING_SECONDS
        if not self._slots.acquire(timeout=PATIENCE_SECONDS if flowing else 0):
            raise KafkaUnavailable("Too many requests wait for Kafka.")
        try:
            with IN_FLIGHT.track_inprogress():
                yield
        finally:
            self._slots.release()

    def _send_all(self, records: Sequence[Record], deadline: float) -> list[Any]:
        """The futures of the records that the producer took, up to the first that it did not, or the deadline."""
        producer, sent = self._current(), list[Any]()
        in_time = takewhile(lambda _: time.monotonic() < deadline, records)
        try:
            sent.extend(producer.send(self.topic, each.value, each.key, each.headers) for each in in_time)
        except KafkaError as error:  # the topic's partitions are not known: no broker has answered yet
            log.info("kafka did not take a record", extra={"error": str(error)})
        return sent

    def _current(self) -> KafkaProducer:
        with self._lock:
            if self._producer is None:
                self._producer = self._begin()
                self._last_progress = time.monotonic()
            return self._producer

    def _begin(self) -> KafkaProducer:
        milliseconds = round(self._deadline_seconds * 1000)
        return KafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            **settings.KAFKA_SECURITY,
            client_id=f"ecom-activity-{os.getpid()}",
            api_version=API_VERSION,
            acks="all",
            enable_idempotence=False,  # with it, a retried batch that times out wedges the producer for good
            compression_type="lz4",
            linger_ms=LINGER_MS,
            batch_size=128 * 1024,
            key_serializer=_Keys(),
            partitioner=_Partitions(),
            max_block_ms=milliseconds,
            request_timeout_ms=milliseconds - LINGER_MS,
            delivery_timeout_ms=milliseconds,  # nobody waits longer: what is older only takes memory
            reconnect_backoff_max_ms=1000,
            metrics_enabled=False,
            allow_auto_create_topics=False,
        )

    def _watch(self, *, progress: bool) -> None:
        """Remember that Kafka acknowledges, or replace a producer that has not for too long."""
        now = time.monotonic()
        if progress:
            self._last_progress = now
            return
        with self._lock:
            if now - self._last_progress < self._rebuild_after_seconds or self._producer is None:
                return
            wedged, self._producer = self._producer, None
            self._last_progress = now
        log.warning("producer replaced: it has delivered nothing for a while")
        REBUILDS.inc()
        threading.Thread(target=end_producer, args=(wedged, self._deadline_seconds), daemon=True).start()


def _acknowledged(sent: Any, deadline: float) -> bool:
    try:
        sent.get(max(0.0, deadline - time.monotonic()))
    except KafkaError as error:
        log.info("kafka did not acknowledge", extra={"error": str(error)})
        return False
    return True


@cache
def publisher() -> Publisher:
    """This process's publisher of raw events. It connects with its first record."""
    one = Publisher(
        bootstrap_servers=settings.KAFKA_BOOTSTRAP_SERVERS,
        topic=settings.RAW_EVENTS_TOPIC,
        deadline_seconds=settings.KAFKA_DEADLINE_SECONDS,
        in_flight=settings.EVENTS_IN_FLIGHT,
    )
    atexit.register(one.close)
    return one


# A producer's thread does not survive a fork; the child begins its own.
os.register_at_fork(after_in_child=publisher.cache_clear)
