"""One job's life with the broker's clock: counted, late and dead records, kill -9, a quiet minute, a new plan.

Each record's Kafka time is chosen, so that every rule is tested to the millisecond and no test waits for a clock.
"""

import base64
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.servers import DynamoDB, Kafka
from streaming.flink_rest import FlinkRest, Largest
from streaming.tests import model
from streaming.tests.job_process import JobProcess
from streaming.tests.stage import PARTITIONS, Read, Record, Stage, eventually, milliseconds, rfc3339

GOLDEN = [json.loads(line) for line in Path(__file__).with_name("golden.jsonl").read_text().splitlines()]
GOLDEN_TIME = milliseconds("2025-11-23T12:40:30Z")
# One record of each released version, as its producers write it.
CONTRACTS = Path(__file__).parents[2] / "ecom" / "contracts" / "golden"
RELEASED = [json.loads(path.read_text()) for path in sorted(CONTRACTS.glob("raw-event-v1.*.json"))]
VERSIONS = ({}, {"schema_version": "1.0"}, {"schema_version": "1.1", "campaign": "autumn-sale"})
FIRST, SECOND, QUIET, LAST = (f"2025-11-23T12:{minute}:00Z" for minute in (40, 41, 42, 43))


@dataclass(frozen=True)
class Outcome:
    """What went in and, once all was over, what had come out."""

    golden: dict[str, Read]
    traffic: list[Record]
    sent: int
    windows: dict[tuple[str, str], dict[str, Any]]
    trending: dict[str, dict[str, Any]]
    status: dict[str, dict[str, Any]]
    dead: list[Read]
    late: list[Read]
    analytics: list[Read]
    job_status: dict[str, Any]
    largest: Largest
    exit_code: int
    leftovers_after_stop: list[int]
    log: str


@pytest.fixture(scope="module")
def outcome(kafka: Kafka, dynamodb: DynamoDB, rest_port: int, scratch: Path) -> Outcome:
    """The life of the job: half of the traffic, kill -9, the other half while it is down, a quiet minute, the end."""
    stage = Stage(kafka, dynamodb, "live")
    stage.create()
    options = stage.options() | {"rest_port": str(rest_port), "checkpoint_seconds": "1"}
    with JobProcess(scratch / "live", options) as job:
        return _live(stage, job)


def _live(stage: Stage, job: JobProcess) -> Outcome:
    golden, traffic = _golden_records(), _traffic()
    before = [record for record in traffic if record.kafka_time <= GOLDEN_TIME]
    after = traffic[len(before) :]
    start_with_broker_time(stage, job)
    stage.send(before)
    read = dict(zip((case["name"] for case in GOLDEN), stage.send(golden), strict=True))
    stage.send(after[:500])
    job.wait_until_kept(len(before) + len(golden) + 500)
    job.kill()
    stage.send(after[500:])
    start_with_broker_time(stage, job)
    _let_a_quiet_minute_pass(stage)
    job_status = job.command("status")
    largest = FlinkRest(f"http://127.0.0.1:{job.options['rest_port']}").largest_checkpoint()
    exit_code = job.stop()
    return Outcome(
        golden=read, traffic=traffic, sent=len(golden) + len(traffic), windows=stage.windows(),
        trending=stage.trending("1m"), status=stage.trending("status"), dead=stage.read("dead"),
        late=stage.read("late"), analytics=stage.read("analytics"), job_status=job_status, largest=largest,
        exit_code=exit_code, leftovers_after_stop=job.leftovers(), log=job.log.read_text(),
    )  # fmt: skip


def start_with_broker_time(stage: Stage, job: JobProcess) -> None:
    """Start the job on a topic that claims to have the broker's times, then let tests choose them again."""
    stage.claim_broker_time(True)
    job.start()
    stage.claim_broker_time(False)


def _let_a_quiet_minute_pass(stage: Stage) -> None:
    for second in (*range(0, 60, 3), 71):
        stage.control("heartbeat", milliseconds(QUIET) + second * 1000)
    eventually(lambda: QUIET in stage.trending("status"), "the quiet minute's status")
    eventually(lambda: _promised(stage) == len(stage.windows()), "the windows that each status promises")


def _promised(stage: Stage) -> int:
    return sum(status["product_count"] for status in stage.trending("status").values())


def _golden_records() -> list[Record]:
    return [Record(GOLDEN_TIME, _body(case), b"key", {"ce_id": "1"} | case.get("headers", {})) for case in GOLDEN]


def _body(case: dict[str, Any]) -> bytes | None:
    if "body" in case:
        return str(case["body"]).encode()
    return None if case["base64"] is None else base64.b64decode(case["base64"])


def _traffic() -> list[Record]:
    """Two minutes of shoppers in time: 130 products, bots, all trust marks, types and released versions of the event,
    events delivered twice.
    """
    chance = random.Random(7)
    records = [_shopper(chance, milliseconds(FIRST) + number * 40) for number in range(3000)]
    return sorted(records + _released() + chance.sample(records, 100), key=lambda record: record.kafka_time)


def _released() -> list[Record]:
    """They have the same user, product and event_id."""
    golden = [(each["key"], each["value"], dict(each["headers"])) for each in RELEASED]
    return [Record(milliseconds(headers["received_at"]), value.encode(), key.encode(), headers)
            for key, value, headers in golden]  # fmt: skip


def _shopper(chance: random.Random, now: int) -> Record:
    product = f"P{min(int(chance.expovariate(0.03)), 129):03d}"
    user = f"U{chance.randrange(400)}"
    kinds = ("VIEW_PRODUCT", "ADD_TO_CART", "ADD_TO_WISHLIST", "PURCHASE", "RATE")
    event = {"event_id": f"E{now}", "user_id": user, "product_id": product, "event_type": chance.choice(kinds),
             "timestamp": rfc3339(now - chance.randrange(9_999)), **chance.choice(VERSIONS)}  # fmt: skip
    trust = chance.choice(({}, {"trust": "anonymous"}, {"trust": "visitor"}, {"trust": "customer"}))
    bot = {"bot": "1"} if chance.random() < 0.1 else {}
    return Record(now, json.dumps(event).encode(), user.encode(), trust | bot, chance.randrange(PARTITIONS))


def _numbers(item: dict[str, Any]) -> dict[str, int]:
    return {name: value for name, value in item.items() if name.endswith("_count")}


def _once(records: list[Read]) -> dict[tuple[str, str], Read]:
    """Records by where they came from; a kill may repeat one."""
    return {(read.headers["source_partition"], read.headers["source_offset"]): read for read in records}


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_each_golden_record_has_the_outcome_fixed_for_it(outcome: Outcome, case: dict[str, Any]) -> None:
    source = outcome.golden[case["name"]]
    at = (str(source.partition), str(source.offset))
    dead, late = _once(outcome.dead).get(at), _once(outcome.late).get(at)
    found = dead.headers["reason"] if dead else "late" if late else "counted"
    assert found == case["outcome"]


def test_dead_and_late_records_keep_their_bytes_and_headers_and_say_where_they_came_from(outcome: Outcome) -> None:
    sources = {(str(read.partition), str(read.offset)): read for read in outcome.golden.values()}
    for at, found in (_once(outcome.dead) | _once(outcome.late)).items():
        assert (found.key, found.value) == (sources[at].key, sources[at].value)
        assert found.headers["ce_id"] == "1"
        assert found.headers["source_timestamp"] == rfc3339(GOLDEN_TIME)


def test_every_window_has_exactly_the_numbers_of_a_plain_recount(outcome: Outcome) -> None:
    counted = [record for case, record in zip(GOLDEN, _golden_records(), strict=True) if case["outcome"] == "counted"]
    expected = model.windows_in_time(counted + outcome.traffic)
    assert {key: _numbers(item) for key, item in outcome.windows.items()} == expected
    assert {"bot_event_count", "verified_user_count", "other_count"} <= set(next(iter(expected.values())))


def test_versions_of_one_major_are_counted_side_by_side(outcome: Outcome) -> None:
    """The released records come from a bot; the model above has the shoppers, who write each version in each minute."""
    assert len(RELEASED) > 1
    assert outcome.windows["P301", FIRST]["bot_event_count"] == len(RELEASED)
    written = {(json.loads(record.value or b"").get("schema_version"), record.kafka_time // 60_000)
               for record in outcome.traffic}  # fmt: skip
    assert len(written) == len(VERSIONS) * 2


def test_nothing_is_lost_accepted_is_counted_and_late_and_dead(outcome: Outcome) -> None:
    counted = sum(item["event_count"] for item in outcome.windows.values())
    assert outcome.sent == counted + len(_once(outcome.late)) + len(_once(outcome.dead))
    assert outcome.job_status["late_records_dropped"] == 0


def test_the_topic_has_each_window_as_the_table_has_it(outcome: Outcome) -> None:
    newest = {}
    for read in outcome.analytics:
        value = json.loads(read.value or b"")
        assert read.key == value["product_id"].encode()
        newest[value["product_id"], value["window_start"]] = value
    assert {key: _numbers(value) for key, value in newest.items()} == {
        key: _numbers(item) for key, item in outcome.windows.items()
    }


def test_the_topic_speaks_cloud_events(outcome: Outcome) -> None:
    read = outcome.analytics[0]
    value = json.loads(read.value or b"")
    assert read.headers == {
        "ce_specversion": "1.0", "ce_id": f"{value['product_id']}/{value['window_start']}", "ce_source": "/analytics",
        "ce_type": "ecom.product-analytics.v1", "ce_time": value["window_end"],
        "ce_dataschema": "/contracts/product-analytics/1.0",
    }  # fmt: skip


def test_an_item_says_when_it_ends_who_wrote_it_and_when_it_expires(outcome: Outcome) -> None:
    item = outcome.windows["P000", FIRST]
    assert item["window_end"] == SECOND
    assert f"run {item['run_id']} is job" in outcome.log
    written = milliseconds(item["updated_at"]) // 1000
    assert item["expires_at"] == written + 90 * 24 * 3600


def test_trending_has_the_top_100_in_order(outcome: Outcome) -> None:
    counts = ("unique_user_count", "verified_user_count", "event_count", "view_count", "cart_count", "wishlist_count",
              "purchase_count", "other_count")  # fmt: skip
    expected = [
        {"product_id": product, **{name: item[name] for name in counts}}
        for (product, start), item in outcome.windows.items() if start == SECOND and item["unique_user_count"]
    ]  # fmt: skip
    expected.sort(key=lambda product: (-product["unique_user_count"], product["product_id"]))
    assert len(expected) > 100
    assert json.loads(outcome.trending[SECOND]["products"]) == expected[:100]


def test_each_minute_has_a_status_a_quiet_one_too(outcome: Outcome) -> None:
    for start in (FIRST, SECOND):
        of_minute = [item for key, item in outcome.windows.items() if key[1] == start]
        status = outcome.status[start]
        assert status["event_count"] == sum(item["event_count"] for item in of_minute)
        assert status["product_count"] == len(of_minute)
    quiet = outcome.status[QUIET]
    assert (quiet["event_count"], quiet["product_count"], quiet["watermark"]) == (0, 0, LAST)
    assert QUIET not in outcome.trending


def test_a_killed_job_resumes_from_its_newest_checkpoint(outcome: Outcome) -> None:
    assert re.search(r"resuming from .*/chk-\d+\n", outcome.log)


def test_no_checkpoint_was_larger_or_longer_than_the_largest(outcome: Outcome) -> None:
    assert outcome.largest.largest_checkpoint_bytes >= outcome.job_status["newest_checkpoint_bytes"] > 0
    assert outcome.largest.longest_checkpoint_ms >= outcome.job_status["newest_checkpoint_duration_ms"] > 0


def test_sigterm_ends_the_job_and_all_its_processes(outcome: Outcome) -> None:
    assert outcome.exit_code == 0
    assert outcome.leftovers_after_stop == []
