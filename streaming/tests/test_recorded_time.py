"""A recording, in no order, is counted exactly by its own clock; its end marker closes every window.

In the middle the job is stopped with a savepoint and goes on from there with another parallelism.
"""

import json
import random
from pathlib import Path

import pytest

from local.servers import DynamoDB, Kafka
from streaming.flink_rest import Status
from streaming.tests import model
from streaming.tests.job_process import JobProcess
from streaming.tests.stage import PARTITIONS, Record, Stage, milliseconds, rfc3339

START = milliseconds("2017-11-26T01:00:00Z")
LENGTH = 30 * 60_000
NOW = milliseconds("2025-11-23T12:00:00Z")
MARKED = START + LENGTH + 3_600_000
FINAL = rfc3339(MARKED - 600_000)  # by the end marker, and not by today's heartbeat
EVENTS = 6_000


@pytest.fixture(scope="module")
def stage(kafka: Kafka, dynamodb: DynamoDB) -> Stage:
    """Topics and tables for the recording."""
    stage = Stage(kafka, dynamodb, "recorded")
    stage.create()
    return stage


@pytest.fixture(scope="module")
def recording() -> list[Record]:
    """Half an hour of events, each up to nine minutes out of order."""
    chance = random.Random(11)
    return [_event(chance, START + number * LENGTH // EVENTS) for number in range(EVENTS)]


@pytest.fixture(scope="module")
def job_status(stage: Stage, recording: list[Record], rest_port: int, scratch: Path) -> Status:
    """The status of the job when it has counted the recording."""
    options = stage.options() | {"rest_port": str(rest_port), "checkpoint_seconds": "1", "recorded_time": "true"}
    with JobProcess(scratch / "recorded", options) as job:
        job.start()
        stage.send(recording[: EVENTS // 2])
        job.wait_until_read(EVENTS // 2)
        savepoint = job.stop_with_savepoint()
        job.options["parallelism"] = "3"
        stage.send(recording[EVENTS // 2 :])
        stage.control("heartbeat", NOW)
        stage.control("end", NOW, rfc3339(MARKED)[:19] + "Z")
        job.start()
        assert f"resuming from {savepoint}" in job.log.read_text()
        stage.wait_until_all_is_kept()
        return job.settled_status(FINAL)


def test_every_window_of_a_recording_is_exact_and_closed(
    job_status: Status, stage: Stage, recording: list[Record]
) -> None:
    found = {key: {name: value for name, value in item.items() if name.endswith("_count")}
             for key, item in stage.windows().items()}  # fmt: skip
    assert found == model.windows_in_time(recording)
    assert job_status.watermark == FINAL


def test_no_event_of_a_recording_is_late_dead_or_dropped(job_status: Status, stage: Stage) -> None:
    assert (stage.read("late"), stage.read("dead"), job_status.late_records_dropped) == ([], [], 0)


def _event(chance: random.Random, moment: int) -> Record:
    timestamp = rfc3339(max(START, moment - chance.randrange(540_000)))
    event = {"user_id": f"U{chance.randrange(900)}", "product_id": f"P{chance.randrange(300)}",
             "event_type": "VIEW_PRODUCT", "timestamp": timestamp}  # fmt: skip
    return Record(NOW, json.dumps(event).encode(), b"U", {}, chance.randrange(PARTITIONS))
