"""The embedded servers keep their data through stops and crashes, and say why they do not start."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer

from local.provision import Topic, create_topics
from local.servers import Kafka, Postgres, ServerFailed, free_port
from local.servers.ports import LOOPBACK

TOPIC = Topic("kept", retention_days=1, partitions=1)


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    with Postgres(tmp_path / "postgres", free_port()) as server:
        yield server


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Kafka]:
    with Kafka(tmp_path / "kafka", free_port()) as server:
        create_topics(server.bootstrap_servers, (TOPIC,))
        yield server


def test_postgres_keeps_what_was_committed_before_a_kill(own_postgres: Postgres) -> None:
    own_postgres.query("CREATE TABLE kept AS SELECT 42 AS answer")

    own_postgres.kill()
    assert own_postgres.process is None
    own_postgres.start()

    assert own_postgres.query("SELECT answer FROM kept") == "42"


def test_postgres_replaces_a_server_that_an_earlier_run_left_on_the_same_directory(own_postgres: Postgres) -> None:
    leftover = own_postgres.process
    own_postgres.query("CREATE TABLE kept AS SELECT 42 AS answer")

    with Postgres(own_postgres.directory, own_postgres.port) as successor:
        assert leftover is not None
        assert not leftover.is_running()
        assert successor.query("SELECT answer FROM kept") == "42"


def test_postgres_stops_at_once_although_a_client_is_connected(own_postgres: Postgres) -> None:
    with socket.create_connection((LOOPBACK, own_postgres.port)):
        process = own_postgres.process
        own_postgres.stop()

    assert process is not None
    assert not process.is_running()
    assert "received fast shutdown request" in own_postgres.log.read_text()


def test_a_database_is_created_once(own_postgres: Postgres) -> None:
    own_postgres.create_database("catalog")
    own_postgres.create_database("catalog")

    assert own_postgres.query("SELECT current_database()", database="catalog") == "catalog"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to drop root")
def test_postgres_does_not_run_as_root_even_below_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    with Postgres(closed / "postgres", free_port()) as server:
        assert server.process is not None
        assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(ServerFailed, match=f"port {port} is taken"):
            Postgres(tmp_path, port).start()


def test_a_server_that_does_not_start_shows_the_end_of_its_log(own_postgres: Postgres) -> None:
    own_postgres.stop()
    (own_postgres.directory / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(ServerFailed, match='unrecognized configuration parameter "no_such_setting"'):
        own_postgres.start()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_kafka_keeps_what_it_acknowledged(own_kafka: Kafka, end: str) -> None:
    producer = KafkaProducer(bootstrap_servers=own_kafka.bootstrap_servers, acks="all")
    producer.send(TOPIC.name, b"acknowledged").get(timeout=10)
    producer.close()

    getattr(own_kafka, end)()
    own_kafka.start()

    consumer = KafkaConsumer(
        TOPIC.name,
        bootstrap_servers=own_kafka.bootstrap_servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=10_000,
    )
    assert next(consumer).value == b"acknowledged"
    consumer.close()
