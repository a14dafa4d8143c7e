"""Lambda's Runtime API (2018-06-01) for one function on this machine: what `awslambdaric` asks for its next event.

A call is given out once; its answer, its error or the end of its time is the caller's.
"""

import json
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from uuid import uuid4

from local.provision import ACCOUNT_ID, REGION
from local.servers.server import LOOPBACK

PREFIX = "/2018-06-01/runtime"


class FunctionFailed(Exception):
    """The function raised, could not start, was ended, or took too long."""


@dataclass(frozen=True)
class Invocation:
    """One call; `deadline` is in epoch seconds."""

    event: Any
    deadline: float
    answer: "Future[Any]" = field(default_factory=Future)
    request_id: str = field(default_factory=lambda: str(uuid4()))


class RuntimeApi:
    """The server that a runtime polls, on a free port of the loopback."""

    def __init__(self, function: str) -> None:
        self._arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function}"
        self._waiting: queue.SimpleQueue[Invocation] = queue.SimpleQueue()
        self._given: dict[str, Invocation] = {}
        self._closed = threading.Event()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self.address = f"{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def call(self, event: Any, *, seconds: float) -> Invocation:
        """Hand an event to the function; the invocation's answer comes, or FunctionFailed."""
        invocation = Invocation(event, time.time() + seconds)
        self._given[invocation.request_id] = invocation
        self._waiting.put(invocation)
        return invocation

    def give_up(self, invocation: Invocation, why: str) -> None:
        """Whoever waits for the answer is told that none comes."""
        self.settle(invocation.request_id, FunctionFailed(why))

    def next(self) -> Invocation | None:
        """The next call; None when the server closes."""
        while not self._closed.is_set():
            try:
                invocation = self._waiting.get(timeout=0.2)
            except queue.Empty:
                continue
            if not invocation.answer.done():
                return invocation
        return None

    def settle(self, request_id: str, outcome: Any) -> None:
        """A call has its answer, or a FunctionFailed in its place."""
        if not (invocation := self._given.pop(request_id, None)):
            return
        if isinstance(outcome, Exception):
            invocation.answer.set_exception(outcome)
        else:
            invocation.answer.set_result(outcome)

    def fail_all(self, error: str) -> None:
        """The function cannot start."""
        for request_id in list(self._given):
            self.settle(request_id, FunctionFailed(error))

    def headers(self, invocation: Invocation) -> dict[str, str]:
        """What the runtime is told about a call."""
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid4().hex[:24]};Sampled=0",
        }


class _Handler(BaseHTTPRequestHandler):
    """One request of the runtime."""

    protocol_version = "HTTP/1.1"

    def __init__(self, api: RuntimeApi, *arguments: Any) -> None:
        self._api = api
        super().__init__(*arguments)

    def do_GET(self) -> None:
        invocation = self._api.next() if self.path == f"{PREFIX}/invocation/next" else None
        if invocation is None:
            self.close_connection = True
        else:
            self._answer(200, self._api.headers(invocation), json.dumps(invocation.event).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        *_, request_id, kind = self.path.split("/")
        if self.path == f"{PREFIX}/init/error":
            self._api.fail_all(body.decode())
        elif kind == "response":
            self._api.settle(request_id, json.loads(body or b"null"))
        else:
            self._api.settle(request_id, FunctionFailed(body.decode()))
        self._answer(202, {}, b"{}")

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """What is asked is no news."""
