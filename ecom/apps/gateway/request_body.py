"""A request's body on its way through: measured against its limit and a deadline, never held whole when it is large."""

import time
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from gunicorn.http.errors import ParseException

PIECE = 64 * 1024
BODY_SECONDS = 10.0


class BodyRefused(Exception):
    """The body is too large, too slow, cut short or malformed; `status` and the text say which."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class RequestBody:
    """Iterates over the body in pieces, which must all come within `seconds`. Raises BodyRefused, also in the middle.

    `length` is what the client announced in bytes: 0 without a body, None for a chunked one.
    """

    def __init__(self, request: HttpRequest, *, limit: int, seconds: float = BODY_SECONDS) -> None:
        self.length = _announced_length(request)
        self._limit = limit
        self._input = request.META["wsgi.input"]
        self._seconds = seconds
        self._read = 0
        if self.length is not None and self.length > limit:
            raise _too_large(limit)
        if self.length != 0:
            _set_deadline(request.META.get("gunicorn.socket"), seconds)

    def whole(self) -> bytes | None:
        """The body where it is known to be small: such a one is read before a service is bothered with it."""
        if self.length == 0:
            return b""
        if self.length is None or self.length > PIECE:
            return None
        return b"".join(self)

    def __iter__(self) -> Iterator[bytes]:
        while self.length is None or self._read < self.length:
            piece = self._next_piece()
            if not piece:
                break
            yield piece
        if self.length is not None and self._read < self.length:
            raise BodyRefused(400, "The body is shorter than its Content-Length.")

    def _next_piece(self) -> bytes:
        left = PIECE if self.length is None else min(PIECE, self.length - self._read)
        piece = self._received(left)
        self._read += len(piece)
        if self._read > self._limit:
            raise _too_large(self._limit)
        return piece

    def _received(self, size: int) -> bytes:
        try:
            piece: bytes = self._input.read(size)
        except TimeoutError as error:
            raise BodyRefused(408, f"The body did not come within {self._seconds:g} s.") from error
        except (OSError, ParseException) as error:
            raise BodyRefused(400, "The body ended too early, or its chunks are malformed.") from error
        return piece


def _announced_length(request: HttpRequest) -> int | None:
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        return None
    return int(request.META.get("CONTENT_LENGTH") or 0)


def _set_deadline(socket: Any, seconds: float) -> None:
    """Our own gunicorn worker's sockets have a deadline (ecom/deadline_worker.py)."""
    if hasattr(socket, "deadline"):
        socket.deadline = time.monotonic() + seconds


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused(413, f"The body is larger than {limit} bytes." if limit else "No body is taken here.")
