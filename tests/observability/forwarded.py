"""Takes records by Fluentd's protocol, as the collector does, and acknowledges them."""

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from local.servers.server import LOOPBACK


class Forwarded(socketserver.ThreadingTCPServer):
    """Keeps what it is sent."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Connection)
        self.records: list[tuple[str, dict[str, Any]]] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def after(self, written: Callable[[], None]) -> list[tuple[str, dict[str, Any]]]:
        """Tags and records that have come of what the call writes. Raises AssertionError where nothing does."""
        before = len(self.records)
        written()
        deadline = time.monotonic() + 30
        while len(self.records) == before:
            assert time.monotonic() < deadline, "nothing came"
            time.sleep(0.1)  # nothing tells when it has come
        return self.records[before:]


class _Connection(socketserver.BaseRequestHandler):
    server: Forwarded

    def handle(self) -> None:
        received = b""
        while more := self.request.recv(65536):
            received += more
            try:
                tag, entries, options = msgspec.msgpack.decode(received, ext_hook=lambda code, time_of_event: None)
            except msgspec.DecodeError:  # the rest is still to come
                continue
            received = b""
            self.server.records += [(tag, record) for _, record in entries]
            self.request.sendall(msgspec.msgpack.encode({"ack": options["chunk"]}))


@contextmanager
def forwarded() -> Iterator[Forwarded]:
    """A running one."""
    with Forwarded() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
