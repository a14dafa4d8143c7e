"""Items that were damaged are found by `verify` and mended by `backfill`, which leaves open windows alone."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local import provision
from local.servers import DynamoDB, Kafka
from streaming import recount
from streaming.options import Options
from streaming.tests.job_process import command_line
from streaming.tests.stage import PARTITIONS, Record, Stage, milliseconds, rfc3339

FROM, TO = "2025-11-23T12:40:00Z", "2025-11-23T12:43:00Z"
BEGIN, END = milliseconds(FROM), milliseconds(TO)
QUIET = "2025-11-23T12:42:00Z"
STRAY = {"product_id": "never-sold", "window_start": FROM}
DAMAGED = {("P3", FROM), ("P5", "2025-11-23T12:41:00Z"), ("P5", QUIET), ("1m", FROM), ("status", QUIET)}


@pytest.fixture(scope="module")
def stage(kafka: Kafka, dynamodb: DynamoDB) -> Stage:
    """Two minutes of traffic and a quiet one, read by a job's group, and tables as that job has left them."""
    stage = Stage(kafka, dynamodb, "backfill")
    stage.create()
    stage.send(_traffic())
    for moment in (milliseconds(QUIET) + 1_000, END + 11_999):
        stage.control("heartbeat", moment)
    stage.commit_all()
    _write(stage)
    stage.claim_broker_time(True)
    return stage


@pytest.mark.check_all
def test_damage_is_found_mended_and_gone(stage: Stage) -> None:
    assert _run(stage, "verify", 0)["differences"] == []
    intact = stage.windows()
    _damage(stage)
    assert _keys(_run(stage, "verify", 6)["differences"]) == DAMAGED
    answer = _run(stage, "backfill", 6)
    assert _keys(answer["changed"]) == DAMAGED - {("P5", QUIET)}
    assert _keys(answer["remaining"]) == {("P5", QUIET)}  # it overwrites; what nobody counted it does not remove
    _remove(stage, "windows", {"product_id": "P5", "window_start": QUIET})
    assert _run(stage, "verify", 0)["items"] == answer["items"]
    assert {key: _numbers(item) for key, item in stage.windows().items()} == {
        key: _numbers(item) for key, item in intact.items()
    }
    assert (stage.read("late"), stage.read("dead")) == ([], [])


def test_an_item_of_a_product_without_events_is_found_unless_only_known_products_are_asked_for(stage: Stage) -> None:
    _put(stage, "windows", {**STRAY, "event_count": 1})
    assert _keys(_run(stage, "verify", 6)["differences"]) == {tuple(STRAY.values())}
    assert _run(stage, "verify", 0, "--no-strays")["differences"] == []
    _remove(stage, "windows", STRAY)


def test_a_range_that_the_file_lacks_records_of_is_refused(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl.gz"
    shorter = command_line("archive", "--from", FROM, "--to", QUIET, "--file", str(file),
                           environment=_environment(stage))  # fmt: skip
    assert shorter.returncode == 0, shorter.stderr
    before = stage.windows()
    answer = command_line("backfill", "--from", FROM, "--to", TO, "--file", str(file), environment=_environment(stage))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"error: {file} has the records from 2025-11-23T12:39:00Z to 2025-11-23T12:42:10Z; "
        "the range needs those from 2025-11-23T12:39:00Z to 2025-11-23T12:43:10Z\n"
    )
    assert stage.windows() == before


@pytest.mark.parametrize("command", ["verify", "backfill"])
def test_windows_that_the_job_can_still_write_are_refused(stage: Stage, command: str) -> None:
    answer = command_line(command, "--from", FROM, "--to", "2025-11-23T12:44:00Z", environment=_environment(stage))
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == f"error: the job can still write windows from {TO} on: --to must not be after that\n"


def test_a_range_is_of_whole_minutes() -> None:
    answer = command_line("verify", "--from", "2025-11-23T12:40:01Z", "--to", TO)
    assert answer.returncode == 2
    assert "'2025-11-23T12:40:01Z' is not a whole minute" in answer.stderr


@pytest.mark.check_all
def test_what_kafka_has_forgotten_is_counted_again_from_a_file(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl.gz"
    intact, answer = stage.windows(), _run(stage, "archive", 0, "--file", str(file))
    assert answer == {"records": len(_traffic()) + PARTITIONS}  # the last heartbeats are of a later time
    stage.forget(50)
    _damage(stage)
    _remove(stage, "windows", {"product_id": "P5", "window_start": QUIET})
    assert _keys(_run(stage, "backfill", 0, "--file", str(file))["changed"]) == DAMAGED - {("P5", QUIET)}
    assert {key: _numbers(item) for key, item in stage.windows().items()} == {
        key: _numbers(item) for key, item in intact.items()
    }


def _traffic() -> list[Record]:
    """Shoppers in time, at the edges of the range, late by a millisecond, and records that are no events."""
    chance = random.Random(3)
    records = [_event(BEGIN + n * 300, f"P{chance.randrange(9)}", chance.randrange(9_999), n) for n in range(420)]
    edges = [(BEGIN, 1), (BEGIN, 0), (BEGIN + 10_000, 10_000), (BEGIN + 9_999, 9_999), (BEGIN + 130_000, 10_001)]
    return [
        *records, *(_event(moment, "P0", behind, 1000 + n) for n, (moment, behind) in enumerate(edges)),
        Record(BEGIN, b"no event"), Record(BEGIN + 1, None, b""), _event(BEGIN, "P0", -60_001, 2000),
    ]  # fmt: skip


def _event(now: int, product: str, behind: int, number: int) -> Record:
    kind = ("VIEW_PRODUCT", "ADD_TO_CART", "PURCHASE", "RATE")[number % 4]
    event = {
        "user_id": f"U{number % 37}",
        "product_id": product,
        "event_type": kind,
        "timestamp": rfc3339(now - behind),
    }
    headers = ({}, {"bot": "1"}, {"trust": "visitor"}, {"trust": "customer"}, {"trust": "anonymous"})[number % 5]
    return Record(now, json.dumps(event).encode(), b"U", headers, number % PARTITIONS)


def _write(stage: Stage) -> None:
    counted = recount.recount(replace(Options(), **stage.options()), BEGIN, END)
    for (product, start), numbers in counted.product_items().items():
        _put(stage, "windows", {"product_id": product, "window_start": start, **numbers})
    for (granularity, start), values in counted.minute_items().items():
        products = {"products": json.dumps(values["products"])} if granularity == "1m" else {}
        _put(stage, "trending", {"granularity": granularity, "window_start": start, **values, **products})


def _damage(stage: Stage) -> None:
    wrong = {"product_id": "P5", "window_start": "2025-11-23T12:41:00Z"}
    item = stage.windows()["P5", "2025-11-23T12:41:00Z"]
    _put(stage, "windows", item | {"unique_user_count": item["unique_user_count"] + 1})
    _put(stage, "windows", {**wrong, "window_start": QUIET, "event_count": 1})
    _remove(stage, "windows", {"product_id": "P3", "window_start": FROM})
    _put(stage, "trending", {"granularity": "1m", "window_start": FROM, "products": "[]"})
    _remove(stage, "trending", {"granularity": "status", "window_start": QUIET})


def _put(stage: Stage, table: str, item: dict[str, Any]) -> None:
    typed = {name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in item.items()}
    _client(stage).put_item(TableName=stage.name(table), Item=typed)


def _remove(stage: Stage, table: str, key: dict[str, str]) -> None:
    _client(stage).delete_item(TableName=stage.name(table), Key={name: {"S": value} for name, value in key.items()})


def _client(stage: Stage) -> Any:
    return provision.session().client("dynamodb", endpoint_url=stage.dynamodb.endpoint)


def _run(stage: Stage, command: str, code: int, *flags: str) -> dict[str, Any]:
    answer = command_line(
        command, "--from", FROM, "--to", TO, "--json", *flags, environment=_environment(stage), timeout=300
    )  # fmt: skip
    assert answer.returncode == code, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def _environment(stage: Stage) -> dict[str, str]:
    return {f"STREAMING_{name.upper()}": value for name, value in stage.options().items()}


def _keys(differences: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {tuple(each["key"]) for each in differences}


def _numbers(item: dict[str, Any]) -> dict[str, int]:
    return {name: value for name, value in item.items() if name.endswith("_count")}
