"""Where a job begins: at its newest checkpoint or, where its plan has none, at the oldest window not yet final."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition

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
    """Where to begin without a checkpoint.

    An earlier plan of this consumer group has finished all windows that its watermark passed before its last
    checkpoint, where its offsets stand; how far the watermark was behind is not known, but at most as far as the
    longest lateness has it. From there on windows are counted again, whole; earlier ones are left as they are.
    Recorded times tell nothing about progress: with them all is counted again from the beginning.
    """
    last_read = None if options.recorded_time else _last_time_read_from_all(options)
    if last_read is None:
        return Start()
    first_window = (last_read - FARTHEST_BEHIND_MS) // MINUTE_MS * MINUTE_MS
    return Start(read_from_ms=first_window - options.ahead_seconds * 1000, first_window_ms=first_window)


def _last_time_read_from_all(options: Options) -> int | None:
    consumer = KafkaConsumer(
        bootstrap_servers=options.bootstrap_servers, group_id=options.group_id, enable_auto_commit=False,
        auto_offset_reset="earliest",
    )  # fmt: skip
    try:
        times = [_last_time_read(consumer, partition) for partition in _partitions(consumer, options.raw_topic)]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None
    finally:
        consumer.close()


def _partitions(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]


def _last_time_read(consumer: KafkaConsumer, partition: TopicPartition) -> int | None:
    """Kafka's time (ms) of the last record before the group's offset, or of the oldest one kept."""
    committed = consumer.committed(partition)
    if not committed:
        return None
    consumer.assign([partition])
    oldest = consumer.beginning_offsets([partition])[partition]
    consumer.seek(partition, max(committed - 1, oldest))
    records = consumer.poll(timeout_ms=POLL_MS, max_records=1).get(partition)
    return records[0].timestamp if records else None
