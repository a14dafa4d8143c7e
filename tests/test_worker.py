"""The worker as it runs: Celery's processes over a real SQS server and PostgreSQL."""

import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from django.contrib.sessions.models import Session
from django.db import connections

from local.servers import Moto, free_port
from tests.service_process import REPOSITORY, environment_of

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "ecom-worker"
CLEAR = "ecom.celery.clear_expired_sessions"
# Beat as it is deployed, in more of a hurry.
HURRIED_BEAT = """
from ecom.celery import app
for entry in app.conf.beat_schedule.values():
    entry["schedule"] = 0.5
app.start(["beat"])
"""


class Queue:
    """The worker's queue, as somebody beside it sees it."""

    def __init__(self, endpoint: str) -> None:
        credentials = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        self.client = boto3.client("sqs", endpoint_url=endpoint, region_name="eu-central-1", **credentials)
        self.url = self.client.create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "2"})["QueueUrl"]

    def messages(self) -> int:
        """Messages that wait or are being worked on."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[Moto]:
    with Moto(tmp_path / "moto", free_port()) as server:
        yield server


@pytest.fixture
def queue(moto: Moto) -> Queue:
    return Queue(moto.endpoint)


@pytest.fixture
def environment(moto: Moto, queue: Queue, transactional_db: None) -> dict[str, str]:
    database = connections["customers"].settings_dict
    return environment_of(
        "worker",
        ECOM_BROKER_URL=f"sqs://local:local@127.0.0.1:{moto.port}",
        ECOM_BROKER_QUEUE_URL=queue.url,
        ECOM_CUSTOMERS_DSN=f"postgresql://ecom:ecom@127.0.0.1:{database['PORT']}/{database['NAME']}",
    )


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0, log.read_text()


def celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app", "ecom.celery", *arguments]


def worker() -> list[str]:
    return celery("worker", "--concurrency", "1")


def send(task: str, environment: dict[str, str]) -> None:
    done = subprocess.run(celery("call", task), cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def wait_until(condition: Callable[[], bool], log: Path, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def sessions() -> set[str]:
    return set(Session.objects.values_list("session_key", flat=True))


def open_sessions() -> None:
    now = datetime.now(UTC)
    for key, hours in [("ended", -1), ("open", 1)]:
        Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(hours=hours))


def test_a_task_goes_through_sqs_and_is_done_by_the_worker(environment, queue: Queue, tmp_path: Path) -> None:
    open_sessions()
    send(CLEAR, environment)
    assert queue.messages() == 1
    with running(worker(), environment, log := tmp_path / "worker.log"):
        wait_until(lambda: sessions() == {"open"}, log)
        wait_until(lambda: queue.messages() == 0, log)


def test_beat_sends_what_the_schedule_says(environment, queue: Queue, tmp_path: Path) -> None:
    open_sessions()
    log = tmp_path / "beat.log"
    with running([sys.executable, "-c", HURRIED_BEAT], environment, log):
        wait_until(lambda: queue.messages() > 0, log)
    with running(worker(), environment, log):
        wait_until(lambda: sessions() == {"open"}, log)


def test_a_worker_that_is_killed_gives_its_task_back(environment, queue: Queue, tmp_path: Path) -> None:
    open_sessions()
    log = tmp_path / "worker.log"
    with connections["customers"].cursor() as cursor, log.open("ab") as output:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")  # the task waits for it
        send(CLEAR, environment)
        killed = subprocess.Popen(
            worker(), cwd=REPOSITORY, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        wait_until(lambda: "received" in log.read_text(), log)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait(timeout=10)
        cursor.execute("COMMIT")
    assert queue.messages() == 1
    with running(worker(), environment, log):
        wait_until(lambda: sessions() == {"open"}, log)
        wait_until(lambda: queue.messages() == 0, log)


class Forwarding(socketserver.BaseRequestHandler):
    """Passes a connection on to `server.target`, so that a broker can be away with its queues kept."""

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.target)) as target:
            back = threading.Thread(target=self.copy, args=(target, self.request))
            back.start()
            self.copy(self.request, target)
            back.join()

    @staticmethod
    def copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def reachable(broker: Moto, port: int) -> Iterator[None]:
    """The broker answers on this port too, for as long as this lasts."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), Forwarding, bind_and_activate=False) as server:
        server.allow_reuse_address, server.daemon_threads, server.target = True, True, broker.port
        server.server_bind()
        server.server_activate()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_a_worker_starts_without_its_broker_and_finds_it_again_after_each_outage(
    environment, moto: Moto, queue: Queue, tmp_path: Path
) -> None:
    open_sessions()
    send(CLEAR, environment)
    port, log = free_port(), tmp_path / "worker.log"
    cut_off = {**environment, "ECOM_BROKER_URL": f"sqs://local:local@127.0.0.1:{port}"}
    with running(worker(), cut_off, log) as process:
        wait_until(lambda: "Connection to broker lost" in log.read_text(), log)
        assert process.poll() is None
        assert queue.messages() == 1
        with reachable(moto, port):
            wait_until(lambda: sessions() == {"open"}, log)
            wait_until(lambda: queue.messages() == 0, log)
        Session.objects.filter(session_key="open").update(expire_date=datetime.now(UTC))
        send(CLEAR, environment)
        with reachable(moto, port):
            wait_until(lambda: sessions() == set(), log)
            wait_until(lambda: queue.messages() == 0, log)
            process.terminate()
            process.wait(timeout=30)
