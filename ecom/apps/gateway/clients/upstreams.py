"""Calls to the services behind the gateway: one pool of kept-alive connections per service and process."""

import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPHeaderDict, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from ecom.apps.gateway.bulkhead import Bulkhead
from ecom.apps.gateway.circuit_breaker import CircuitBreaker

CONNECT_SECONDS = 1.0
# Services keep an idle connection for 75 s (ecom/gunicorn.conf.py): ours is closed first, so none is met half closed.
MAX_IDLE_SECONDS = 60.0
PIECE = 64 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD"})

Body = bytes | Iterable[bytes] | None


class UpstreamError(Exception):
    """A service did not answer as it should."""


class NotReached(UpstreamError):
    """There was no connection to the service: nothing was sent."""


class TooLate(UpstreamError):
    """The request was sent, and no answer came in time. Whether it was carried out is not known."""


class BadAnswer(UpstreamError):
    """What came was no HTTP answer, or it broke off. Whether the request was carried out is not known."""


class _Pool(HTTPConnectionPool):
    """A pool that does not use connections again which the service is about to close."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        if time.monotonic() - getattr(connection, "idle_since", time.monotonic()) > MAX_IDLE_SECONDS:
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)


class Answer:
    """A service's answer: its head, and its body in pieces. It holds a connection and a slot until it ends."""

    def __init__(self, response: BaseHTTPResponse, leave: Callable[[], None]) -> None:
        self.status = response.status
        self.headers: HTTPHeaderDict = response.headers
        self._response = response
        self._leave: Callable[[], None] | None = leave

    def read(self) -> bytes:
        """The next piece of up to 64 KiB as it was sent, empty at the end. Raises UpstreamError where it breaks off."""
        try:
            piece = self._response.read1(PIECE)
        except ReadTimeoutError as error:
            raise TooLate from error
        except (HTTPError, OSError) as error:
            raise BadAnswer from error
        if not piece:
            self._end()
        return piece

    def close(self) -> None:
        """End it wherever it stands: a connection with an unread rest is closed, never used again."""
        if self._leave is not None:
            self._response.close()
            self._end()

    def _end(self) -> None:
        self._response.release_conn()
        if self._leave is not None:
            self._leave()
            self._leave = None


class Upstream:
    """One service: its pool, the bound on the requests that may wait for it, and the breaker that spares it."""

    def __init__(self, name: str, url: str, *, slots: int) -> None:
        address = urlsplit(url)
        self._bulkhead = Bulkhead(slots)
        self._breaker = CircuitBreaker(name, failures=(NotReached, TooLate))
        self._pool = _Pool(address.hostname or "", address.port or 80, maxsize=slots)

    def request(self, method: str, target: str, *, headers: dict[str, str], body: Body, seconds: float) -> Answer:
        """Send the request and return the answer's beginning, for at most `seconds`.

        Raises UpstreamError, Full and CircuitOpen.
        """
        with self._breaker.watching():
            self._bulkhead.enter()
            try:
                response = self._sent(method, target, headers, body, seconds)
            except BaseException:
                self._bulkhead.leave()
                raise
        return Answer(response, self._bulkhead.leave)

    def _sent(self, method: str, target: str, headers: dict[str, str], body: Body, seconds: float) -> BaseHTTPResponse:
        """A GET or HEAD is sent once more where the connection was closed before an answer; nothing else is."""
        attempts = 2 if method in SAFE_METHODS else 1
        while True:
            attempts -= 1
            try:
                return self._send(method, target, headers, body, seconds)
            except ProtocolError as error:
                if not attempts or not isinstance(error.args[-1], ConnectionError):
                    raise BadAnswer from error

    def _send(self, method: str, target: str, headers: dict[str, str], body: Body, seconds: float) -> BaseHTTPResponse:
        try:
            return self._pool.urlopen(
                method,
                target,
                body=body,
                headers=headers,
                timeout=Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except ProtocolError:
            raise
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise NotReached from error
        except (ReadTimeoutError, TimeoutError) as error:
            raise TooLate from error
        except HTTPError as error:
            raise BadAnswer from error


@cache
def upstream(name: str) -> Upstream:
    """The service of this name, as configured; made with the first request of each process."""
    return Upstream(name, settings.UPSTREAMS[name], slots=settings.REQUESTS_IN_FLIGHT)
