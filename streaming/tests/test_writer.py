"""The writer against a real DynamoDB Local that is there, is away for a while, or stays away."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import provision
from local.provision import LOCAL_CREDENTIALS, Table
from local.servers import DynamoDB, free_port
from streaming.writer import Destination, TableWriter, WriteFailed

TABLE = Table("writer-windows", "product_id", "window_start")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDB]:
    """A server of the test's own, to be stopped and started."""
    for name, value in LOCAL_CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with DynamoDB(tmp_path, free_port()) as server:
        provision.create_tables(server.endpoint, (TABLE,))
        yield server


def writer(server: DynamoDB, retry_seconds: float) -> TableWriter:
    """A writer to the server."""
    destination = Destination(table=TABLE.name, endpoint=server.endpoint, run_id="r", retention_days=1, concurrency=4)
    return TableWriter(destination, retry_seconds)


def rows(number: int) -> list[dict[str, object]]:
    """Rows of one window each."""
    return [{"product_id": f"P{n}", "window_start": "2025-11-23T12:40:00Z", "event_count": n} for n in range(number)]


def test_more_items_than_a_call_takes_are_all_written(server: DynamoDB) -> None:
    writer(server, 30).write(rows(130))
    assert _count(server) == 130


def test_items_are_written_once_the_database_is_back(server: DynamoDB) -> None:
    server.stop()
    thread = threading.Thread(target=writer(server, 30).write, args=(rows(30),))
    thread.start()
    server.start()
    thread.join(30)
    assert _count(server) == 30


def test_a_database_that_stays_away_is_an_error_after_the_retry_time(server: DynamoDB) -> None:
    server.stop()
    start = time.monotonic()
    with pytest.raises(WriteFailed, match=r"writer-windows: 1 of 1 items not written in 0\.5 s"):
        writer(server, 0.5).write(rows(1))
    assert time.monotonic() - start < 5
    server.start()


def test_an_error_that_waiting_does_not_help_is_raised_at_once(server: DynamoDB) -> None:
    with pytest.raises(Exception, match="ValidationException"):
        writer(server, 30).write([{"product_id": "", "window_start": "x"}])


def _count(server: DynamoDB) -> int:
    client = provision.session().client("dynamodb", endpoint_url=server.endpoint)
    return int(client.scan(TableName=TABLE.name, Select="COUNT", ConsistentRead=True)["Count"])
