"""Reads another context's events from Kafka in a task: at least once, each partition in its order.

The reader is short-lived, so it is no member of its group: each start would make Kafka hand the partitions out anew. It
takes all of them, from the offsets that its group has committed; two at once do the same work twice.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
from django.conf import settings
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.structs import OffsetAndMetadata
from prometheus_client import Counter, Gauge

from ecom.common.kafka_clients import API_VERSION
from ecom.contracts.published import PUBLISHED

POLL_MS = 500
CLOSE_MS = 1_000
ANSWER_MS = 5_000

EVENTS_READ = Counter(
    "ecom_events_read", "Events by what became of them: handled, passed over, malformed.", ["topic", "outcome"]
)
UNREAD = Gauge(
    "ecom_events_unread", "Events behind the reader when it ended.", ["topic"], multiprocess_mode="mostrecent"
)

log = logging.getLogger(__name__)

Handlers = Mapping[str, Callable[[Any], None]]


def read_events(
    *, topic: str, group: str, handlers: Handlers, seconds: float, repeated_for: timedelta = timedelta()
) -> None:
    """Handle what lies in the topic, for so long at most; `handlers` are by CloudEvents type.

    Each event is handled again by later calls until it is `repeated_for` old: for work that must also catch what others
    still do meanwhile. Events of other types are passed over, malformed ones too, and these are logged. Raises what a
    handler raises, and KafkaError; what was not committed comes again.
    """
    consumer = _consumer(group)
    try:
        reading = _Reading(consumer, topic, handlers, repeated_for)
        until = time.monotonic() + seconds
        while reading.unread() and time.monotonic() < until:
            reading.read_some()
        UNREAD.labels(topic).set(reading.unread())
    finally:
        consumer.close(autocommit=False, timeout_ms=CLOSE_MS)


def _consumer(group: str) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=settings.KAFKA_BOOTSTRAP_SERVERS,
        **settings.KAFKA_SECURITY,
        client_id=f"ecom-{group}",
        group_id=group,
        api_version=API_VERSION,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=ANSWER_MS,
        max_poll_records=100,
        metrics_enabled=False,
        allow_auto_create_topics=False,
    )


@dataclass
class _Reading:
    """One reading of a topic, up to where it ended at the start. `kept_open` are partitions whose next event to commit
    is still to be repeated.
    """

    consumer: KafkaConsumer
    topic: str
    handlers: Handlers
    repeated_for: timedelta
    ends: dict[TopicPartition, int] = field(init=False)
    kept_open: set[TopicPartition] = field(default_factory=set)

    def __post_init__(self) -> None:
        # Asks for one partition first: only this call ends in time where no broker answers, and the next one finds
        # what it has learned.
        self.consumer.end_offsets([TopicPartition(self.topic, 0)], timeout_ms=ANSWER_MS)
        partitions = [TopicPartition(self.topic, number) for number in self.consumer.partitions_for_topic(self.topic)]
        self.consumer.assign(partitions)
        self.ends = self.consumer.end_offsets(partitions, timeout_ms=ANSWER_MS)

    def unread(self) -> int:
        """How many records are left."""
        return sum(max(0, end - self.consumer.position(at, timeout_ms=ANSWER_MS)) for at, end in self.ends.items())

    def read_some(self) -> None:
        """Handle the next records, then commit them."""
        for partition, records in self.consumer.poll(timeout_ms=POLL_MS).items():
            for record in records:
                EVENTS_READ.labels(self.topic, self._outcome(record)).inc()
            self._commit(partition, records)

    def _outcome(self, record: ConsumerRecord) -> str:
        headers = dict(record.headers)
        kind = headers.get("ce_type", b"").decode(errors="replace")
        if kind not in self.handlers:
            return "passed over"
        try:
            event = msgspec.json.decode(record.value or b"", type=PUBLISHED[kind][1])
        except msgspec.DecodeError as error:
            where = {"topic": self.topic, "partition": record.partition, "offset": record.offset}
            log.error("a malformed event was passed over", extra={**where, "error": str(error)})
            return "malformed"
        self.handlers[kind](event)
        return "handled"

    def _commit(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """Commit up to the first record that is to be repeated."""
        if partition in self.kept_open:
            return
        newest_done = (time.time() - self.repeated_for.total_seconds()) * 1000
        young = next((record.offset for record in records if record.timestamp > newest_done), None)
        if young is not None and self.repeated_for:
            self.kept_open.add(partition)
        offset = young if partition in self.kept_open else records[-1].offset + 1
        self.consumer.commit({partition: OffsetAndMetadata(offset, "", -1)}, timeout_ms=ANSWER_MS)
