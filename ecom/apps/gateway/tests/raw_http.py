"""A client that sends bytes as they are, for what no well-behaved client would send."""

import http.client
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class RawAnswer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    complete: bool

    def all(self, name: str) -> list[str]:
        return self.headers.get_all(name) or []


def connect(port: int, *, seconds: float = 20) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=seconds)


def read_answer(connection: socket.socket, method: str = "GET") -> RawAnswer:
    """One answer; `complete` says whether its body came to its end."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        try:
            return RawAnswer(response.status, response.headers, response.read(), complete=True)
        except http.client.IncompleteRead as error:
            return RawAnswer(response.status, response.headers, error.partial, complete=False)
    finally:
        response.close()


def exchange(port: int, request: bytes, method: str = "GET") -> RawAnswer:
    """Send bytes on a connection of their own and read the answer."""
    with connect(port) as connection:
        connection.sendall(request)
        return read_answer(connection, method)


def get(port: int, target: str, *headers: str, method: str = "GET") -> RawAnswer:
    lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers, "", ""]
    return exchange(port, "\r\n".join(lines).encode("latin-1"), method)


def post(port: int, target: str, body: bytes, *headers: str) -> RawAnswer:
    length = f"Content-Length: {len(body)}"
    lines = [f"POST {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", length, *headers, "", ""]
    return exchange(port, "\r\n".join(lines).encode("latin-1") + body, "POST")
