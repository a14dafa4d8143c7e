"""How fast the job is from a full topic, beside a job that only parses, and how fast one writer writes."""

import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from pyflink.table import TableEnvironment

from streaming import job, preflight
from streaming.archive import KEPT_AS_SENT
from streaming.checkpoints import Start
from streaming.cluster import Cluster
from streaming.flink_rest import FlinkRest
from streaming.flink_settings import embedded_settings, job_settings
from streaming.kafka_security import client_settings
from streaming.options import Options
from streaming.writer import Destination, TableWriter

START_MS = 1_763_901_600_000  # 2025-11-23T12:40:00Z
WARM_UP = 0.1  # the part of the events before the clock starts
LOOK_SECONDS = 0.5
DEADLINE_SECONDS, FILL_SECONDS = 600.0, 15.0
ENOUGH = 200_000

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Load:
    """What the topic is filled with: events spread over products and minutes; some percent are of one product alone."""

    events: int
    products: int
    shoppers: int
    minutes: int
    hot_percent: int
    partitions: int


@dataclass(frozen=True, kw_only=True)
class Producer:
    """How the topic is filled: Kafka's own settings."""

    linger_ms: int
    batch_kb: int
    compression: str


def bench_kafka(options: Options, load: Load, producer: Producer, say: Say) -> dict[str, Any]:
    """Fill a topic for some seconds and read it with a job that only parses: what the way to Kafka leaves of both.

    The latter is None where the former has left too few events for a rate.
    """
    own = _own_names(options)
    jars = preflight.find_jars(own)
    with _topics(own, load.partitions):
        say(f"filling a topic with {producer}")
        fill = _run(own, jars, load, partial(_fill, producer=producer), _filled(own), seconds=FILL_SECONDS)
        filled = replace(load, events=sum(_end_offsets(own)))
        say(f"reading its {filled.events} events with a job that only parses")
        parse = _run(own, jars, filled, _parse, _read(own)) if filled.events >= ENOUGH else None
    return {**asdict(filled), **asdict(producer), "parallelism": own.parallelism, "fill": fill, "parse_only": parse}


def bench(options: Options, load: Load, producer: Producer, items: int, say: Say) -> dict[str, Any]:
    """Fill a topic, read it with each job, write items; return the rates (per second) and what they were taken from.

    Of the whole job's checkpoints the largest (bytes) and the longest (ms) are named; 0 where none was complete.
    """
    own = _own_names(options)
    jars = preflight.find_jars(own)
    with _topics(own, load.partitions), _tables(own):
        say(f"filling a topic with {load.events} events")
        fill = _run(own, jars, load, partial(_fill, producer=producer), _filled(own))
        say("reading it with a job that only parses")
        parse = _run(own, jars, load, _parse, _read(own))
        say("reading it with the whole job")
        with _running(own, jars, load, _whole) as cluster:
            rates = _rates(_read(own), cluster.cpu_seconds, load)
            whole = rates | asdict(FlinkRest(own.flink_url).largest_checkpoint())
        say(f"writing {items} items")
        writer = _write(own, items)
    return {
        **asdict(load), "parallelism": own.parallelism, "cpus": os.cpu_count(),
        "fill": fill, "parse_only": parse, "job": whole,
        "job_to_parse_only": round(whole["events_per_second"] / parse["events_per_second"], 3),
        "job_to_parse_only_by_cpu": round(whole["events_per_cpu_second"] / parse["events_per_cpu_second"], 3),
        "writer_items": items, "writer_items_per_second": round(writer),
    }  # fmt: skip


def _own_names(options: Options) -> Options:
    names = ("raw_topic", "analytics_topic", "dead_letter_topic", "late_topic", "group_id", *preflight.KEYS)
    mark = f"bench-{uuid.uuid4().hex[:8]}"
    own: dict[str, Any] = {name: f"{getattr(options, name)}-{mark}" for name in names}
    return replace(options, **own)


@contextmanager
def _topics(options: Options, partitions: int) -> Iterator[None]:
    names = [getattr(options, name) for name in preflight.TOPICS]
    with closing(KafkaAdminClient(**client_settings(options))) as admin:
        admin.create_topics({name: {"num_partitions": partitions, "configs": KEPT_AS_SENT} for name in names})
        try:
            yield
        finally:
            admin.delete_topics(names)


@contextmanager
def _tables(options: Options) -> Iterator[None]:
    client = _destination(options, "").connect()
    names = {getattr(options, option): keys for option, keys in preflight.KEYS.items()}
    for name, keys in names.items():
        client.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)
            ],
        )  # fmt: skip
        client.get_waiter("table_exists").wait(TableName=name)
    try:
        yield
    finally:
        for name in names:
            client.delete_table(TableName=name)


def _destination(options: Options, table: str) -> Destination:
    return Destination(
        table=table, endpoint=options.dynamodb_endpoint, run_id="bench", retention_days=1,
        concurrency=options.write_concurrency,
    )  # fmt: skip


Submit = Callable[[TableEnvironment, Options, Load], Any]
Count = Callable[[], int]


def _run(
    options: Options, jars: list[Path], load: Load, submit: Submit, count: Count, *, seconds: float | None = None
) -> dict[str, int]:
    with _running(options, jars, load, submit) as cluster:
        return _rates(count, cluster.cpu_seconds, load, seconds)


@contextmanager
def _running(options: Options, jars: list[Path], load: Load, submit: Submit) -> Iterator[Cluster]:
    """A job on a cluster of its own, so that none finds the code already warm."""
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster(Path(directory), options.heap_mb)
        try:
            cluster.start()
            embedded = embedded_settings(options, jars=jars)
            quick = {"metrics.fetcher.update-interval": "400", "execution.checkpointing.dir": Path(directory).as_uri()}
            environment = job.table_environment(job_settings(options) | embedded | quick)
            submit(environment, options, load)
            yield cluster
        finally:
            cluster.stop()


def _statements(options: Options, load: Load, producer: Producer | None = None) -> list[str]:
    values = {
        "events": str(load.events), "last": str(load.events - 1), "products": str(load.products),
        "start_ms": str(START_MS), "span_ms": str(load.minutes * 60_000), "shoppers": str(load.shoppers),
        "hot_percent": str(load.hot_percent), "producer_properties": _properties(producer),
    }  # fmt: skip
    return job.statements("bench", options, Start(), load.partitions, values)


def _properties(producer: Producer | None) -> str:
    if producer is None:
        return ""
    properties = {
        "linger.ms": producer.linger_ms, "batch.size": producer.batch_kb * 1024,
        "compression.type": producer.compression,
    }  # fmt: skip
    return "\n  ".join(f"'properties.{name}' = '{value}'," for name, value in properties.items())


def _fill(environment: TableEnvironment, options: Options, load: Load, producer: Producer) -> None:
    statements = _statements(options, load, producer)
    for statement in statements[:-2]:
        environment.execute_sql(statement)
    environment.execute_sql(statements[-2])


def _parse(environment: TableEnvironment, options: Options, load: Load) -> None:
    job.create_source(environment, options, start=Start(), partitions=load.partitions)
    statements = _statements(options, load)
    environment.execute_sql(statements[2])
    environment.execute_sql(statements[-1])


def _whole(environment: TableEnvironment, options: Options, load: Load) -> None:
    job.build(environment, options, start=Start(), partitions=load.partitions, run_id="bench").execute()


def _read(options: Options) -> Count:
    """How many events the job has read."""
    return FlinkRest(options.flink_url).records_read


def _filled(options: Options) -> Count:
    """How many events are in the topic."""
    return lambda: sum(_end_offsets(options))


def _end_offsets(options: Options) -> list[int]:
    with closing(KafkaConsumer(**client_settings(options))) as consumer:
        numbers = consumer.partitions_for_topic(options.raw_topic)
        return list(consumer.end_offsets([TopicPartition(options.raw_topic, number) for number in numbers]).values())


def _rates(count: Count, cpu_seconds: Callable[[], float], load: Load, seconds: float | None = None) -> dict[str, int]:
    """Events by time, and by the time that the cluster's JVM was on a CPU, which other load disturbs less.

    Taken from the end of the warm-up until all events are through, or for so many seconds; finished windows are written
    meanwhile. The warm-up ends after a part of the events or, with `seconds`, once there are any.
    """
    warm = 1 if seconds else WARM_UP * load.events
    end = time.monotonic() + DEADLINE_SECONDS
    seen: list[tuple[int, float, float]] = []
    while not seen or (seen[-1][0] < load.events and seen[-1][1] - seen[0][1] < (seconds or DEADLINE_SECONDS)):
        if time.monotonic() > end:
            raise TimeoutError(f"{seen[-1][0] if seen else 0} of {load.events} events in {DEADLINE_SECONDS} s")
        time.sleep(LOOK_SECONDS)
        look = (count(), time.monotonic(), cpu_seconds())
        if look[0] >= warm:
            seen.append(look)
    first, last = seen[0], seen[-1]
    if first is last:
        raise ValueError(f"{load.events} events are too few: all were read between two looks")
    events, passed, cpu = (after - before for before, after in zip(first, last, strict=True))
    return {"events_per_second": round(events / passed), "events_per_cpu_second": round(events / cpu)}


def _write(options: Options, items: int) -> float:
    writer = TableWriter(_destination(options, options.analytics_table))
    rows = [
        {"product_id": f"P{number}", "window_start": "2025-11-23T12:40:00Z", "event_count": number}
        for number in range(items)
    ]
    start = time.monotonic()
    writer.write(rows)
    writer.close()
    return items / (time.monotonic() - start)
