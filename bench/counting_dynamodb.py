"""A DynamoDB that only counts: writes are acknowledged and forgotten, all else is answered by DynamoDB Local.

For measuring the writer where DynamoDB Local, which writes some thousand items a second, is the slower of the two.
"""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from local.servers import DynamoDB

ACKNOWLEDGED = json.dumps({"UnprocessedItems": {}}, separators=(",", ":")).encode()


class CountingDynamoDB:
    """Listens on a loopback port; `written` is the number of items that it has acknowledged."""

    def __init__(self, port: int, behind: DynamoDB) -> None:
        self.port = port
        self.written = 0
        self._behind = urlsplit(behind.endpoint).netloc
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.counting = self

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, items: int) -> None:
        """Take note of items."""
        with self._lock:
            self.written += items

    def ask_local(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body of DynamoDB Local's answer."""
        connection = http.client.HTTPConnection(self._behind, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    counting: CountingDynamoDB
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer is one packet

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.headers["X-Amz-Target"].endswith(".BatchWriteItem"):
            self._answer(*self.server.counting.ask_local(self.path, dict(self.headers), body))
            return
        self.server.counting.count(body.count(b'"PutRequest"'))
        self._answer(200, ACKNOWLEDGED)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:
        """Say nothing."""
