"""Where a run begins: at its plan's newest checkpoint or savepoint or, without one, at the oldest window not yet final.

<checkpoints>/<fingerprint of the plan>/<job id>/run.json          what the run was begun with
                                                 /chk-*            its checkpoints
                                                 /savepoints/*     its savepoints
"""

import hashlib
import json
import os
import shutil
import time
import uuid
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streaming.failures import NotReady
from streaming.options import LONGEST_LATENESS_SECONDS, Options

MINUTE_MS = 60_000
FARTHEST_BEHIND_MS = (LONGEST_LATENESS_SECONDS + 1) * 1000
POLL_MS = 10_000


@dataclass(frozen=True)
class Start:
    """Where a job without a checkpoint begins to read, and the first window it counts (milliseconds since 1970).

    None and 0: at the beginning of the topic, all windows. `end_ms` is where a backfill's windows end.
    """

    read_from_ms: int | None = None
    first_window_ms: int = 0
    end_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the job. `plan` is the directory of its plan, `resume_from` the checkpoint that it begins with."""

    plan: Path
    job_id: str
    run_id: str
    start: Start
    resume_from: Path | None


def begin(plan: Path, options: Options, *, attempt: str, resume_from: Path | None = None) -> Run:
    """Decide where a run begins: at the checkpoint given, else at the plan's newest, else at the oldest open window.

    Who decides the same for the same attempt gets the same run, so that a cluster, which takes a job's id once, can
    refuse all but one of them.
    """
    resume_from = resume_from or newest(plan)
    job_id = hashlib.sha256(f"{plan.name} {resume_from} {attempt}".encode()).hexdigest()[:32]
    start = _start_of(plan, resume_from) if resume_from else cold_start(options)
    kept = _remember(plan / job_id / "run.json", {"run_id": str(uuid.uuid4()), **asdict(start), **_told(options)})
    start = Start(kept["read_from_ms"], kept["first_window_ms"])
    return Run(plan=plan, job_id=job_id, run_id=kept["run_id"], start=start, resume_from=resume_from)


def newest(plan: Path) -> Path | None:
    """The newest complete checkpoint or savepoint; a folder without _metadata is none, nor is one of unknown start."""
    complete = [*plan.glob("*/chk-*/_metadata"), *plan.glob("*/savepoints/*/_metadata")]
    known = [file.parent for file in complete if run_file(plan, file.parent).exists()]
    return max(known, key=lambda folder: (folder / "_metadata").stat().st_mtime_ns) if known else None


def run_file(plan: Path, checkpoint: Path) -> Path:
    """What the run that wrote the checkpoint was begun with."""
    return plan / checkpoint.relative_to(plan).parts[0] / "run.json"


def options_of(plan: Path, job_id: str) -> dict[str, Any]:
    """The options that a run was begun with."""
    told: dict[str, Any] = json.loads((plan / job_id / "run.json").read_text())["options"]
    return told


def savepoints_of(plan: Path, job_id: str) -> Path:
    """Where a run's savepoints are."""
    return plan / job_id / "savepoints"


def forget_other_runs(run: Run) -> None:
    """Remove the checkpoints of all of the plan's runs but this one and the one that it resumed from."""
    kept = {run.job_id} | ({run.resume_from.relative_to(run.plan).parts[0]} if run.resume_from else set())
    for folder in run.plan.glob("*/"):
        if folder.name not in kept:
            shutil.rmtree(folder)


def _start_of(plan: Path, checkpoint: Path) -> Start:
    """Where the job of the checkpoint began; it has to be told so each time it resumes."""
    if not checkpoint.is_relative_to(plan) or not (file := run_file(plan, checkpoint)).exists():
        raise NotReady(f"{checkpoint} is not a checkpoint of this plan: it is not in {plan}")
    known = json.loads(file.read_text())
    return Start(known["read_from_ms"], known["first_window_ms"])


def _told(options: Options) -> dict[str, Any]:
    return {"options": asdict(options)}


def _remember(file: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Write the file unless there is one; return what it then holds."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{uuid.uuid4()}.draft")
    draft.write_text(json.dumps(content))
    with suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
    kept: dict[str, Any] = json.loads(file.read_text())
    return kept


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


def last_times_read(options: Options) -> list[int]:
    """Kafka's time (ms) of the last record that the group has read of each partition; 0 where it has read none."""
    with closing(_consumer(options)) as consumer:
        partitions = consumer.partitions_for_topic(options.raw_topic) or ()
        return [_last_time_read(consumer, TopicPartition(options.raw_topic, n)) for n in partitions] or [0]


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
