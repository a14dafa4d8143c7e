"""Random streams through Kafka and the job, with DynamoDB in trouble and the job killed, against a model.

All is random by a seed, which the test's name shows. Each part of a stream ends with a kill; half of the next part
arrives while the job is down. The job reads and writes Kafka over TLS, as a user with a password. `make test` has one
seed; `make check-all` has new ones each time as well.
"""

import json
import random
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from local.servers import DynamoDB, Kafka
from streaming.tests import model
from streaming.tests.job_process import JobProcess
from streaming.tests.misbehaving import KINDS, MisbehavingDynamoDB
from streaming.tests.model import Expected, Sent
from streaming.tests.stage import Read, Record, Stage, eventually, rfc3339
from streaming.tests.streams import Streams


@dataclass(frozen=True)
class Case:
    """One stream; how often the job is killed meanwhile, and whether DynamoDB is away for longer than it waits."""

    seed: int
    kills: int
    outage: bool = False
    minutes: int = 30
    per_minute: int = 240

    def __str__(self) -> str:
        return f"seed {self.seed}"


FIXED = Case(20_251_123, kills=1)
FRESH = [Case(secrets.randbelow(10**9), kills, outage, minutes=60) for kills, outage in ((2, True), (4, False))]


@dataclass(frozen=True)
class Outcome:
    """What went in, what the model makes of it, and what the job made of it."""

    sent: dict[model.At, Read]
    expected: Expected
    windows: dict[tuple[str, str], dict[str, Any]]
    trending: dict[str, dict[str, Any]]
    status: dict[str, dict[str, Any]]
    analytics: list[Read]
    late: list[Read]
    dead: list[Read]
    troubles: set[str]
    late_records_dropped: int | None
    watermark: str | None
    killed_while_writing: list[bool]
    premature: list[set[str]]

    def sizes(self) -> dict[str, int]:
        """How much was compared."""
        expected = self.expected
        return {"accepted": expected.accepted, "windows": len(expected.windows), "late": len(expected.late),
                "dead": len(expected.dead)}  # fmt: skip


@pytest.fixture(
    scope="module", params=[FIXED, *(pytest.param(case, marks=pytest.mark.check_all) for case in FRESH)], ids=str
)
def outcome(
    request: pytest.FixtureRequest, record_testsuite_property: Callable[[str, object], None],
    kafka: Kafka, dynamodb: DynamoDB, rest_port: int, scratch: Path,
) -> Outcome:  # fmt: skip
    """The whole life of one stream."""
    case = request.param
    stage = Stage(kafka, dynamodb, f"model-{case.seed}")
    stage.create()
    with MisbehavingDynamoDB(dynamodb, seed=case.seed) as proxy:
        options = stage.options() | stage.secure_options() | {"dynamodb_endpoint": proxy.endpoint}
        options |= {"rest_port": str(rest_port), "checkpoint_seconds": "1"}
        with JobProcess(scratch / stage.prefix, options, stage.credentials()) as job:
            found = Run(case, stage, proxy, job).to_the_end()
    record_testsuite_property(str(case), json.dumps(asdict(case) | found.sizes()))  # for bench/exactness.py
    return found


class Run:
    """Sends a stream, kills the job in the middle of its writing, and waits for the end."""

    def __init__(self, case: Case, stage: Stage, proxy: MisbehavingDynamoDB, job: JobProcess) -> None:
        self._case, self._stage, self._proxy, self._job = case, stage, proxy, job
        self._chance = random.Random(case.seed)
        self._parts = Streams(case.seed, minutes=case.minutes, per_minute=case.per_minute).parts(case.kills + 1)
        self._sent: list[tuple[Sent, Read]] = []
        self._killed_while_writing: list[bool] = []
        self._premature: list[set[str]] = []

    def to_the_end(self) -> Outcome:
        self._start()
        for part in self._parts:
            # The rest closes windows yet before a partition stalls, so that there is a writing to kill the job in.
            half = self._chance.randrange(len(part) // 4, len(part) // 2)
            self._send(part[:half])
            if part is not self._parts[0]:
                self._start()
            last = part is self._parts[-1]
            if not last or self._case.outage:
                self._proxy.hold_after(self._chance.randrange(1, 4))
            self._send(part[half:])
            if not last:
                self._kill_while_writing()
            elif self._case.outage:
                self._outlast_the_outage()
        return self._outcome()

    def _start(self) -> None:
        """On a topic that claims to have the broker's times; then they are chosen here."""
        self._stage.claim_broker_time(True)
        self._job.start()
        self._stage.claim_broker_time(False)

    def _send(self, records: list[Record]) -> None:
        read = self._stage.send(records)
        self._sent += [
            (Sent(at=(there.partition, there.offset), kafka_time=record.kafka_time, value=record.value,
                  headers=record.headers), there)
            for record, there in zip(records, read, strict=True)
        ]  # fmt: skip

    def _kill_while_writing(self) -> None:
        """kill -9 after some of the batches of finished windows, and none of the others, were written."""
        self._killed_while_writing.append(self._proxy.held.wait(60))
        closed = set(self._expected().status)
        self._premature.append(set(self._stage.trending("status")) - closed)
        self._job.kill()
        self._proxy.release()

    def _outlast_the_outage(self) -> None:
        """Nobody is answered for so long that the job gives up, and begins again at its checkpoint."""
        eventually(lambda: self._job.status().restarts, "a restart of the job", 180)
        self._proxy.release()

    def _expected(self) -> Expected:
        return model.expected(sent for sent, _ in self._sent)

    def _outcome(self) -> Outcome:
        self._stage.wait_until_all_is_kept(240)
        expected, stage = self._expected(), self._stage
        status = self._job.settled_status(rfc3339(expected.watermark))
        return Outcome(
            sent={(there.partition, there.offset): there for _, there in self._sent}, expected=expected,
            watermark=status.watermark, late_records_dropped=status.late_records_dropped,
            windows=stage.windows(), trending=stage.trending("1m"), status=stage.trending("status"),
            analytics=stage.read("analytics"), late=stage.read("late"), dead=stage.read("dead"),
            troubles={kind for kind, count in self._proxy.answers.items() if count},
            killed_while_writing=self._killed_while_writing, premature=self._premature,
        )  # fmt: skip


def _numbers(item: dict[str, Any]) -> dict[str, int]:
    return {name: value for name, value in item.items() if name.endswith("_count")}


def _last_outputs(outcome: Outcome) -> dict[tuple[str, str], dict[str, Any]]:
    rows = [json.loads(read.value or b"") for read in outcome.analytics]
    return {(row["product_id"], row["window_start"]): row for row in rows}


def _by_source(records: list[Read]) -> dict[model.At, Read]:
    return {(int(read.headers["source_partition"]), int(read.headers["source_offset"])): read for read in records}


def test_every_final_count_in_the_table_is_the_models(outcome: Outcome) -> None:
    assert len(outcome.expected.windows) > 200
    assert {key: _numbers(item) for key, item in outcome.windows.items()} == outcome.expected.windows


def test_the_last_output_for_each_window_in_the_topic_is_the_models(outcome: Outcome) -> None:
    found = {key: _numbers(row) for key, row in _last_outputs(outcome).items()}
    assert found == outcome.expected.windows


def test_every_minutes_top_100_and_status_are_the_models(outcome: Outcome) -> None:
    assert {start: json.loads(item["products"]) for start, item in outcome.trending.items()} == outcome.expected.top
    found = {start: (item["event_count"], item["product_count"]) for start, item in outcome.status.items()}
    assert found == outcome.expected.status


def test_every_late_event_is_in_its_topic_and_nothing_else(outcome: Outcome) -> None:
    late = _by_source(outcome.late)
    assert late.keys() == outcome.expected.late
    assert all((read.key, read.value) == (outcome.sent[at].key, outcome.sent[at].value) for at, read in late.items())


def test_every_dead_letter_is_in_its_topic_with_a_fault_that_it_has(outcome: Outcome) -> None:
    dead = _by_source(outcome.dead)
    assert dead.keys() == outcome.expected.dead.keys()
    for at, read in dead.items():
        assert read.headers["reason"] in outcome.expected.dead[at]
        assert (read.key, read.value) == (outcome.sent[at].key, outcome.sent[at].value)


def test_over_the_topics_accepted_is_counted_and_late_and_dead_and_nothing_is_dropped(outcome: Outcome) -> None:
    counted = sum(row["event_count"] for row in _last_outputs(outcome).values())
    assert outcome.expected.accepted == counted + len(_by_source(outcome.late)) + len(_by_source(outcome.dead))
    assert outcome.late_records_dropped == 0


def test_the_watermark_is_where_the_partition_that_is_least_far_has_it(outcome: Outcome) -> None:
    assert outcome.watermark == rfc3339(outcome.expected.watermark)


def test_each_kill_came_between_two_batches_of_a_windows_items(outcome: Outcome) -> None:
    assert outcome.killed_while_writing
    assert all(outcome.killed_while_writing)


def test_while_a_partition_is_stalled_no_minute_is_final_that_it_may_still_have_events_of(outcome: Outcome) -> None:
    assert outcome.premature
    assert not any(outcome.premature)


def test_dynamodb_was_in_every_kind_of_trouble(outcome: Outcome) -> None:
    assert outcome.troubles >= set(KINDS)
