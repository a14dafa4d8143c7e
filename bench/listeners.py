"""Many clients of `GET /analytics/stream` in one thread, which leaves the machine to what is measured."""

import re
import selectors
import socket
import threading
import time
from collections import defaultdict
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

OPEN_SECONDS = 30
TRENDING = re.compile(rb"id: (\S+)\nevent: trending\n")


class NotListening(RuntimeError):
    """A client got no stream, or its stream ended."""


class Listeners:
    """`clients` open streams for the length of a block."""

    def __init__(self, url: str, *, clients: int) -> None:
        self._address = urlsplit(url)
        self._clients = clients
        self._streams = selectors.DefaultSelector()
        self._unread: dict[socket.socket, bytes] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._ended = 0
        # When each client was first told of a minute, by the minute's start.
        self._told: dict[str, dict[socket.socket, float]] = defaultdict(dict)

    def __enter__(self) -> Self:
        for _ in range(self._clients):
            self._open()
        self._thread.start()
        self._wait_until_all_were_told()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        for connection in self._unread:
            connection.close()

    def told_all(self) -> dict[str, float]:
        """Of each minute that every client was told: seconds from the first of them to the last.

        Raises NotListening where a stream has ended: no minute could be told to all from then on.
        """
        if self._ended:
            raise NotListening(f"{self._ended} of {self._clients} streams ended")
        told = {minute: list(at.values()) for minute, at in list(self._told.items())}
        return {minute: max(at) - min(at) for minute, at in told.items() if len(at) == self._clients}

    def _open(self) -> None:
        address = self._address
        connection = socket.create_connection((address.hostname or "", address.port or 80), timeout=OPEN_SECONDS)
        connection.sendall(f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        head = connection.recv(65536)
        if not head.startswith(b"HTTP/1.1 200"):
            raise NotListening(head.decode(errors="replace"))
        self._unread[connection] = head
        self._streams.register(connection, selectors.EVENT_READ)

    def _wait_until_all_were_told(self) -> None:
        deadline = time.monotonic() + OPEN_SECONDS
        while not self.told_all():
            if time.monotonic() > deadline:
                raise NotListening(f"not all of {self._clients} clients were told anything")
            time.sleep(0.05)

    def _listen(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._streams.select(timeout=0.1):
                if isinstance(key.fileobj, socket.socket):
                    self._read(key.fileobj)

    def _read(self, connection: socket.socket) -> None:
        try:
            piece = connection.recv(1 << 20)
        except OSError:
            piece = b""
        now = time.monotonic()
        if not piece:
            self._streams.unregister(connection)
            self._ended += 1
        *events, self._unread[connection] = (self._unread[connection] + piece).split(b"\n\n")
        for event in events:
            if told := TRENDING.search(event):
                self._told[told[1].decode()].setdefault(connection, now)
