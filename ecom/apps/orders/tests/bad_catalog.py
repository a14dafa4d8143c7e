"""A server where the catalog should be, that does exactly what a test says, well or badly."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import urllib3


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[["BadCatalog", socket.socket, Received], None]


def answers(status: str = "200 OK", body: bytes = b"", *, length: int | None = None) -> Behaviour:
    """This status and body, whose length may be a lie."""

    def behave(catalog: "BadCatalog", connection: socket.socket, request: Received) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body)

    return behave


def says(text: bytes) -> Behaviour:
    """These bytes, which need not be HTTP."""
    return lambda catalog, connection, request: connection.sendall(text)


def is_silent(catalog: "BadCatalog", connection: socket.socket, request: Received) -> None:
    """Takes the request and never answers."""
    catalog.stopped.wait(60)


def drips(catalog: "BadCatalog", connection: socket.socket, request: Received) -> None:
    """A byte now and then, so that no single read is too late."""
    answers(length=1000)(catalog, connection, request)
    for _ in range(300):
        if not catalog.stopped.wait(0.05):
            connection.sendall(b" ")


def hangs_up(catalog: "BadCatalog", connection: socket.socket, request: Received) -> None:
    """Closes the connection without an answer."""


def does_it_and_hangs_up(catalog: "BadCatalog", connection: socket.socket, request: Received) -> None:
    """The real catalog carries the request out, and nobody hears of it."""
    catalog.asked(request)


def does_it_and_is_silent(catalog: "BadCatalog", connection: socket.socket, request: Received) -> None:
    """The real catalog carries the request out, and its answer does not come in time."""
    catalog.asked(request)
    catalog.stopped.wait(60)


def does_it(catalog: "BadCatalog", connection: socket.socket, request: Received) -> None:
    """Nothing is wrong."""
    answer = catalog.asked(request)
    answers(f"{answer.status} As It Was", answer.data)(catalog, connection, request)


@dataclass
class BadCatalog:
    """Answers one request a connection: the next of `behaviours`, the last of them for ever.

    Whoever is silent is so until `stopped`.
    """

    real: str
    behaviours: list[Behaviour]
    requests: list[Received] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self.stopped.set()
        socket.create_connection(self._listener.getsockname()).close()  # wakes accept()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def asked(self, request: Received) -> urllib3.BaseHTTPResponse:
        """What the real catalog answers."""
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        url, body = f"{self.real}{request.target}", request.body or None
        with urllib3.PoolManager(maxsize=1) as pool:
            return pool.request(request.method, url, body=body, headers=headers, retries=False, timeout=60)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._closing:
                connection.close()
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                if request := _read(stream):
                    self.requests.append(request)
                    behave = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
                    behave(self, connection, request)
        except OSError:  # the client did not wait
            return


def _read(stream) -> Received | None:
    line = stream.readline().decode()
    if not line:
        return None
    method, target, _ = line.split()
    headers = {}
    while header := stream.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Received(method, target, headers, stream.read(int(headers.get("content-length", 0))))
