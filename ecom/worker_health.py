"""Health and metrics of workers and of beat, on their management port.

They serve no requests, so there is no gunicorn: a thread of the main process answers, with the standard library.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)


class Health:
    """When the main process last did something, and whether its broker answered then."""

    def __init__(self) -> None:
        self._last_sign = time.monotonic()
        self._answered: bool | None = None
        self._reason = "nothing was asked of it yet"

    def note(self, *, answered: bool, reason: str = "") -> None:
        """A sign of life: the broker was asked. A change is logged once rather than each time."""
        if answered != self._answered:
            level, text = (logging.INFO, "broker answers") if answered else (logging.WARNING, "broker does not answer")
            log.log(level, text, extra={} if answered else {"reason": reason})
        self._last_sign, self._answered, self._reason = time.monotonic(), answered, "" if answered else reason

    def is_alive(self, silence_allowed: float) -> bool:
        """False when it did nothing for longer than it may: it hangs, and only a restart helps."""
        return time.monotonic() - self._last_sign < silence_allowed

    def is_ready(self) -> bool:
        """True while the broker answers."""
        return self._answered is True

    @property
    def reason(self) -> str:
        """Why the broker did not answer, for people."""
        return self._reason


HEALTH = Health()


class QueueDepths(Collector):
    """The messages that wait in each of this process's queues and in the queues of what failed for good."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read now: two calls a queue. A queue that does not answer is left out."""
        depths = GaugeMetricFamily("ecom_queue_messages", "Messages in the queue, hidden ones too.", labels=["queue"])
        for url in settings.BROKER_QUEUES.values():
            for each in (url, f"{url}-failed"):
                if (depth := _depth(each)) is not None:
                    depths.add_metric([each.rpartition("/")[2]], depth)
        yield depths


def _depth(url: str) -> int | None:
    try:
        attributes = _sqs().get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        )["Attributes"]
    except (BotoCoreError, ClientError) as error:
        log.info("the queue's depth is not known", extra={"queue": url, "error": str(error)})
        return None
    return sum(map(int, attributes.values()))


@cache
def _sqs() -> "SQSClient":
    """A client of its own: the transport's belongs to the main thread. A scrape does not wait for long."""
    broker, queues = urlsplit(settings.BROKER_URL), urlsplit(settings.BROKER_QUEUE_PREFIX)
    return boto3.Session(
        aws_access_key_id=broker.username, aws_secret_access_key=broker.password, region_name=settings.AWS_REGION
    ).client(
        "sqs",
        endpoint_url=f"{queues.scheme}://{queues.netloc}",
        config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1}),
    )


class ManagementServer:
    """Answers `/healthz`, `/readyz` and `/metrics` from a thread, for as long as the process lives."""

    def __init__(self, *, silence_allowed: float) -> None:
        host, _, port = settings.MANAGEMENT_BIND.rpartition(":")
        self._silence_allowed = silence_allowed
        self._http = ThreadingHTTPServer((host, int(port)), self._handler())
        self._http.daemon_threads = True

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._http.serve_forever, name="management", daemon=True).start()

    def let_go(self) -> None:
        """In a forked child: the port is the main process's, and must be free once that has ended."""
        self._http.socket.close()

    def answer(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, content type and body for a path."""
        if path == "/metrics":
            return HTTPStatus.OK, CONTENT_TYPE_LATEST, _metrics()
        alive = HEALTH.is_alive(self._silence_allowed)
        answers = {
            "/healthz": ("ok", "silent", alive),
            "/readyz": ("ready", "unavailable", alive and HEALTH.is_ready()),
        }
        if path not in answers:
            return HTTPStatus.NOT_FOUND, "application/json", b"{}"
        good, bad, holds = answers[path]
        body = {
            "status": good if holds else bad,
            "service": settings.SERVICE_NAME,
            "broker": HEALTH.reason or "answers",
        }
        status = HTTPStatus.OK if holds else HTTPStatus.SERVICE_UNAVAILABLE
        return status, "application/json", json.dumps(body).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            timeout = 10  # for a request that does not come

            def do_GET(self) -> None:
                status, content_type, body = answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Probes are not logged."""

        return Handler


def _metrics() -> bytes:
    """What the main process and its children counted, and how full the queues are."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(QueueDepths())
    return generate_latest(registry)


def forget_earlier_processes(directory: Path) -> None:
    """Remove the metrics of processes that ended before this one began: they would be added to its own."""
    for file in directory.glob("*.db"):
        if file.stem.rpartition("_")[2] != str(os.getpid()):
            file.unlink(missing_ok=True)
