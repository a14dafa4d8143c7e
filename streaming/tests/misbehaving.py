"""A DynamoDB that throttles, takes a part, fails and drops connections: a proxy in front of DynamoDB Local."""

import http.client
import json
import random
import socket
import struct
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from local.servers import DynamoDB, free_port

LOOPBACK = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)
ERRORS = {
    "throttled": (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    "limited": (400, "com.amazon.coral.availability#ThrottlingException"),
    "failed": (500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
    "unavailable": (503, "com.amazonaws.dynamodb.v20120810#ServiceUnavailable"),
}
PASSED, UNPROCESSED, LOST, ANSWER_LOST = "passed", "unprocessed", "lost", "answer lost"
KINDS = (*ERRORS, UNPROCESSED, LOST, ANSWER_LOST)


class MisbehavingDynamoDB:
    """Passes calls on; of those that write items in batches, some meet with each kind of trouble."""

    def __init__(self, behind: DynamoDB, *, seed: int, trouble: float = 0.4) -> None:
        self.answers: Counter[str] = Counter()
        self.held = threading.Event()
        self._behind = urlsplit(behind.endpoint).netloc
        self._chance = random.Random(seed)
        self._trouble = trouble
        self._lock = threading.Lock()
        self._left: int | None = None
        self._released = threading.Event()
        self._server = _Server((LOOPBACK, free_port()), _Handler)
        self._server.proxy = self

    @property
    def endpoint(self) -> str:
        """The endpoint URL for boto3."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def hold_after(self, writes: int) -> None:
        """Let so many more batches be written, and no other one answered; `held` tells when one waits."""
        with self._lock:
            self._left = writes
            self.held.clear()
            self._released.clear()

    def release(self) -> None:
        """Drop what was held, and go on as before."""
        with self._lock:
            self._left = None
        self._released.set()

    def kind(self) -> str:
        """What becomes of the next batch; waits where it is held."""
        with self._lock:
            if self._left is None:
                kind = self._chance.choice(KINDS) if self._chance.random() < self._trouble else PASSED
                self.answers[kind] += 1
                return kind
            self._left -= 1
            if self._left >= 0:
                return PASSED
        self.held.set()
        self._released.wait()
        return LOST

    def forward(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body of DynamoDB's answer."""
        connection = http.client.HTTPConnection(self._behind, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    proxy: MisbehavingDynamoDB
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is none of our concern."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.server.proxy.kind() if self.headers["X-Amz-Target"].endswith(".BatchWriteItem") else PASSED
        if kind in ERRORS:
            status, name = ERRORS[kind]
            self._answer(status, json.dumps({"__type": name, "message": kind}).encode())
        elif kind == LOST:
            self._hang_up()
        elif kind == UNPROCESSED:
            self._take_a_part(json.loads(body))
        else:
            status, answer = self._forward(body)
            self._hang_up() if kind == ANSWER_LOST else self._answer(status, answer)

    def _take_a_part(self, call: dict[str, Any]) -> None:
        ((table, requests),) = call["RequestItems"].items()
        taken, rest = requests[: len(requests) // 2], requests[len(requests) // 2 :]
        if taken:
            status, answer = self._forward(json.dumps({"RequestItems": {table: taken}}).encode())
            assert status == 200, answer
        self._answer(200, json.dumps({"UnprocessedItems": {table: rest}}).encode())

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        kept = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
        return self.server.proxy.forward(self.path, kept, body)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""
