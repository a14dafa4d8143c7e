"""Fixtures for every test: the embedded servers, started once where a test needs them."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from local.provision import create_topics
from local.servers import DynamoDB, Kafka, Postgres, free_port
from tests import settings as test_settings

DATABASES = ("customers", "catalog", "orders")


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before pytest-xdist reads the groups, after pytest-django's order
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """`django_db` without arguments means every database: no alias is the default one.

    The tests of a file, and all those that share the one live platform, are for the same worker of pytest-xdist. Those
    of whole platforms, which take the longest, come first, so that the two workers end together.
    """
    for item in items:
        shared = "live_platform" if "live_platform" in getattr(item, "fixturenames", ()) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(shared))
        for mark in item.iter_markers("django_db"):
            mark.kwargs.setdefault("databases", list(DATABASES))
    yield
    items.sort(key=lambda item: Path(__file__).parent / "tests" / "end_to_end" not in item.path.parents)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("postgres"), test_settings.POSTGRES_PORT) as server:
        yield server


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka"), test_settings.KAFKA_PORT) as server:
        yield server


@pytest.fixture(scope="session")
def _second_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("second-kafka"), free_port()) as server:
        create_topics(server.bootstrap_servers)
        yield server


@pytest.fixture
def mortal_kafka(_second_kafka: Kafka) -> Kafka:
    """A Kafka that a test may kill or hang. Clients in the tests' own process leave sockets behind when it is away, so
    they have another one.
    """
    if _second_kafka.process is None:
        _second_kafka.start()
    return _second_kafka


@pytest.fixture(scope="session")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoDB]:
    with DynamoDB(tmp_path_factory.mktemp("dynamodb"), test_settings.DYNAMODB_PORT) as server:
        yield server


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: Postgres) -> Path:
    """The test databases need a running server."""
    return postgres.directory
