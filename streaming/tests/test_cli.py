"""The commands as a shell sees them: exit codes, messages, JSON."""

import json
from pathlib import Path

import pytest

from local.servers import DynamoDB, Kafka, free_port
from streaming.tests.job_process import command_line
from streaming.tests.stage import Stage


def test_help_has_examples() -> None:
    answer = command_line("--help")
    assert answer.returncode == 0
    assert "python -m streaming run" in answer.stdout


def test_config_says_where_each_option_came_from() -> None:
    answer = command_line("config", "--json", "--heap-mb", "512", environment={"STREAMING_REST_PORT": "7"})
    values = json.loads(answer.stdout)
    assert values["heap_mb"] == {"value": 512, "from": "--heap-mb"}
    assert values["rest_port"] == {"value": 7, "from": "STREAMING_REST_PORT"}


def test_a_wrong_option_is_exit_code_2() -> None:
    answer = command_line("config", environment={"STREAMING_REST_PORT": "x"})
    assert (answer.returncode, answer.stderr) == (
        2,
        "error: rest_port (STREAMING_REST_PORT): 'x' is not a whole number\n",
    )


def test_status_of_no_job_is_exit_code_3() -> None:
    answer = command_line("status", "--json", "--rest-port", str(free_port()))
    assert answer.returncode == 3
    assert json.loads(answer.stdout)["state"] == "unreachable"


def test_a_job_without_its_jars_says_which(tmp_path: Path) -> None:
    answer = command_line("run", "--jars-dir", str(tmp_path), "--state-dir", str(tmp_path))
    assert answer.returncode == 1
    assert "flink-sql-connector-kafka-*.jar, raw-event-format-*.jar not in" in answer.stderr


@pytest.fixture(scope="module")
def stage(kafka: Kafka, dynamodb: DynamoDB) -> Stage:
    """Topics and tables as the job wants them."""
    stage = Stage(kafka, dynamodb, "cli")
    stage.create()
    return stage


def test_a_job_whose_topics_and_tables_are_wrong_names_each_and_does_not_start(stage: Stage, tmp_path: Path) -> None:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in stage.options().items()]
    flags += ["--late-topic=absent", "--analytics-table=none-such", f"--trending-table={stage.name('windows')}"]
    answer = command_line("run", *flags, "--state-dir", str(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[0] == "error: Kafka topic absent does not exist"
    assert "DynamoDB table none-such" in answer.stderr
    assert "has the key ('product_id', 'window_start'), not ('granularity', 'window_start')" in answer.stderr


def test_a_raw_topic_with_the_producers_clock_is_refused(stage: Stage, tmp_path: Path) -> None:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in stage.options().items()]
    answer = command_line("run", *flags, "--state-dir", str(tmp_path))
    assert answer.returncode == 1
    assert "message.timestamp.type=CreateTime" in answer.stderr
