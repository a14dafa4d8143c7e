"""A range's records in a file: all of them come back with their times, and a file that lacks any is refused."""

import gzip
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from local.servers import DynamoDB, Kafka
from streaming import archive, recount
from streaming.failures import NotReady
from streaming.options import Options
from streaming.tests.stage import PARTITIONS, Record, Stage
from streaming.verify import NotFinal

MINUTE = 60_000
BEGIN = 1_763_901_600_000  # 2025-11-23T12:40:00Z
END = BEGIN + 3 * MINUTE
TIMES = (BEGIN - 60_000, END + 10_000)  # of the records that windows of the range can depend on


@pytest.fixture(scope="module")
def stage(kafka: Kafka, dynamodb: DynamoDB) -> Stage:
    return _with_records(kafka, dynamodb)


def _with_records(kafka: Kafka, dynamodb: DynamoDB) -> Stage:
    """A record each second from before the range until after it, some without a value, read by a job's group."""
    stage = Stage(kafka, dynamodb, f"archive-{uuid.uuid4().hex[:8]}")
    stage.create()
    stage.send(
        Record(
            moment, None if number % 7 == 0 else b"\x00\xff%d" % number, b"", {"trust": "visitor"}, number % PARTITIONS
        )
        for number, moment in enumerate(range(BEGIN - 3 * MINUTE, END + 3 * MINUTE, 1000))
    )
    stage.commit_all()
    return stage


@pytest.fixture(scope="module")
def options(stage: Stage) -> Options:
    return replace(Options(), **stage.options())


def test_the_records_that_a_range_can_depend_on_come_back_with_their_times(options: Options, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl.gz"
    assert archive.write(options, BEGIN, END, file) == (TIMES[1] - TIMES[0]) // 1000
    assert list(tmp_path.iterdir()) == [file]
    with archive.in_kafka(options, BEGIN, END, file, PARTITIONS) as own:
        assert _all(own) == _all(options)
        with archive.in_kafka(options, BEGIN + MINUTE, END - MINUTE, file, PARTITIONS) as part:
            assert _all(part) == _all(options)
    assert options.raw_topic in _topics(options)
    assert own.raw_topic not in _topics(options)


@pytest.mark.parametrize(("start", "end"), [(BEGIN - MINUTE, END), (BEGIN, END + MINUTE)])
def test_a_range_of_which_the_file_lacks_records_is_refused(
    options: Options, tmp_path: Path, start: int, end: int
) -> None:
    file = tmp_path / "records.jsonl.gz"
    archive.write(options, BEGIN, END, file)
    with pytest.raises(NotReady, match="has the records from 2025-11-23T12:39:00Z to 2025-11-23T12:43:10Z; the range"):
        _put_back(options, file, start, end)


def test_events_that_may_now_be_later_need_an_archive_that_reaches_further(options: Options, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl.gz"
    archive.write(options, BEGIN, END, file)
    with pytest.raises(NotReady, match="the range needs those from 2025-11-23T12:39:00Z to 2025-11-23T12:43:20Z"):
        _put_back(replace(options, lateness_seconds=20), file, BEGIN, END)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[:-200],
    "cut at once": lambda content: b"",
    "another byte": lambda content: content[:500] + bytes([content[500] ^ 255]) + content[501:],
    "another file": lambda content: b"not gzipped",
    "no first line": lambda content: gzip.compress(gzip.decompress(content).partition(b"\n")[2]),
    "another record": lambda content: gzip.compress(gzip.decompress(content) + b"[]\n"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_and_leaves_no_topic(options: Options, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "records.jsonl.gz"
    archive.write(options, BEGIN, END, file)
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    with pytest.raises(NotReady, match="is not an archive of records"):
        _put_back(options, file, BEGIN, END)
    assert [topic for topic in _topics(options) if topic.startswith(options.raw_topic)] == [options.raw_topic]


def test_an_archive_that_fails_leaves_the_one_before(kafka: Kafka, dynamodb: DynamoDB, tmp_path: Path) -> None:
    file, stage = tmp_path / "records.jsonl.gz", _with_records(kafka, dynamodb)
    options = replace(Options(), **stage.options())
    archive.write(options, BEGIN, END, file)
    before = file.read_bytes()
    stage.forget(40)
    with pytest.raises(NotReady, match="Kafka has forgotten records"):
        archive.write(options, BEGIN, END, file)
    assert (list(tmp_path.iterdir()), file.read_bytes()) == ([file], before)


def test_windows_whose_records_are_not_all_there_are_refused(options: Options, tmp_path: Path) -> None:
    with pytest.raises(NotFinal, match="the job can still write windows"):
        archive.write(options, BEGIN, END + 3 * MINUTE, tmp_path / "records.jsonl.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(options: Options, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"absent/records\.jsonl\.gz cannot be written"):
        archive.write(options, BEGIN, END, tmp_path / "absent" / "records.jsonl.gz")


def _put_back(options: Options, file: Path, start: int, end: int) -> None:
    with archive.in_kafka(options, start, end, file, PARTITIONS):
        pass


def _all(options: Options) -> set[tuple[object, ...]]:
    """All of the range's records as they are in the topic, apart from their offsets."""
    return {
        (record.partition, record.kafka_time, record.value, *sorted(record.headers.items()))
        for record in recount.records(options, *TIMES)
    }


def _topics(options: Options) -> set[str]:
    with closing(KafkaAdminClient(bootstrap_servers=options.bootstrap_servers)) as admin:
        return {topic["name"] for topic in admin.describe_topics()}
