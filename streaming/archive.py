"""The raw topic's records in a file, so that windows can be counted again when Kafka has forgotten them.

JSON objects, one a line, gzipped. The first says of which Kafka times the file has all records: `from_ms`, to before
`to_ms`. Each other one is a record: partition, offset, kafka_time (ms), value and headers (base64; null for no value).
"""

import base64
import gzip
import json
import uuid
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer

from streaming.failures import NotReady
from streaming.kafka_security import client_settings
from streaming.options import Options
from streaming.recount import Record, kafka_times, records, rfc3339
from streaming.verify import check_range

KEPT_AS_SENT = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
FLUSH_SECONDS, AT_ONCE = 60, 10_000


def write(options: Options, start_ms: int, end_ms: int, file: Path) -> int:
    """Write all that the windows from `start_ms` to before `end_ms` can depend on; return the number of records.

    The file is there when all of it is; what was there before stays until then. Refuses windows that are not final:
    Kafka does not have all of their records yet.
    """
    check_range(options, start_ms, end_ms)
    draft = file.with_name(f"{file.name}.{uuid.uuid4().hex[:8]}.draft")
    try:
        number = _write(options, *kafka_times(options, start_ms, end_ms), draft)
        draft.replace(file)
    except OSError as error:
        raise NotReady(f"{file} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return number


def _write(options: Options, from_ms: int, to_ms: int, draft: Path) -> int:
    number = 0
    with gzip.open(draft, "wt") as lines:
        lines.write(json.dumps({"from_ms": from_ms, "to_ms": to_ms}) + "\n")
        for record in records(options, from_ms, to_ms):
            lines.write(json.dumps(_line(record)) + "\n")
            number += 1
    return number


@contextmanager
def in_kafka(options: Options, start_ms: int, end_ms: int, file: Path, partitions: int) -> Iterator[Options]:
    """The options with a topic of this moment's own in the raw one's place: the file's records, with their times.

    Raises NotReady where the file is damaged, or lacks times that windows of the range can depend on.
    """
    _check_times(file, *kafka_times(options, start_ms, end_ms))
    topic = f"{options.raw_topic}-{uuid.uuid4().hex[:8]}"
    with closing(KafkaAdminClient(**client_settings(options))) as admin:
        admin.create_topics({topic: {"num_partitions": partitions, "configs": KEPT_AS_SENT}})
        try:
            _send(options, topic, file, partitions)
            yield replace(options, raw_topic=topic)
        finally:
            admin.delete_topics([topic])


def _check_times(file: Path, from_ms: int, to_ms: int) -> None:
    first_ms, end_ms = _times(file)
    if not first_ms <= from_ms < to_ms <= end_ms:
        raise NotReady(
            f"{file} has the records from {rfc3339(first_ms)} to {rfc3339(end_ms)}; "
            f"the range needs those from {rfc3339(from_ms)} to {rfc3339(to_ms)}"
        )


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


def _times(file: Path) -> tuple[int, int]:
    first = next(_lines(file), {})
    try:
        return int(first["from_ms"]), int(first["to_ms"])
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(file, error) from error


def _read(file: Path) -> Iterator[Record]:
    lines = _lines(file)
    next(lines)
    try:
        yield from map(_record, lines)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(file, error) from error


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(file, "rt") as lines:
            yield from map(json.loads, lines)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> NotReady:
    return NotReady(f"{file} is not an archive of records: {error!r}")


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
