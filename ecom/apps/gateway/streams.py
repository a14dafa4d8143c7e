"""The open streams of server-sent events: one thread of a process writes each update to all of them.

gunicorn's threads only send a stream's head (`api/stream.py`); the connection then is this thread's (ADR 17). One loop
reads the tables for all streams together, in the second in which polling would.
"""

import asyncio
import logging
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from typing import cast

import orjson
from django.conf import settings
from prometheus_client import Counter, Gauge

from ecom.apps.gateway import selectors
from ecom.apps.gateway.bulkhead import Full
from ecom.apps.gateway.clients.analytics_tables import TablesUnavailable
from ecom.apps.gateway.kept_readings import SETTLING_SECONDS
from ecom.apps.gateway.selectors import WindowCount
from ecom.apps.gateway.stream_updates import Update, Wanted, first_told, read_update

TICK_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0
STREAM_SECONDS = 600.0  # then it ends, and its client comes again: perhaps to a new process, and with a valid token
END_SECONDS = 1.0
MAX_UNSENT = 256 * 1024  # bytes for a client that does not take them
DEAD_MS = 45_000  # a client that acknowledges nothing for so long is gone
HEARTBEAT = b": heartbeat\n\n"
UNAVAILABLE = "unavailable"

OPEN = Gauge("ecom_gateway_streams", "Open streams of server-sent events.", multiprocess_mode="livesum")
REFUSED = Counter("ecom_gateway_streams_refused", "Streams beyond the bound of a process.")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client wants to be told. `last_seen` is the last minute that it was told of before, or ""."""

    product_ids: tuple[str, ...]
    limit: int
    last_seen: str
    chunked: bool


class Streams:
    """At most `limit` streams. `enter` takes a place, which `adopt` fills and `leave` gives back."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._places = 0
        self._streams: set[_Stream] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._newest = ""
        self._changed_at = 0.0
        self._heartbeat_at = 0.0

    def enter(self) -> None:
        """Take a place. Raises Full."""
        with self._lock:
            if self._places >= self._limit:
                REFUSED.inc()
                raise Full
            self._places += 1
        OPEN.inc()

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._places -= 1
        OPEN.dec()

    def adopt(self, connection: socket.socket, asked: Asked) -> None:
        """Take over a connection on which an answer's head was sent, with its place."""
        asyncio.run_coroutine_threadsafe(self._begin(connection, asked), self._running_loop())

    def end(self) -> None:
        """End all streams cleanly: their clients come again, to another process."""
        if self._loop is not None:
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(2 * END_SECONDS)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="streams", daemon=True).start()
                self._keeping_up = asyncio.run_coroutine_threadsafe(self._keep_up(), self._loop)
            return self._loop

    async def _begin(self, connection: socket.socket, asked: Asked) -> None:
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_MS)
        except OSError:  # the client is gone already
            connection.close()
            self.leave()
            return
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: _Stream(asked, self._begun, self._ended), connection)

    def _begun(self, stream: "_Stream") -> None:
        self._streams.add(stream)
        self._wake.set()

    def _ended(self, stream: "_Stream") -> None:
        self._streams.remove(stream)
        self.leave()

    async def _keep_up(self) -> None:
        """Tell all streams what is new, once a second and when one has begun; idle while there is none."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), TICK_SECONDS if self._streams else None)
            self._wake.clear()
            try:
                await self._tick()
            except Exception:
                log.exception("streams were not told what is new")
            self._heartbeat_or_end()

    async def _tick(self) -> None:
        try:
            update = await asyncio.to_thread(read_update, self._wanted())
        except TablesUnavailable:
            self._tell_unavailable()
            return
        if update.newest_window_start != self._newest:
            self._newest, self._changed_at = update.newest_window_start, time.monotonic()
            self._wake.set()  # the series were not read, perhaps
        events = _Events(update)
        for stream in tuple(self._streams):
            stream.tell(update, events)

    def _wanted(self) -> Wanted:
        streams = self._streams
        settling = time.monotonic() - self._changed_at < SETTLING_SECONDS + 2 * TICK_SECONDS
        products: dict[str, str] = {}
        for stream in streams:
            for product_id, told in stream.told.items() if settling or stream.awaits_series else ():
                products[product_id] = min(filter(None, (told, products.get(product_id))), default="")
        return Wanted(
            frozenset(stream.asked.limit for stream in streams),
            frozenset((stream.resumes, stream.asked.limit) for stream in streams if stream.resumes),
            products,
        )

    def _tell_unavailable(self) -> None:
        body = {
            "detail": "The analytics tables do not answer at the moment; the stream goes on when they do.",
            "freshness": asdict(selectors.last_known_freshness()),
        }
        for stream in tuple(self._streams):
            if stream.tag != UNAVAILABLE:
                stream.tag = UNAVAILABLE
                stream.send(_event(UNAVAILABLE, orjson.dumps(body)))

    def _heartbeat_or_end(self) -> None:
        now = time.monotonic()
        due = now - self._heartbeat_at >= HEARTBEAT_SECONDS
        self._heartbeat_at = now if due else self._heartbeat_at
        for stream in tuple(self._streams):
            if now >= stream.ends_at:
                stream.end()
            elif due:
                stream.send(HEARTBEAT)

    async def _end(self) -> None:
        self._keeping_up.cancel()
        for stream in tuple(self._streams):
            stream.end()
        deadline = time.monotonic() + END_SECONDS
        while self._streams and time.monotonic() < deadline:
            await asyncio.sleep(0.01)


class _Stream(asyncio.Protocol):
    """One client: what it asked for, and how far it has been told."""

    def __init__(self, asked: Asked, begun: "Callable[[_Stream], None]", ended: "Callable[[_Stream], None]") -> None:
        self.asked = asked
        self.resumes = asked.last_seen
        # The minute that it was told last of each product. What it saw of the newest may not have been final.
        self.told = dict.fromkeys(asked.product_ids, first_told(asked.last_seen) if asked.last_seen else "")
        self.awaits_series = bool(asked.product_ids)
        self.tag = ""  # of the state that it was told last
        self.ends_at = time.monotonic() + STREAM_SECONDS * random.uniform(1, 1.1)
        self._begun, self._ended = begun, ended
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # Clients of a process that ends come again at different moments.
        self.send(b"retry: %d\n\n" % random.randint(1000, 5000))
        self._begun(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._ended(self)

    def data_received(self, data: bytes) -> None:
        """Nothing comes after the request."""
        if self._transport:
            self._transport.abort()

    def send(self, event: bytes) -> None:
        if self._transport is None:
            return
        if self._transport.get_write_buffer_size() + len(event) > MAX_UNSENT:
            self._transport.abort()
        else:
            self._transport.write(b"%x\r\n%b\r\n" % (len(event), event) if self.asked.chunked else event)

    def end(self) -> None:
        if self._transport:
            self._transport.write(b"0\r\n\r\n" if self.asked.chunked else b"")
            self._transport.close()

    def tell(self, update: Update, events: "_Events") -> None:
        """Send what this client has not been told; nothing if it came after the update was read."""
        limit = self.asked.limit
        if limit not in update.trending or (self.resumes and (self.resumes, limit) not in update.missed):
            return
        for event in events.missed(self.resumes, limit) if self.resumes else ():
            self.send(event)
        self.resumes = ""
        if self.tag != update.trending[limit].tag:
            self.tag = update.trending[limit].tag
            self.send(events.trending(limit))
        for product_id in self.told.keys() & update.series.keys():
            self._tell_series(product_id, update, events)
        self.awaits_series = self.awaits_series and not self.told.keys() <= update.series.keys()

    def _tell_series(self, product_id: str, update: Update, events: "_Events") -> None:
        told = self.told[product_id] or first_told(update.newest_window_start)
        new = [window for window in update.series[product_id] if window.window_start > told]
        if new:
            self.told[product_id] = new[-1].window_start
            self.send(events.series(product_id, new))


class _Events:
    """An update as bytes, made once for all streams that are told the same."""

    def __init__(self, update: Update) -> None:
        self._update = update
        self.trending = cache(self._trending)
        self._of_series: dict[tuple[str, str], bytes] = {}

    def missed(self, last_seen: str, limit: int) -> list[bytes]:
        return [_event("trending", shown.content, at=at) for at, shown in self._update.missed[last_seen, limit]]

    def series(self, product_id: str, windows: list[WindowCount]) -> bytes:
        key = (product_id, windows[0].window_start)
        if key not in self._of_series:
            body = {"product_id": product_id, "granularity": "1m", "results": windows}
            self._of_series[key] = _event("series", orjson.dumps(body))
        return self._of_series[key]

    def _trending(self, limit: int) -> bytes:
        return _event("trending", self._update.trending[limit].content, at=self._update.newest_window_start)


def _event(name: str, data: bytes, *, at: str = "") -> bytes:
    """An event; `at` is what a client that comes again gives as `Last-Event-ID`."""
    number = f"id: {at}\n" if at else ""
    return f"{number}event: {name}\ndata: ".encode() + data + b"\n\n"


@cache
def streams() -> Streams:
    """This process's streams."""
    return Streams(settings.STREAMS)
