"""50,000 windows that close at once, written to a DynamoDB that is 0, 20 and 80 ms away each way.

To one that only counts, as DynamoDB Local is slower than what is measured; and to that one at the longest way.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from bench import job_process, results
from bench.counting_dynamodb import CountingDynamoDB
from bench.far_away import FarAway
from bench.job_process import JobProcess
from bench.stored_windows import text
from local import provision
from local.provision import Table, Topic
from local.servers import DynamoDB, Kafka

PORTS_FROM = 29_100
WINDOWS = 50_000
MILLISECONDS = (0, 20, 80)
CHECKPOINT_SECONDS = 2
START = datetime(2025, 11, 23, 12, 0, tzinfo=UTC)
DELAY = timedelta(minutes=10)  # of the watermark behind recorded times
PARTITIONS = 4


@dataclass(frozen=True, kw_only=True)
class Target:
    """A DynamoDB: where its job's topics and tables are, and how many windows it has."""

    name: str
    port: int
    kafka: Kafka
    dynamodb: DynamoDB
    milliseconds: tuple[int, ...]
    windows: Callable[[], int]

    def topic(self, of: str) -> str:
        return f"{self.name}-{of}".replace(" ", "-")

    def options(self, endpoint_port: int) -> dict[str, object]:
        """The options that point a job at this target through the port."""
        names = {"raw_topic": "raw", "dead_letter_topic": "dead", "late_topic": "late", "analytics_topic": "windows",
                 "analytics_table": "windows", "trending_table": "trending", "group_id": "job"}  # fmt: skip
        return {option: self.topic(of) for option, of in names.items()} | {
            "bootstrap_servers": self.kafka.bootstrap_servers,
            "dynamodb_endpoint": f"http://127.0.0.1:{endpoint_port}",
            "rest_port": PORTS_FROM + 20,
            "checkpoint_seconds": CHECKPOINT_SECONDS,
            "recorded_time": True,
        }


def run() -> None:
    """Measure and record, on servers of its own. RuntimeError: a window is missing, a checkpoint failed."""
    with tempfile.TemporaryDirectory() as folder:
        kafka = Kafka(Path(folder) / "kafka", PORTS_FROM)
        dynamodb = DynamoDB(Path(folder) / "dynamodb", PORTS_FROM + 10, in_memory=True)
        with kafka, dynamodb, CountingDynamoDB(PORTS_FROM + 12, dynamodb) as counting:
            local = Target(name="DynamoDB Local", port=dynamodb.port, kafka=kafka, dynamodb=dynamodb,
                           milliseconds=MILLISECONDS[-1:],
                           windows=lambda: _count(dynamodb, "DynamoDB-Local-windows"))  # fmt: skip
            lean = Target(name="one that only counts", port=counting.port, kafka=kafka, dynamodb=dynamodb,
                          milliseconds=MILLISECONDS, windows=lambda: counting.written)  # fmt: skip
            figures = [figure for target in (lean, local) for figure in _measure(target)]
    results.record("far-dynamodb", figures, notes=[
        "`checkpoints`: completed while the windows were written; the job makes one every "
        f"{CHECKPOINT_SECONDS} s where it can.",
    ])  # fmt: skip


def _measure(target: Target) -> Iterator[dict[str, object]]:
    _create(target)
    with FarAway(PORTS_FROM + 14, target.port) as far, job_process.running(target.options(far.port)) as job:
        for minute, milliseconds in enumerate(target.milliseconds):
            far.seconds = milliseconds / 1000
            seconds, checkpoints = _write_one_minute(target, job, minute)
            if (found := target.windows()) < WINDOWS * (minute + 1):
                raise RuntimeError(f"{target.name} has {found} of {WINDOWS * (minute + 1)} windows")
            yield {
                "dynamodb": target.name, "milliseconds_each_way": milliseconds, "windows": WINDOWS,
                "seconds": seconds, "windows_per_second": WINDOWS / seconds, "checkpoints": checkpoints,
            }  # fmt: skip


def _write_one_minute(target: Target, job: JobProcess, minute: int) -> tuple[float, int]:
    """Seconds from the record that closes the windows to the last of them in the topic, and checkpoints meanwhile."""
    written = WINDOWS * minute
    _send_events(target, START + minute * timedelta(hours=1))
    job_process.wait_until(
        lambda: (job.status()["records_read"] or 0) >= WINDOWS * (minute + 1) + PARTITIONS * minute,
        f"{WINDOWS} events of minute {minute} read",
    )
    before, started = job.status(), time.perf_counter()
    _close_windows(target, START + minute * timedelta(hours=1) + timedelta(minutes=1) + DELAY)
    with closing(KafkaConsumer(bootstrap_servers=target.kafka.bootstrap_servers)) as consumer:
        partitions = [TopicPartition(target.topic("windows"), number) for number in range(PARTITIONS)]
        job_process.wait_until(
            lambda: sum(consumer.end_offsets(partitions).values()) >= written + WINDOWS, "the windows in the topic"
        )
    seconds, after = time.perf_counter() - started, job.status()
    if after["failed_checkpoints"] != before["failed_checkpoints"]:
        raise RuntimeError(f"checkpoints failed: {after}")
    return seconds, after["completed_checkpoints"] - before["completed_checkpoints"]


def _create(target: Target) -> None:
    topics = tuple(Topic(target.topic(of), 7, PARTITIONS) for of in ("raw", "dead", "late", "windows"))
    provision.create_topics(target.kafka.bootstrap_servers, topics)
    tables = (
        Table(target.topic("windows"), "product_id", "window_start"),
        Table(target.topic("trending"), "granularity", "window_start"),
    )
    provision.create_tables(target.dynamodb.endpoint, tables)


def _send_events(target: Target, at: datetime) -> None:
    """One event for each product."""
    with closing(KafkaProducer(bootstrap_servers=target.kafka.bootstrap_servers, linger_ms=20)) as producer:
        for number in range(WINDOWS):
            event = {"user_id": f"U{number % 997}", "product_id": f"P{number}", "event_type": "VIEW_PRODUCT",
                     "timestamp": text(at)}  # fmt: skip
            producer.send(target.topic("raw"), json.dumps(event).encode(), partition=number % PARTITIONS)
        producer.flush(60)


def _close_windows(target: Target, at: datetime) -> None:
    """Say on every partition that the recording has come to this time."""
    headers = [("control", b"end"), ("ce_time", text(at).encode())]
    with closing(KafkaProducer(bootstrap_servers=target.kafka.bootstrap_servers)) as producer:
        for number in range(PARTITIONS):
            producer.send(target.topic("raw"), key=b"", headers=headers, partition=number)
        producer.flush(60)


def _count(dynamodb: DynamoDB, table: str) -> int:
    client = provision.session().client("dynamodb", endpoint_url=dynamodb.endpoint)
    pages = client.get_paginator("scan").paginate(TableName=table, Select="COUNT", ConsistentRead=True)
    return sum(page["Count"] for page in pages)
