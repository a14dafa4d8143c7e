"""The raw topic's records in a file, so that windows can be counted again when Kafka has forgotten them.

One JSON object a line, gzipped: partition, offset, kafka_time (ms), value and headers (base64; a value may be null).
"""

import base64
import gzip
import json
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from streaming.failures import NotReady
from streaming.kafka_security import client_settings
from streaming.options import Options
from streaming.recount import Record, records

KEPT_AS_SENT = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
FLUSH_SECONDS, AT_ONCE = 60, 10_000


def write(options: Options, start_ms: int, end_ms: int, file: Path) -> int:
    """Write all that the windows from `start_ms` to before `end_ms` can depend on; return the number of records."""
    number = 0
    with gzip.open(file, "wt") as lines:
        for record in records(
            options, start_ms - options.ahead_seconds * 1000, end_ms + options.lateness_seconds * 1000
        ):
            lines.write(json.dumps(_line(record)) + "\n")
            number += 1
    return number


@contextmanager
def in_kafka(options: Options, file: Path, partitions: int) -> Iterator[Options]:
    """The options with a topic of this moment's own in the raw one's place: the file's records, with their times."""
    topic = f"{options.raw_topic}-{uuid.uuid4().hex[:8]}"
    with closing(KafkaAdminClient(**client_settings(options))) as admin:
        admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=KEPT_AS_SENT)])
        try:
            _send(options, topic, file, partitions)
            yield replace(options, raw_topic=topic)
        finally:
            admin.delete_topics([topic])


def _send(options: Options, topic: str, file: Path, partitions: int) -> None:
    settings = client_settings(options) | {"acks": "all", "compression_type": "lz4", "linger_ms": 20}
    failed: list[Exception] = []
    with closing(KafkaProducer(**settings)) as producer:
        for number, record in enumerate(_read(file), 1):
            producer.send(
                topic, key=b"", value=record.value, headers=list(record.headers.items()),
                partition=record.partition % partitions, timestamp_ms=record.kafka_time,
            ).add_errback(failed.append)  # fmt: skip
            if number % AT_ONCE == 0:  # the client's memory has no bound of its own
                producer.flush(FLUSH_SECONDS)
        producer.flush(FLUSH_SECONDS)
    if failed:
        raise NotReady(f"Kafka did not take {len(failed)} records of {file}: {failed[0]}")


def _read(file: Path) -> Iterator[Record]:
    try:
        with gzip.open(file, "rt") as lines:
            for line in lines:
                yield _record(json.loads(line))
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise NotReady(f"{file} is not an archive of records: {error!r}") from error


def _line(record: Record) -> dict[str, Any]:
    return {
        "partition": record.partition, "offset": record.offset, "kafka_time": record.kafka_time,
        "value": None if record.value is None else base64.b64encode(record.value).decode(),
        "headers": {name: base64.b64encode(value).decode() for name, value in record.headers.items()},
    }  # fmt: skip


def _record(line: dict[str, Any]) -> Record:
    value = line["value"]
    return Record(
        line["partition"], line["offset"], line["kafka_time"], None if value is None else base64.b64decode(value),
        {name: base64.b64decode(text) for name, text in line["headers"].items()},
    )  # fmt: skip
