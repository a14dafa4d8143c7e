"""Servers shared by all tests of a session, or of one worker of it. PORT_OFFSET moves their ports."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.servers import DynamoDB, Kafka, Secure

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
OFFSET = int(os.environ.get("PORT_OFFSET") or 200) + 10 * WORKER


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Kafka in one process, with a second listener for those who prove who they are."""
    secure = Secure(port=19094 + OFFSET, user="job", password="in'quo\"tes")
    with Kafka(tmp_path_factory.mktemp("kafka"), 19092 + OFFSET, secure=secure) as server:
        yield server


@pytest.fixture(scope="session")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoDB]:
    """DynamoDB Local."""
    with DynamoDB(tmp_path_factory.mktemp("dynamodb"), 18000 + OFFSET) as server:
        yield server


@pytest.fixture(scope="session")
def rest_port() -> int:
    """The port of Flink's REST API; jobs run one after the other."""
    return 18081 + OFFSET


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for the jobs' state."""
    return tmp_path_factory.mktemp("jobs")
