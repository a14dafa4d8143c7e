"""Real servers with topics and tables of a test's own, records with chosen Kafka times, and what came out."""

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.structs import OffsetAndMetadata

from local import provision
from local.provision import Table, Topic
from local.servers import DynamoDB, Kafka

PARTITIONS = 4
T = TypeVar("T")


@dataclass(frozen=True)
class Record:
    """A raw record to send; `kafka_time` is in milliseconds since 1970."""

    kafka_time: int
    value: bytes | None
    key: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    partition: int = 0


@dataclass(frozen=True)
class Read:
    """A record as it was read."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]


@dataclass(frozen=True)
class Stage:
    """The topics and tables of one job, named by a prefix."""

    kafka: Kafka
    dynamodb: DynamoDB
    prefix: str

    def create(self) -> None:
        """Create topics and tables. Records bring their own Kafka time, so that tests choose it, and are kept."""
        kept = {"retention.ms": "-1", "message.timestamp.type": "CreateTime"}
        topics = tuple(Topic(self.name(name), 1, PARTITIONS, kept) for name in ("raw", "dead", "late", "analytics"))
        provision.create_topics(self.kafka.bootstrap_servers, topics)
        tables = (
            Table(self.name("windows"), "product_id", "window_start"),
            Table(self.name("trending"), "granularity", "window_start"),
        )
        provision.create_tables(self.dynamodb.endpoint, tables)

    def name(self, of: str) -> str:
        """The name of a topic or table."""
        return f"{self.prefix}-{of}"

    def options(self) -> dict[str, str]:
        """The options that point a job at this stage."""
        names = {"raw_topic": "raw", "dead_letter_topic": "dead", "late_topic": "late", "analytics_topic": "analytics",
                 "analytics_table": "windows", "trending_table": "trending", "group_id": "job"}  # fmt: skip
        servers = {"bootstrap_servers": self.kafka.bootstrap_servers, "dynamodb_endpoint": self.dynamodb.endpoint}
        return servers | {option: self.name(name) for option, name in names.items()}

    def secure_options(self) -> dict[str, str]:
        """The options that have Kafka ask the job who it is."""
        assert self.kafka.secure
        address = f"127.0.0.1:{self.kafka.secure.port}"
        return {"bootstrap_servers": address, "kafka_tls": "true", "kafka_ca_file": str(self.kafka.certificate)}

    def credentials(self) -> dict[str, str]:
        """What the job proves it with, as environment variables."""
        assert self.kafka.secure
        return {"KAFKA_USERNAME": self.kafka.secure.user, "KAFKA_PASSWORD": self.kafka.secure.password}

    def claim_broker_time(self, claim: bool) -> None:
        """Let the raw topic look as if the broker gave its times: the job refuses to start with any other."""
        kind = "LogAppendTime" if claim else "CreateTime"
        resource = ConfigResource(ConfigResourceType.TOPIC, self.name("raw"), {"message.timestamp.type": kind})
        admin = KafkaAdminClient(bootstrap_servers=self.kafka.bootstrap_servers)
        admin.alter_configs([resource])
        admin.close()

    def forget(self, offset: int) -> None:
        """Remove the records before the offset from each partition, as retention does."""
        admin = KafkaAdminClient(bootstrap_servers=self.kafka.bootstrap_servers)
        admin.delete_records({TopicPartition(self.name("raw"), number): offset for number in range(PARTITIONS)})
        admin.close()

    def send(self, records: Iterable[Record]) -> list[Read]:
        """Send all, compressed as activity does, and wait until Kafka has them; return each as it will be read."""
        servers = self.kafka.bootstrap_servers
        with closing(KafkaProducer(bootstrap_servers=servers, acks="all", compression_type="lz4")) as producer:
            sent = [(record, producer.send(
                self.name("raw"), value=record.value, key=record.key, partition=record.partition,
                timestamp_ms=record.kafka_time,
                headers=[(name, text.encode()) for name, text in record.headers.items()],
            )) for record in records]  # fmt: skip
            producer.flush(30)
            done = [(record, future.get(1)) for record, future in sent]
        return [Read(at.partition, at.offset, record.key, record.value, record.headers) for record, at in done]

    def control(self, kind: str, kafka_time: int, ce_time: str | None = None) -> None:
        """Send a control record to every partition."""
        headers = {"control": kind, "ce_time": ce_time or rfc3339(kafka_time)}
        # The client refuses a record without key and value; an empty key will do.
        self.send(Record(kafka_time, None, b"", headers, number) for number in range(PARTITIONS))

    def read(self, topic: str) -> list[Read]:
        """All records of the topic, partition by partition."""
        consumer = KafkaConsumer(bootstrap_servers=self.kafka.bootstrap_servers, auto_offset_reset="earliest")
        partitions = [TopicPartition(self.name(topic), number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        found: list[Read] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            found += [_read(record) for batch in consumer.poll(1000).values() for record in batch]
        consumer.close()
        return sorted(found, key=lambda record: (record.partition, record.offset))

    def offsets_of_job(self) -> list[int | None]:
        """The offsets that the job's consumer group has committed."""
        with closing(KafkaConsumer(bootstrap_servers=self.kafka.bootstrap_servers, group_id=self.name("job"))) as group:
            return [group.committed(TopicPartition(self.name("raw"), number)) for number in range(PARTITIONS)]

    def commit_all(self) -> None:
        """Commit the topic's end for the job's consumer group, as a job that has read all of it does."""
        with closing(KafkaConsumer(bootstrap_servers=self.kafka.bootstrap_servers, group_id=self.name("job"))) as group:
            partitions = [TopicPartition(self.name("raw"), number) for number in range(PARTITIONS)]
            ends = group.end_offsets(partitions)
            group.assign(partitions)
            group.commit({partition: OffsetAndMetadata(ends[partition], "", -1) for partition in partitions})

    def wait_until_all_is_kept(self, seconds: float = 120) -> None:
        """Wait until the job has a checkpoint behind the last raw record: all that follows from them is written."""
        partitions = [TopicPartition(self.name("raw"), number) for number in range(PARTITIONS)]
        with closing(KafkaConsumer(bootstrap_servers=self.kafka.bootstrap_servers)) as consumer:
            ends = consumer.end_offsets(partitions)
        wanted, end = [ends[partition] for partition in partitions], time.monotonic() + seconds
        while (kept := self.offsets_of_job()) != wanted:
            assert time.monotonic() < end, f"not within {seconds} s: a checkpoint at {wanted}; it is at {kept}"
            time.sleep(0.2)

    def windows(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The items of the table of windows by product and start."""
        return {(item["product_id"], item["window_start"]): item for item in self._scan("windows")}

    def trending(self, granularity: str) -> dict[str, dict[str, Any]]:
        """The items `1m` or `status` of the other table by window start."""
        return {item["window_start"]: item for item in self._scan("trending") if item["granularity"] == granularity}

    def _scan(self, table: str) -> list[dict[str, Any]]:
        client = provision.session().client("dynamodb", endpoint_url=self.dynamodb.endpoint)
        pages = client.get_paginator("scan").paginate(TableName=self.name(table), ConsistentRead=True)
        return [{name: _plain(value) for name, value in item.items()} for page in pages for item in page["Items"]]


def rfc3339(milliseconds: int) -> str:
    """`2025-11-23T12:40:29.000Z`."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """The inverse of rfc3339; also without decimals."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def eventually(look: Callable[[], T | None], what: str, seconds: float = 120) -> T:
    """Look until there is something to see; fail, saying what was waited for, when the time is up."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def _read(record: Any) -> Read:
    headers = {name: value.decode() for name, value in record.headers}
    return Read(record.partition, record.offset, record.key, record.value, headers)


def _plain(value: dict[str, str]) -> Any:
    return int(value["N"]) if "N" in value else value["S"]
