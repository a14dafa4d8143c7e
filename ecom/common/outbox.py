"""The relay of an outbox: publishes its rows to Kafka, at least once and in order per key.

It is alone, by a lock of the database: never `SKIP LOCKED`, with which rows of one key overtake each other. In one step
no key is sent twice, so that a later event of a key is never on its way while the earlier may still fail. A row is
marked when Kafka has acknowledged it; the first failure ends the run, and the next run goes on where it was. See
docs/adr/0010.

It has no model: a context names its table, whose columns are those of `Row` and `published_at`. Rows of one key must be
written under one lock, so that they become visible in the order of their ids.
"""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import NamedTuple

import msgspec
from django.conf import settings
from django.db import connections, transaction
from kafka import KafkaProducer
from kafka.errors import KafkaError
from prometheus_client import Counter, Gauge

from ecom.common.kafka_clients import API_VERSION, end_producer
from ecom.contracts.cloud_event import Header
from ecom.contracts.published import PUBLISHED

BATCH = 100
RUN_SECONDS = 9.0  # the schedule begins one every 10 s; a message to the broker each second would only cost more
POLL_SECONDS = 0.5
DELIVERY_SECONDS = 10.0
KEPT = timedelta(days=7)  # after publication: to see what was said, or to say it again
PURGED_AT_ONCE = 5000

UNPUBLISHED = Gauge("ecom_outbox_unpublished", "Events that wait.", ["outbox"], multiprocess_mode="mostrecent")
OLDEST_SECONDS = Gauge(
    "ecom_outbox_oldest_seconds", "Age of the oldest that waits.", ["outbox"], multiprocess_mode="mostrecent"
)
RELAYED_AT = Gauge(
    "ecom_outbox_relayed_timestamp_seconds", "When a relay last looked.", ["outbox"], multiprocess_mode="mostrecent"
)
PUBLISHED_EVENTS = Counter("ecom_outbox_published", "Events that Kafka acknowledged.", ["outbox"])
FAILURES = Counter("ecom_outbox_failures", "Runs that ended because Kafka did not acknowledge.", ["outbox"])

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outbox:
    """A table of events in one database, and the topic that they go to."""

    alias: str
    table: str
    topic: str


class Row(NamedTuple):
    """An event that waits; `body` is JSON."""

    id: int
    event_id: str
    type: str
    key: str
    body: bytes
    traceparent: str


class Record(NamedTuple):
    """A row as it goes to Kafka."""

    id: int
    key: bytes
    value: bytes
    headers: list[Header]


class NotPublishable(Exception):
    """A row that breaks every contract known here. Writers check that, so only an older release can meet one."""


def relay(outbox: Outbox, *, seconds: float = RUN_SECONDS) -> int:
    """Publish what waits and what comes, for so long. Returns how many rows. Raises what the database raises."""
    run = _Run(outbox, until=time.monotonic() + seconds)
    try:
        while True:
            full = run.publish_batch() == BATCH
            if run.is_over():
                break
            if not full:
                time.sleep(POLL_SECONDS)
    except KafkaError as error:
        FAILURES.labels(outbox.table).inc()
        log.warning("events wait: kafka did not acknowledge", extra={"outbox": outbox.table, "error": str(error)})
        _forget_producer()
    _observe(outbox, run.published)
    return run.published


def purge_published(outbox: Outbox, *, kept: timedelta = KEPT) -> int:
    """Remove rows that were published so long ago. Returns how many."""
    removed = 0
    while True:
        with connections[outbox.alias].cursor() as cursor:
            cursor.execute(_PURGE.format(table=outbox.table), {"kept": kept.total_seconds(), "limit": PURGED_AT_ONCE})
            number = int(cursor.rowcount)
        removed += number
        if number < PURGED_AT_ONCE:
            return removed


# One relay at a time; and a relay whose machine is lost must not hold the lock until TCP gives up.
_LOCK = """
SELECT pg_try_advisory_xact_lock(hashtext(%(table)s)), set_config('idle_in_transaction_session_timeout', '30s', true)
"""
_WAITING = """
SELECT id, event_id::text, type, key, body::text, traceparent FROM {table}
WHERE published_at IS NULL AND key <> ALL(%(held)s) ORDER BY id LIMIT %(limit)s
"""
_MARK = "UPDATE {table} SET published_at = clock_timestamp() WHERE id = ANY(%(ids)s)"
_LAG = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) FROM {table}
WHERE published_at IS NULL
"""
_PURGE = """
DELETE FROM {table} WHERE id IN
    (SELECT id FROM {table} WHERE published_at < now() - make_interval(secs => %(kept)s) ORDER BY id LIMIT %(limit)s)
"""


@dataclass
class _Run:
    """One run of the relay. `held` are keys with a row that cannot be published: they wait, the others go on."""

    outbox: Outbox
    until: float
    held: set[str] = field(default_factory=set)
    published: int = 0

    def is_over(self) -> bool:
        """True when its time is up: a slow Kafka must not make it longer than a task may be."""
        return time.monotonic() >= self.until

    def publish_batch(self) -> int:
        """Publish the next rows, unless another relay is at it. Returns how many there were. Raises KafkaError.

        In one transaction, for the lock: what was acknowledged is marked with it, also when a later row fails.
        """
        failure: KafkaError | None = None
        with transaction.atomic(using=self.outbox.alias), connections[self.outbox.alias].cursor() as cursor:
            cursor.execute(_LOCK, {"table": self.outbox.table})
            if not cursor.fetchone()[0]:
                return 0
            cursor.execute(_WAITING.format(table=self.outbox.table), {"held": list(self.held), "limit": BATCH})
            rows = [Row(*values) for values in cursor.fetchall()]
            for step in _steps(rows):
                acknowledged, failure = _send(self.outbox.topic, self._records(step))
                cursor.execute(_MARK.format(table=self.outbox.table), {"ids": acknowledged})
                self.published += len(acknowledged)
                if failure or self.is_over():
                    break
        if failure:
            raise failure
        return len(rows)

    def _records(self, rows: Sequence[Row]) -> list[Record]:
        """The rows as they go to Kafka, without those that cannot and those that come after one of these."""
        records = []
        for row in rows:
            try:
                if row.key not in self.held:
                    records.append(_record(row))
            except NotPublishable as error:
                self.held.add(row.key)
                log.error(
                    "an event cannot be published; those of its key wait",
                    extra={"outbox": self.outbox.table, "row": row.id, "error": str(error)},
                )
        return records


def _steps(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows in order, cut so that no step has a key twice."""
    step: dict[str, Row] = {}
    for row in rows:
        if row.key in step:
            yield list(step.values())
            step = {}
        step[row.key] = row
    if step:
        yield list(step.values())


def _record(row: Row) -> Record:
    """The bytes as the contract's golden file has them. Raises NotPublishable."""
    if row.type not in PUBLISHED:
        raise NotPublishable(f"no contract is called {row.type}")
    contract, struct = PUBLISHED[row.type]
    try:
        event = msgspec.json.decode(row.body, type=struct)
    except msgspec.ValidationError as error:
        raise NotPublishable(f"not as {contract.dataschema} says: {error}") from error
    event = msgspec.structs.replace(event, event_id=row.event_id, schema_version=contract.version)
    headers = contract.headers(event_id=row.event_id, time=event.time)
    if row.traceparent:
        headers.append(("traceparent", row.traceparent.encode()))
    return Record(row.id, row.key.encode(), msgspec.json.encode(event), headers)


def _send(topic: str, records: Sequence[Record]) -> tuple[list[int], KafkaError | None]:
    """Send the records, no key twice among them: the ids of those that Kafka has, and what failed first."""
    acknowledged: list[int] = []
    failure: KafkaError | None = None
    try:
        sent = [(each.id, _producer().send(topic, each.value, each.key, each.headers)) for each in records]
    except KafkaError as error:  # the topic's partitions are not known: no broker has answered yet
        return acknowledged, error
    for row_id, future in sent:
        try:
            future.get(DELIVERY_SECONDS + 1)
            acknowledged.append(row_id)
        except KafkaError as error:
            failure = failure or error
    return acknowledged, failure


@cache
def _producer() -> KafkaProducer:
    """This process's producer: one request at a time, so that a retry overtakes nothing."""
    milliseconds = round(DELIVERY_SECONDS * 1000)
    return KafkaProducer(
        bootstrap_servers=settings.KAFKA_BOOTSTRAP_SERVERS,
        **settings.KAFKA_SECURITY,
        client_id=f"ecom-outbox-{os.getpid()}",
        api_version=API_VERSION,
        acks="all",
        enable_idempotence=False,  # with it, a retried batch that times out wedges the producer for good
        max_in_flight_requests_per_connection=1,
        max_block_ms=milliseconds,
        request_timeout_ms=milliseconds // 2,
        delivery_timeout_ms=milliseconds,
        reconnect_backoff_max_ms=1000,
        metrics_enabled=False,
        allow_auto_create_topics=False,
    )


def _forget_producer() -> None:
    """End the producer with whatever it still tries to send: the next run begins with the first row that waits."""
    if _producer.cache_info().currsize:
        end_producer(_producer(), seconds=0)
        _producer.cache_clear()


# A producer's thread does not survive a fork; the child begins its own.
os.register_at_fork(after_in_child=_producer.cache_clear)


def _observe(outbox: Outbox, published: int) -> None:
    with connections[outbox.alias].cursor() as cursor:
        cursor.execute(_LAG.format(table=outbox.table))
        waiting, oldest = cursor.fetchone()
    PUBLISHED_EVENTS.labels(outbox.table).inc(published)
    UNPUBLISHED.labels(outbox.table).set(waiting)
    OLDEST_SECONDS.labels(outbox.table).set(oldest)
    RELAYED_AT.labels(outbox.table).set_to_current_time()
