"""The recorded shoppers, and kill -9 at ten random moments while they are replayed: every window is exact.

So with a savepoint after that, from which the job goes on with another parallelism.
"""

import csv
import gzip
import json
import random
import secrets
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.servers import DynamoDB, Kafka, free_port
from streaming.tests import model
from streaming.tests.job_process import JobProcess
from streaming.tests.stage import PARTITIONS, Record, Stage, milliseconds, rfc3339
from tests.end_to_end.recordings import write_slice

ROWS = 96_168  # of the real recording; as many are made up where that is absent
KILLS = 10
STARTING_SECONDS, RUNNING_SECONDS = 20.0, 10.0  # within which a kill comes, after the start or a first checkpoint
SLICES_PER_KILL, SLICE = 20, -(-ROWS // (20 * KILLS))
NOW = milliseconds("2025-11-23T12:00:00Z")
DAY = 86_400_000
TYPES = {"pv": "VIEW_PRODUCT", "cart": "ADD_TO_CART", "fav": "ADD_TO_WISHLIST", "buy": "PURCHASE"}


@pytest.fixture
def quick_dynamodb(tmp_path: Path) -> Iterator[DynamoDB]:
    """DynamoDB Local in memory."""
    with DynamoDB(tmp_path / "dynamodb", free_port(), in_memory=True) as server:
        yield server


@pytest.mark.check_all
@pytest.mark.parametrize("seed", [secrets.randbelow(10**9)])
def test_the_recording_is_exact_through_ten_kills_and_a_change_of_parallelism(
    kafka: Kafka, quick_dynamodb: DynamoDB, rest_port: int, tmp_path: Path, seed: int
) -> None:
    stage, recording = Stage(kafka, quick_dynamodb, f"kills-{seed}"), _recording(tmp_path / "recording.csv.gz")
    stage.create()
    options = stage.options() | {"rest_port": str(rest_port), "checkpoint_seconds": "2", "recorded_time": "true"}
    with JobProcess(tmp_path / "job", options) as job:
        _replay(stage, recording, job, random.Random(seed))
        job.start()
        savepoint = job.stop_with_savepoint()
        job.options["parallelism"] = "4"
        job.start()
        end = milliseconds(_timestamp(recording[-1])) + DAY
        stage.control("end", NOW, f"{rfc3339(end)[:19]}Z")
        stage.wait_until_all_is_kept(900)
        assert job.status().late_records_dropped == 0
    assert job.log.read_text().count("resuming from") > 2
    assert f"resuming from {savepoint}" in job.log.read_text()
    found = {key: {name: value for name, value in item.items() if name.endswith("_count")}
             for key, item in stage.windows().items()}  # fmt: skip
    assert found == model.windows_in_time(recording)
    assert (stage.read("late"), stage.read("dead")) == ([], [])


def _replay(stage: Stage, recording: list[Record], job: JobProcess, chance: random.Random) -> None:
    """Send the recording while the job lives ten times; one life in three ends while the job starts."""
    slices = (recording[begin : begin + SLICE] for begin in range(0, len(recording), SLICE))
    for number in range(KILLS):
        if number % 3 == 1:
            job.launch()
            life = chance.uniform(0, STARTING_SECONDS)
        else:
            job.start()
            life = chance.uniform(0, RUNNING_SECONDS)
        for _ in range(SLICES_PER_KILL):
            stage.send(next(slices, []))
            time.sleep(life / SLICES_PER_KILL)
        job.kill()


def _recording(path: Path) -> list[Record]:
    with gzip.open(write_slice(path, ROWS), "rt", newline="") as file:
        return [_event(number, row) for number, row in enumerate(csv.DictReader(file))]


def _event(number: int, row: dict[str, str]) -> Record:
    event = {
        "event_id": f"R{number}", "user_id": f"U{row['user_id']}", "product_id": f"P{row['item_id']}",
        "event_type": TYPES[row["behaviour"]], "timestamp": f"{rfc3339(int(row['epoch_seconds']) * 1000)[:19]}Z",
    }  # fmt: skip
    key = event["user_id"].encode()
    return Record(NOW, json.dumps(event).encode(), key, {"trust": "visitor"}, zlib.crc32(key) % PARTITIONS)


def _timestamp(record: Record) -> str:
    event: dict[str, Any] = json.loads(record.value or b"")
    return str(event["timestamp"])
