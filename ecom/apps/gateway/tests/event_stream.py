"""Clients of `GET /analytics/stream`, which read what the wire brings."""

import socket
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import orjson

from ecom.apps.gateway.tests.raw_http import RawAnswer, connect, read_answer


@dataclass(frozen=True)
class Event:
    name: str
    id: str
    data: Any


@dataclass
class EventStream:
    """An open stream: `events` are those that came, `comments` the lines that begin with a colon."""

    port: int
    query: str = ""
    headers: tuple[str, ...] = ()
    events: list[Event] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    retry_ms: int = 0
    ended: bool = False
    _body: bytes = b""
    _text: bytes = b""

    def __enter__(self) -> Self:
        self.connection = connect(self.port)
        lines = [f"GET /analytics/stream{self.query} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *self.headers, "", ""]
        self.connection.sendall("\r\n".join(lines).encode())
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            piece = self.connection.recv(65536)
            assert piece, "no answer"
            self.head += piece
        self.head, _, self._body = self.head.partition(b"\r\n\r\n")
        assert self.head.startswith(b"HTTP/1.1 200"), self.head + self._body
        self._take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def wait(self, number: int, *, name: str = "trending", seconds: float = 15) -> list[Event]:
        """The events of this name, once there are so many."""
        self.read_until(lambda: len(self.named(name)) >= number, seconds=seconds)
        return self.named(name)

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]

    def read_until(self, condition, *, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"only {self.events} came"
            self.read(0.1)

    def read(self, seconds: float = 0.0) -> None:
        """Take what has come, or comes within this time."""
        self.connection.settimeout(seconds or 0.001)
        try:
            piece = self.connection.recv(1 << 20)
        except TimeoutError:
            return
        except ConnectionResetError:
            piece = b""
        self.ended = self.ended or not piece
        self._body += piece
        self._take()

    def _take(self) -> None:
        """Whole chunks become text, whole blocks of text become events."""
        while b"\r\n" in self._body:
            size_line, rest = self._body.split(b"\r\n", 1)
            size = int(size_line, 16)
            if len(rest) < size + 2:
                break
            self._text += rest[:size]
            self._body = rest[size + 2 :]
            self.ended = self.ended or size == 0
        while b"\n\n" in self._text:
            block, self._text = self._text.split(b"\n\n", 1)
            self._take_block(block.decode())

    def _take_block(self, block: str) -> None:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if "" in fields:
            self.comments.append(fields[""])
        elif "retry" in fields:
            self.retry_ms = int(fields["retry"])
        else:
            self.events.append(Event(fields["event"], fields.get("id", ""), orjson.loads(fields["data"])))


def refused_stream(port: int, query: str = "", *headers: str, method: str = "GET") -> RawAnswer:
    """The answer to a client that gets no stream."""
    with connect(port) as connection:
        lines = [f"{method} /analytics/stream{query} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        return read_answer(connection, method)


def reset(connection: socket.socket) -> None:
    """Close as a client whose machine is gone: without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()
