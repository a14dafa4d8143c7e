"""The workers as they run: Celery's processes over a real SQS server and PostgreSQL."""

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
from functools import cache
from pathlib import Path

import pytest
import urllib3
from django.contrib.sessions.models import Session
from django.db import connections

from ecom import sqs_transport
from ecom.worker_health import Health
from local.provision import ACCOUNT_ID, create_queues, session
from local.servers import Moto, free_port
from tests.service_process import REPOSITORY, databases, environment_of, manage

pytestmark = pytest.mark.django_db(transaction=True)

SCHEDULED = ("customers", "catalog", "orders")
CLEAR = "customers.purge"  # it ends the backoffice's sessions, which a test can see
# Beat as it is deployed, in more of a hurry.
HURRIED_BEAT = """
from ecom.celery import app
for entry in app.conf.beat_schedule.values():
    entry["schedule"] = 0.5
app.start(["beat"])
"""
# A worker whose failed tasks come again at once.
HURRIED_WORKER = """
from ecom import sqs_transport
sqs_transport.FIRST_WAIT_SECONDS = 0
from ecom.celery import app
app.start(["worker", "--concurrency", "1"])
"""


class Queue:
    """A queue, as somebody beside its worker sees it."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.client = session().client("sqs", endpoint_url=endpoint)
        self.url = f"{endpoint}/{ACCOUNT_ID}/{name}"

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
    """The queue of customers. Its messages come again soon."""
    create_queues(moto.endpoint)
    queue = Queue(moto.endpoint, "ecom-customers")
    queue.client.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "2"})
    return queue


@pytest.fixture
def environment(moto: Moto, tmp_path: Path, transactional_db: None) -> dict[str, str]:
    return environment_of("customers-worker", **databases("customers"), **of_celery(moto, tmp_path))


def of_celery(moto: Moto, tmp_path: Path) -> dict[str, str]:
    return {
        "ECOM_BROKER_URL": f"sqs://local:local@127.0.0.1:{moto.port}",
        "ECOM_BROKER_QUEUE_PREFIX": f"{moto.endpoint}/{ACCOUNT_ID}/ecom-",
        "ECOM_MANAGEMENT_BIND": f"127.0.0.1:{free_port()}",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }


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


def asked(environment: dict[str, str], path: str) -> tuple[int, str]:
    """Status and body of the management port's answer; status 0 while nobody listens."""
    with suppress(urllib3.exceptions.HTTPError):
        url = f"http://{environment['ECOM_MANAGEMENT_BIND']}{path}"
        answer = urllib3.request("GET", url, retries=False, timeout=10)
        return answer.status, answer.data.decode()
    return 0, ""


def status(environment: dict[str, str], path: str) -> int:
    return asked(environment, path)[0]


def metrics(environment: dict[str, str]) -> dict[str, float]:
    lines = asked(environment, "/metrics")[1].splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def wait_until(condition: Callable[[], bool], log: Path, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, log.read_text()
        assert "Unrecoverable error" not in log.read_text(), log.read_text()
        time.sleep(0.1)


def sessions() -> set[str]:
    with connections["customers"].cursor() as cursor:
        cursor.execute("SELECT session_key FROM django_session")
        return {key for (key,) in cursor.fetchall()}


def open_sessions() -> None:
    now = datetime.now(UTC)
    for key, hours in [("ended", -1), ("open", 1)]:
        Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(hours=hours))


def test_a_worker_waits_for_its_queue_works_and_tells_how_it_is(environment, moto: Moto, tmp_path: Path) -> None:
    open_sessions()
    with running(worker(), environment, log := tmp_path / "worker.log"):
        wait_until(lambda: "QueueDoesNotExist" in asked(environment, "/readyz")[1], log)
        assert (status(environment, "/healthz"), status(environment, "/readyz")) == (200, 503)
        create_queues(moto.endpoint)
        wait_until(lambda: status(environment, "/readyz") == 200, log)
        send(CLEAR, environment)
        wait_until(lambda: sessions() == {"open"}, log)
        wait_until(lambda: metrics(environment).get('ecom_queue_messages{queue="ecom-customers"}') == 0, log)
        seen = metrics(environment)
        assert seen[f'ecom_task_duration_seconds_count{{task="{CLEAR}"}}'] == 1
        assert seen['ecom_queue_messages{queue="ecom-customers-failed"}'] == 0
        assert status(environment, "/admin/") == 404


def test_beat_sends_each_context_its_tasks_by_name(environment, moto: Moto, queue: Queue, tmp_path: Path) -> None:
    open_sessions()
    beat, log = environment_of("beat", **of_celery(moto, tmp_path)), tmp_path / "beat.log"
    with running([sys.executable, "-c", HURRIED_BEAT], beat, log):
        for context in SCHEDULED:
            wait_until(lambda name=f"ecom-{context}": Queue(moto.endpoint, name).messages() > 0, log)
        assert (status(beat, "/healthz"), status(beat, "/readyz")) == (200, 200)
        moto.kill()
        wait_until(lambda: status(beat, "/readyz") == 503, log)
        assert status(beat, "/healthz") == 200


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


def test_a_task_that_fails_for_good_is_kept_and_seen(environment, moto: Moto, queue: Queue, tmp_path: Path) -> None:
    failed, log = Queue(moto.endpoint, "ecom-customers-failed"), tmp_path / "worker.log"
    without_database = {**environment, "ECOM_CUSTOMERS_DSN": "postgresql://ecom:ecom@127.0.0.1:1/customers"}
    send(CLEAR, without_database)
    with running([sys.executable, "-c", HURRIED_WORKER], without_database, log):
        wait_until(lambda: failed.messages() == 1, log)
        seen = metrics(without_database)
    assert seen[f'ecom_task_failures_total{{error="OperationalError",task="{CLEAR}"}}'] == 5
    assert seen[f'ecom_tasks_given_up_total{{task="{CLEAR}"}}'] == 1
    assert seen['ecom_queue_messages{queue="ecom-customers-failed"}'] == 1
    assert queue.messages() == 0
    assert log.read_text().count("task given up") == 1


def test_a_failed_task_comes_again_after_a_wait_that_grows_and_differs() -> None:
    for received, (shortest, longest) in enumerate([(15, 30), (30, 60), (60, 120), (120, 240)], start=1):
        waits = {sqs_transport.wait_seconds(received) for _ in range(500)}
        assert shortest <= min(waits) < max(waits) <= longest
    assert sqs_transport.wait_seconds(20) <= sqs_transport.LONGEST_WAIT_SECONDS


def test_a_process_that_does_nothing_for_too_long_is_not_alive() -> None:
    health = Health()
    assert health.is_alive(60)
    assert not health.is_ready()
    health.note(answered=True)
    assert health.is_ready()
    assert not health.is_alive(0)


@pytest.mark.parametrize("context", SCHEDULED)
def test_the_schedule_names_tasks_that_the_worker_has(context: str) -> None:
    tasks = "from ecom.celery import app; app.loader.import_default_modules(); print(*app.tasks)"
    worker = environment_of(f"{context}-worker")
    known = manage("shell", "--no-imports", "--command", tasks, environment=worker).stdout.split()
    names = {entry for entry in scheduled() if entry.startswith(f"{context}.")}
    assert names
    assert names <= set(known)


@cache
def scheduled() -> frozenset[str]:
    """The tasks of beat's schedule."""
    code = 'from ecom.celery import app; print(*(entry["task"] for entry in app.conf.beat_schedule.values()))'
    said = manage("shell", "--no-imports", "--command", code, environment=environment_of("beat"))
    assert said.returncode == 0, said.stderr
    return frozenset(said.stdout.split())


def test_every_task_of_the_schedule_has_a_worker() -> None:
    assert {name.partition(".")[0] for name in scheduled()} == set(SCHEDULED)


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


@pytest.mark.check_all
def test_a_worker_starts_without_its_broker_and_finds_it_again_after_each_outage(
    environment, moto: Moto, queue: Queue, tmp_path: Path
) -> None:
    open_sessions()
    send(CLEAR, environment)
    port, log = free_port(), tmp_path / "worker.log"
    cut_off = {**environment, "ECOM_BROKER_URL": f"sqs://local:local@127.0.0.1:{port}"}
    with running(worker(), cut_off, log) as process:
        wait_until(lambda: "broker does not answer" in log.read_text(), log)
        assert (status(environment, "/healthz"), status(environment, "/readyz")) == (200, 503)
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
