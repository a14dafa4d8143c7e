"""Where a job begins: at its newest checkpoint or, where its plan has none, at the oldest window not yet final."""

import json
import shutil
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition

from streaming.not_ready import NotReady
from streaming.options import LONGEST_LATENESS_SECONDS, Options

MINUTE_MS = 60_000
FARTHEST_BEHIND_MS = (LONGEST_LATENESS_SECONDS + 1) * 1000
POLL_MS = 10_000


@dataclass(frozen=True)
class Start:
    """Where a job without a checkpoint begins to read, and the first window it counts (milliseconds since 1970).

    None and 0: at the beginning of the topic, all windows.
    """

    read_from_ms: int | None = None
    first_window_ms: int = 0


def choose(directory: Path, options: Options) -> tuple[Start, Path | None]:
    """Where the job begins, and the checkpoint it resumes from, if any. `directory` is the plan's own."""
    resume_from = newest(directory)
    _remove_runs_but(directory, resume_from)
    start = _remembered_start(directory) if resume_from else None
    if start is None:
        start = cold_start(options)
        _remember_start(directory, start)
    return start, resume_from


def newest(directory: Path) -> Path | None:
    """The newest complete checkpoint; a folder without _metadata is none."""
    complete = list(directory.glob("*/chk-*/_metadata"))
    return max(complete, key=lambda file: file.stat().st_mtime_ns).parent if complete else None


def _remove_runs_but(directory: Path, checkpoint: Path | None) -> None:
    """Each start is a run with a folder of its own; only the newest one's checkpoints are of use."""
    for run in directory.glob("*/"):
        if checkpoint is None or run != checkpoint.parent:
            shutil.rmtree(run)


def _remembered_start(directory: Path) -> Start | None:
    """Where the job with these checkpoints began; it has to be told so each time it resumes."""
    file = directory / "start.json"
    return Start(**json.loads(file.read_text())) if file.exists() else None


def _remember_start(directory: Path, start: Start) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "start.json").write_text(json.dumps(asdict(start)))


def cold_start(options: Options) -> Start:
    """Where to begin without a checkpoint, so that each window is counted whole or not at all.

    An earlier plan of this consumer group has finished all windows that its watermark passed before its last
    checkpoint, where its offsets stand; how far the watermark was behind is not known, but at most as far as the
    longest lateness has it. From there on windows are counted again; earlier ones are left as they are, and so are
    those of which Kafka has already forgotten events. Recorded times tell nothing about progress: with them all is
    counted again from the beginning.
    """
    if options.recorded_time:
        return Start()
    with closing(_consumer(options)) as consumer:
        partitions = [TopicPartition(options.raw_topic, n) for n in consumer.partitions_for_topic(options.raw_topic)]
        read = [_last_time_read(consumer, partition) for partition in partitions]
        forgotten = [_time_forgotten(consumer, partition) for partition in partitions]
    unfinished = (min(read) - FARTHEST_BEHIND_MS) // MINUTE_MS * MINUTE_MS
    kept_whole = -(-(max(forgotten) + options.ahead_seconds * 1000) // MINUTE_MS) * MINUTE_MS
    first_window = max(unfinished if min(read) else 0, kept_whole if max(forgotten) else 0)
    return Start(first_window - options.ahead_seconds * 1000, first_window) if first_window else Start()


def _consumer(options: Options) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=options.bootstrap_servers, group_id=options.group_id, enable_auto_commit=False,
        auto_offset_reset="earliest",
    )  # fmt: skip


def _last_time_read(consumer: KafkaConsumer, partition: TopicPartition) -> int:
    """Kafka's time (ms) of the last record before the group's offset, or of the oldest kept; 0 if none was read."""
    committed = consumer.committed(partition)
    oldest = consumer.beginning_offsets([partition])[partition]
    return _time_at(consumer, partition, max(committed - 1, oldest)) if committed else 0


def _time_forgotten(consumer: KafkaConsumer, partition: TopicPartition) -> int:
    """Kafka's time (ms) up to which records may have been removed; 0 if all were kept."""
    oldest = consumer.beginning_offsets([partition])[partition]
    return _time_at(consumer, partition, oldest) if oldest else 0


def _time_at(consumer: KafkaConsumer, partition: TopicPartition, offset: int) -> int:
    """Kafka's time of the record at the offset; now, where there is none yet."""
    if offset >= consumer.end_offsets([partition])[partition]:
        return time.time_ns() // 1_000_000
    consumer.assign([partition])
    consumer.seek(partition, offset)
    records = consumer.poll(timeout_ms=POLL_MS, max_records=1).get(partition)
    if not records:
        raise NotReady(f"Kafka did not answer with the record {offset} of {partition} in {POLL_MS} ms")
    return int(records[0].timestamp)
