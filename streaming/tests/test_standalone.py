"""The job's life on a real standalone cluster of two processes, through the command line.

Released and deployed, looked at, its JobManager killed, ensured twice at once, deployed with another plan.
"""

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.servers import DynamoDB, Kafka
from streaming.tests.job_process import ROOT, clean_environment
from streaming.tests.stage import PARTITIONS, Record, Stage, eventually, milliseconds, rfc3339
from streaming.tests.standalone import StandaloneCluster

pytestmark = pytest.mark.check_all
BEGIN = milliseconds("2025-11-23T12:00:00Z")
STEP, MINUTE = 3_000, 60_000
READY = ("resuming from", "starting without a checkpoint")  # said once topics and tables have been checked


@dataclass
class Operator:
    """Somebody with a shell, and the shop's clock."""

    stage: Stage
    rest_port: int
    directory: Path
    variables: dict[str, str] = field(default_factory=dict)
    clock: int = BEGIN
    running: list["subprocess.Popen[str]"] = field(default_factory=list)
    sold: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """The options of all commands."""
        options = self.stage.options() | {
            "rest_port": str(self.rest_port), "state_dir": str(self.directory / "state"),
            "releases_dir": str(self.directory / "releases"), "checkpoint_seconds": "1",
            "jars_dir": str(ROOT / ".local/jars/flink"),
        }  # fmt: skip
        told = {f"STREAMING_{name.upper()}": value for name, value in options.items()}
        return clean_environment() | told | self.variables

    def begin(self, *arguments: str, tree: Path = ROOT) -> "subprocess.Popen[str]":
        """Begin a command of the tree's code."""
        environment = self.environment() | {"PYTHONPATH": str(tree), "PYTHONUNBUFFERED": "1"}
        log = (self.directory / f"{len(self.running)}-{arguments[0]}.log").open("w+")
        process = subprocess.Popen(
            [sys.executable, "-m", "streaming", *arguments], cwd=tree, text=True, env=environment,
            stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        process.stderr = log
        self.running.append(process)
        return process

    def end(self, process: "subprocess.Popen[str]") -> tuple[int, str, str]:
        """Its exit code, what it answered and what it said beside, once it has ended."""
        answer, _ = process.communicate(timeout=300)
        return process.returncode, answer, self.said(process)

    def said(self, process: "subprocess.Popen[str]") -> str:
        """What the command has said so far."""
        assert process.stderr
        return Path(process.stderr.name).read_text()

    def command(self, *arguments: str, tree: Path = ROOT) -> dict[str, Any]:
        """The JSON that a command answers, which must work."""
        code, answer, said = self.end(self.begin(*arguments, "--json", tree=tree))
        assert code == 0, said
        found: dict[str, Any] = json.loads(answer)
        return found

    @contextmanager
    def broker_time(self) -> Iterator[None]:
        """Let the raw topic look as if the broker gave its times, which a submission insists on."""
        self.stage.claim_broker_time(True)
        yield
        self.stage.claim_broker_time(False)

    def deploy(self, version: str, *flags: str, ready: tuple[str, ...] = READY) -> tuple[int, str, str]:
        """Deploy a release; the shop's heart beats once the command has said that it is ready."""
        with self.broker_time():
            process = self.begin("deploy", "--version", version, "--json", *flags)
            eventually(lambda: process.poll() is not None or any(text in self.said(process) for text in ready),
                       "the submission", 240)  # fmt: skip
        eventually(lambda: process.poll() is not None or self.beat(), f"version {version}", 240)
        return self.end(process)

    def beat(self) -> None:
        """One heartbeat, a little later."""
        self.clock += 100
        self.stage.control("heartbeat", self.clock)

    def sell(self) -> str:
        """Send an event each three seconds of the next two minutes, and what closes them; return the last window."""
        start = -(-self.clock // MINUTE) * MINUTE
        end = start + 2 * MINUTE
        self.stage.send(_event(moment) for moment in range(start, end, STEP))
        self.clock = end + 12_000
        self.stage.control("heartbeat", self.clock)
        self.sold += [rfc3339(window)[:19] + "Z" for window in range(start, end, MINUTE)]
        return self.sold[-1]

    def wait_for(self, window: str) -> None:
        """Wait until the window is in the table."""
        eventually(lambda: ("P1", window) in self.stage.windows(), f"the window {window}", 240)


@dataclass(frozen=True)
class Outcome:
    """What was seen at each step."""

    first: tuple[int, str, str]
    status: dict[str, Any]
    metrics: str
    savepoint: Path
    ensured: list[str]
    jobs_after_ensure: list[dict[str, Any]]
    ensured_again: str
    second: tuple[int, str, str]
    jobs_in_the_end: list[dict[str, Any]]
    sold: list[str]
    windows: dict[str, dict[str, Any]]


def _event(moment: int) -> Record:
    number = moment // STEP
    event = {"user_id": f"U{number}", "product_id": "P1", "event_type": "PURCHASE", "timestamp": rfc3339(moment)}
    return Record(moment, json.dumps(event).encode(), b"U", {}, number % PARTITIONS)


def tree_with(directory: Path, file: str, old: str, new: str) -> Path:
    """A copy of the job's code with one change."""
    shutil.copytree(ROOT / "streaming", directory / "streaming", ignore=shutil.ignore_patterns("__pycache__", "tests"))
    changed = directory / "streaming" / file
    text = changed.read_text()
    assert old in text
    changed.write_text(text.replace(old, new))
    return directory


@pytest.fixture(scope="module")
def outcome(kafka: Kafka, dynamodb: DynamoDB, rest_port: int, scratch: Path) -> Outcome:
    """The story."""
    stage = Stage(kafka, dynamodb, "standalone")
    stage.create()
    with StandaloneCluster(scratch / "flink", rest_port) as cluster:
        operator = Operator(stage, rest_port, scratch / "operator")
        (scratch / "operator").mkdir()
        return _story(operator, cluster, scratch)


def _story(operator: Operator, cluster: StandaloneCluster, scratch: Path) -> Outcome:
    stage = operator.stage
    other = tree_with(scratch / "other", "sql/views.sql", "position_in_window <= 100", "position_in_window <= 50")
    operator.command("package", "--version", "1")
    operator.command("package", "--version", "2", tree=other)

    first = operator.deploy("1")
    last = operator.sell()
    stage.send([Record(operator.clock, b"{}"), _late(operator.clock), _late(operator.clock)])
    operator.wait_for(last)
    status = eventually(lambda: _settled(operator.command("status"), last), "the counters of all that was sent")
    metrics = _scrape(cluster)
    savepoint = Path(operator.command("savepoint")["path"])

    cluster.job_manager.kill()
    last = operator.sell()
    cluster.job_manager.start()
    cluster.wait_for_slots()
    with operator.broker_time():
        at_once = [operator.begin("ensure", "--version", "1", "--json") for _ in range(2)]
        ensured = [json.loads(operator.end(process)[1])["outcome"] for process in at_once]
    jobs_after_ensure = operator.command("list")["jobs"]
    operator.wait_for(last)
    ensured_again = operator.command("ensure")["outcome"]

    operator.sell()
    second = operator.deploy("2")
    operator.wait_for(operator.sell())
    jobs_in_the_end = operator.command("list")["jobs"]
    return Outcome(
        first=first, status=status, metrics=metrics, savepoint=savepoint, ensured=ensured,
        jobs_after_ensure=jobs_after_ensure, ensured_again=ensured_again, second=second,
        jobs_in_the_end=jobs_in_the_end, sold=operator.sold,
        windows={start: item for (_, start), item in stage.windows().items()},
    )  # fmt: skip


def _late(clock: int) -> Record:
    event = json.loads(_event(clock).value or b"") | {"timestamp": rfc3339(clock - 10_000)}
    return Record(clock, json.dumps(event).encode())


def _settled(status: dict[str, Any], last: str) -> dict[str, Any] | None:
    """The status, once all that Flink reports by and by has arrived."""
    counted = (status["late_events"], status["dead_letters"]) == (2, 1) and status["dynamodb_items"]
    return status if counted and (status["watermark"] or "") > last else None


def _scrape(cluster: StandaloneCluster) -> str:
    ports = (cluster.job_manager.metrics_port, cluster.task_manager.metrics_port)
    pages = [urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode() for port in ports]
    return "".join(pages)


def test_the_first_deployment_returns_once_the_watermark_moves(outcome: Outcome) -> None:
    code, answer, said = outcome.first
    assert (code, json.loads(answer)) == (0, {"outcome": "deployed"}), said
    assert "starting without a checkpoint" in said


def test_status_says_how_far_the_job_is(outcome: Outcome) -> None:
    status = outcome.status
    assert (status["running"], status["version"], status["consumer_lag"]) == (True, "1", 0)
    assert status["newest_window"] == outcome.sold[1]
    assert status["watermark"] > outcome.sold[1]
    assert status["newest_checkpoint_age_seconds"] < 60
    assert status["newest_checkpoint_bytes"] > 0
    assert status["records_per_second"] >= 0
    assert (status["late_records_dropped"], status["dynamodb_retries"]) == (0, 0)
    assert status["dynamodb_calls"] <= status["dynamodb_items"]


@pytest.mark.parametrize(
    ("metric", "operator"),
    [
        ("operator_numRecordsIn", "Source:_raw_events"),
        ("operator_pendingRecords", "Source:_raw_events"),  # the consumer lag
        ("operator_watermarkLag", "Source:_raw_events"),
        ("operator_numRecordsIn", "late_events"),
        ("operator_numRecordsIn", "dead_letters"),
        ("operator_numLateRecordsDropped", "WindowAggregate"),
        ("operator_dynamodb_items", "PythonCalc"),
        ("operator_dynamodb_calls", "PythonCalc"),
        ("operator_dynamodb_retries", "PythonCalc"),
        ("operator_dynamodb_milliseconds", "PythonCalc"),
        ("lastCheckpointDuration", ""),
        ("lastCheckpointSize", ""),
    ],
)
def test_prometheus_scrapes_what_alarms_and_dashboards_need(outcome: Outcome, metric: str, operator: str) -> None:
    found = [line for line in outcome.metrics.splitlines() if line.partition("{")[0].endswith("_" + metric)]
    assert [line for line in found if not operator or f'operator_name="{operator}' in line]


def test_a_savepoint_is_where_the_plans_checkpoints_are(outcome: Outcome) -> None:
    assert (outcome.savepoint / "_metadata").exists()
    assert outcome.savepoint.parents[2].name == outcome.status["fingerprint"]


def test_two_that_ensure_at_once_bring_the_job_back_once(outcome: Outcome) -> None:
    assert sorted(outcome.ensured) == ["running", "submitted"]
    assert len(outcome.jobs_after_ensure) == 1
    assert outcome.ensured_again == "running"


def test_a_release_with_another_plan_starts_cold(outcome: Outcome) -> None:
    code, answer, said = outcome.second
    assert (code, json.loads(answer)) == (0, {"outcome": "deployed"}), said
    assert "stopped job" in said
    assert "starting without a checkpoint: Start(read_from_ms=" in said
    assert [job["version"] for job in outcome.jobs_in_the_end if job["running"]] == ["2"]


def test_every_window_is_exact_after_all_that(outcome: Outcome) -> None:
    assert len(outcome.sold) == 8
    counted = {start: item["event_count"] for start, item in outcome.windows.items()}
    assert counted == dict.fromkeys(outcome.sold, MINUTE // STEP)


@pytest.mark.check_all
def test_a_release_that_fails_or_stands_still_is_undone_and_a_stopped_job_stays_stopped_until_it_is_resumed(
    kafka: Kafka, dynamodb: DynamoDB, rest_port: int, tmp_path: Path
) -> None:
    stage = Stage(kafka, dynamodb, "undone")
    stage.create()
    broken = tree_with(tmp_path / "broken", "sql/views.sql", "FROM raw_events", "FROM no_such_table")
    still = tree_with(
        tmp_path / "still", "job.py", 'f"kafka_time - {_seconds(lateness + 1)}"', '"TO_TIMESTAMP_LTZ(0, 3)"'
    )
    (tmp_path / "operator").mkdir()
    with StandaloneCluster(tmp_path / "flink", rest_port):
        operator = Operator(stage, rest_port, tmp_path / "operator")
        operator.command("package", "--version", "1")
        operator.command("package", "--version", "2", tree=broken)
        operator.command("package", "--version", "3", tree=still)
        assert operator.deploy("1")[0] == 0
        operator.wait_for(operator.sell())

        code, _, said = operator.deploy("2", ready=("[1] ",))
        assert code == 5, said
        assert "error: version 2 does not work, 1 runs again" in said.splitlines()[-1]
        assert "[1] " in said
        assert "resuming from" in said
        operator.wait_for(operator.sell())

        code, _, said = operator.deploy("3", "--watermark-within", "90", ready=("[1] ",))
        assert code == 5, said
        assert "error: version 3 does not work, 1 runs again: its watermark did not move in 90 s" in said
        operator.wait_for(operator.sell())

        savepoint = operator.command("stop")["path"]
        assert operator.command("ensure", "--version", "1")["outcome"] == "stopped"
        with operator.broker_time():
            operator.command("resume")
        last = operator.sell()
        operator.wait_for(last)
        assert savepoint in operator.said(operator.running[-1])
        assert [job["state"] for job in operator.command("list")["jobs"]][:2] == ["RUNNING", "FINISHED"]
    counted = {start: item["event_count"] for (_, start), item in stage.windows().items()}
    assert counted == dict.fromkeys(operator.sold, MINUTE // STEP)
