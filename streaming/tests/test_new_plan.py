"""A release with another plan starts without a checkpoint and never puts a partial count over a full one."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.servers import DynamoDB, Kafka
from streaming.checkpoints import cold_start
from streaming.options import Options
from streaming.tests.job_process import JobProcess
from streaming.tests.stage import PARTITIONS, Record, Stage, eventually, milliseconds, rfc3339

BEGIN = milliseconds("2025-11-23T12:00:00Z")
STEP, MINUTE = 3_000, 60_000
CHANGE_AT = 30 * MINUTE + 30_000
COUNTED_AGAIN_FROM = "2025-11-23T12:20:00Z"  # the longest lateness before 12:30:27, the last time read by all
END_AT = 33 * MINUTE


@pytest.mark.check_all
def test_open_windows_are_counted_again_whole_and_final_ones_left_alone(
    kafka: Kafka, dynamodb: DynamoDB, rest_port: int, scratch: Path
) -> None:
    stage = Stage(kafka, dynamodb, "plan")
    stage.create()
    options = stage.options() | {"rest_port": str(rest_port), "checkpoint_seconds": "1"}
    with JobProcess(scratch / "plan", options) as job:
        _start(stage, job)
        stage.send(_events(0, CHANGE_AT))
        eventually(lambda: "2025-11-23T12:29:00Z" in stage.trending("status"), "the last full window")
        events = CHANGE_AT // STEP
        eventually(lambda: sum(offset or 0 for offset in stage.offsets_of_job()) == events, "all offsets committed")
        final = _by_start(stage)
        assert job.stop() == 0
        job.options["lateness_seconds"] = "12"
        stage.send(_events(CHANGE_AT, END_AT))
        stage.control("heartbeat", BEGIN + END_AT + 13_000)
        _start(stage, job)
        eventually(lambda: "2025-11-23T12:32:00Z" in stage.trending("status"), "the last window")
        eventually(lambda: len(_by_start(stage)) == END_AT // MINUTE, "the items of all windows")
        assert "starting without a checkpoint: Start(read_from_ms=" in job.log.read_text()

    found = _by_start(stage)
    assert {item["event_count"] for item in found.values()} == {MINUTE // STEP}
    for start, item in final.items():
        assert (found[start] == item) == (start < COUNTED_AGAIN_FROM), start


def _start(stage: Stage, job: JobProcess) -> None:
    stage.claim_broker_time(True)
    job.start()
    stage.claim_broker_time(False)


def _by_start(stage: Stage) -> dict[str, dict[str, Any]]:
    return {start: item for (_, start), item in stage.windows().items()}


def _events(begin: int, end: int) -> list[Record]:
    return [_event(BEGIN + moment, moment // STEP) for moment in range(begin, end, STEP)]


def _event(moment: int, number: int) -> Record:
    event = {"user_id": f"U{number}", "product_id": "P1", "event_type": "PURCHASE", "timestamp": rfc3339(moment)}
    return Record(moment, json.dumps(event).encode(), b"U", {}, number % PARTITIONS)


def test_a_window_of_which_kafka_has_forgotten_events_is_not_counted(kafka: Kafka, dynamodb: DynamoDB) -> None:
    stage = Stage(kafka, dynamodb, "forgotten")
    stage.create()
    stage.send(_events(0, 5 * MINUTE))
    stage.forget(10)  # records of each partition: the oldest kept is of 12:02:00 to 12:02:09
    own: dict[str, Any] = {name: stage.options()[name] for name in ("bootstrap_servers", "raw_topic", "group_id")}
    start = cold_start(replace(Options(), **own))
    assert rfc3339(start.first_window_ms)[:19] == "2025-11-23T12:04:00"
    assert start.read_from_ms == start.first_window_ms - 60_000
