"""Where a run begins: at its plan's newest checkpoint or savepoint or, without one, at the oldest window not yet final.

<checkpoints>/<fingerprint of the plan>/<job id>/run.json          what the run was begun with
                                                 /chk-*            its checkpoints
                                                 /savepoints/*     its savepoints
"""

import hashlib
import json
import time
import uuid
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streaming.failures import NotReady
from streaming.kafka_security import client_settings
from streaming.options import LONGEST_LATENESS_SECONDS, Options
from streaming.stores import shown, store_at

BEGUN, COMPLETE = "run.json", "_metadata"
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
    """One run of the job. `plan` is the URI of its plan's checkpoints, `resume_from` that of the one it begins with."""

    plan: str
    fingerprint: str
    job_id: str
    run_id: str
    start: Start
    resume_from: str | None


class Plan:
    """All that is kept of the runs of one plan."""

    def __init__(self, options: Options, fingerprint: str) -> None:
        self._options, self.fingerprint = options, fingerprint
        self._store = store_at(f"{options.checkpoints}/{fingerprint}")
        self.uri = self._store.uri

    def begin(self, *, attempt: str, resume_from: str | None = None) -> Run:
        """Decide where a run begins: at the checkpoint given (a URI), the newest, or the oldest open window.

        Who decides the same for the same attempt gets the same run, so that a cluster, which takes a job's id once,
        can refuse all but one of them.
        """
        resume_from = resume_from or self.newest()
        job_id = hashlib.sha256(f"{self.fingerprint} {resume_from} {attempt}".encode()).hexdigest()[:32]
        start = self._start_of(resume_from) if resume_from else cold_start(self._options)
        content = {"run_id": str(uuid.uuid4()), **asdict(start), "options": asdict(self._options)}
        self._store.create(f"{job_id}/{BEGUN}", json.dumps(content))
        kept = json.loads(self._store.read(f"{job_id}/{BEGUN}"))
        return Run(
            plan=self.uri, fingerprint=self.fingerprint, job_id=job_id, run_id=kept["run_id"], start=_start(kept),
            resume_from=resume_from,
        )  # fmt: skip

    def newest(self) -> str | None:
        """The URI of the newest complete checkpoint or savepoint.

        A folder without _metadata is none, nor is one of a run of which it is not known where it began.
        """
        known = {path.partition("/")[0] for path in self._store.find(BEGUN)}
        complete = {path: time for path, time in self._store.find(COMPLETE).items() if path.partition("/")[0] in known}
        if not complete:
            return None
        return f"{self.uri}/{max(complete, key=lambda path: complete[path]).removesuffix('/' + COMPLETE)}"

    def savepoints(self, job_id: str) -> str:
        """The URI below which a run's savepoints are."""
        return f"{self.uri}/{job_id}/savepoints"

    def options_of(self, job_id: str) -> dict[str, Any]:
        """The options that a run was begun with."""
        told: dict[str, Any] = json.loads(self._store.read(f"{job_id}/{BEGUN}"))["options"]
        return told

    def forget_other_runs(self, run: Run) -> None:
        """Remove the checkpoints of all runs but this one and the one that it resumed from."""
        kept = {run.job_id} | ({self._run_of(run.resume_from)} if run.resume_from else set())
        found = {path.partition("/")[0] for name in (BEGUN, COMPLETE) for path in self._store.find(name)}
        for other in found - kept:
            self._store.remove(other)

    def _start_of(self, checkpoint: str) -> Start:
        """Where the job of the checkpoint began; it has to be told so each time it resumes."""
        path = f"{self._run_of(checkpoint)}/{BEGUN}"
        if not checkpoint.startswith(f"{self.uri}/") or path not in self._store.find(BEGUN):
            raise NotReady(f"{shown(checkpoint)} is not a checkpoint of this plan: it is not in {shown(self.uri)}")
        return _start(json.loads(self._store.read(path)))

    def _run_of(self, checkpoint: str) -> str:
        return checkpoint.removeprefix(f"{self.uri}/").partition("/")[0]


def _start(content: dict[str, Any]) -> Start:
    return Start(content["read_from_ms"], content["first_window_ms"])


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
        **client_settings(options), group_id=options.group_id, enable_auto_commit=False, auto_offset_reset="earliest"
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
