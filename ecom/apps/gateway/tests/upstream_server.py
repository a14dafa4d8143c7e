"""A service behind the gateway that does exactly what a test says, well or badly."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"


@dataclass
class Received:
    """A request as it came over the wire; a chunked body is put together."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    complete: bool = True

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) < 2, f"{name} came more than once"
        return values[0] if values else None

    @property
    def names(self) -> set[str]:
        return {name.lower() for name, _ in self.headers}


Behaviour = Callable[[socket.socket, Received], None]


def answers(*parts: bytes) -> Behaviour:
    """Send these bytes and keep the connection."""

    def behave(connection: socket.socket, request: Received) -> None:
        for part in parts:
            connection.sendall(part)

    return behave


def answers_and_closes(*parts: bytes) -> Behaviour:
    """Send these bytes and close the connection, whatever the bytes promised."""

    def behave(connection: socket.socket, request: Received) -> None:
        answers(*parts)(connection, request)
        connection.shutdown(socket.SHUT_RDWR)

    return behave


@dataclass
class UpstreamServer:
    """Listens on a port, by default any that is free; each request is recorded and then given to `behaviour`."""

    behaviour: Behaviour = field(default_factory=lambda: answers(OK))
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    port: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._stopped = False
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        """Stop listening and close what is open."""
        if self._stopped:
            return
        self._stopped = True
        socket.create_connection(self._listener.getsockname()).close()  # wakes accept()
        self._thread.join()
        self._listener.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Close every connection from this side, as a restarted service does."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stopped:
                connection.close()
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while (request := _read_request(stream)) is not None:
                    self.requests.append(request)
                    if not request.complete:
                        return
                    self.behaviour(connection, request)
        except (OSError, ValueError):
            pass
        finally:
            self._open.discard(connection)
            self.closed += 1


def _read_request(stream) -> Received | None:
    line = stream.readline().decode("latin-1").rstrip("\r\n")
    if not line:
        return None
    headers = []
    while (header := stream.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = header.partition(":")
        headers.append((name, value.strip()))
    request = Received(line, headers)
    if request.header("transfer-encoding") == "chunked":
        _read_chunks(stream, request)
    else:
        length = int(request.header("content-length") or 0)
        request.body = stream.read(length)
        request.complete = len(request.body) == length
    return request


def _read_chunks(stream, request: Received) -> None:
    while True:
        size_line = stream.readline()
        if not size_line.endswith(b"\r\n"):
            request.complete = False
            return
        size = int(size_line, 16)
        request.body += stream.read(size)
        stream.readline()
        if size == 0:
            return
