"""A server that is far away: a proxy in front of a near one, through which everything takes its time each way."""

import asyncio
import threading
from types import TracebackType
from typing import Self

CHUNK = 64 * 1024
IN_FLIGHT = 256  # chunks of one connection and direction: 16 MB, more than anything here has under way


class FarAway:
    """Listens on a loopback port for a server on another; `seconds` each way, which may be changed meanwhile.

    What is under way does not wait for what went before it, as on a long line: only time is added, no bandwidth taken.
    A new connection costs its client one way there and back more, as TCP's handshake does.
    """

    def __init__(self, port: int, to_port: int, *, seconds: float = 0.0) -> None:
        self.port = port
        self.seconds = seconds
        self._to_port = to_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * self.seconds)
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            to_client.close()
            return
        try:
            await asyncio.gather(self._carry(client, to_server), self._carry(server, to_client))
        except OSError:
            pass
        finally:
            to_client.close()
            to_server.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Bring all that comes from the source to the target, each part `seconds` after it came."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(IN_FLIGHT)
        arriving = asyncio.create_task(self._arrive(under_way, target))
        try:
            while part := await source.read(CHUNK):
                await under_way.put((self._loop.time() + self.seconds, part))
            await under_way.put((self._loop.time() + self.seconds, b""))
            await arriving
        finally:
            arriving.cancel()

    async def _arrive(self, under_way: "asyncio.Queue[tuple[float, bytes]]", target: asyncio.StreamWriter) -> None:
        while True:
            due, part = await under_way.get()
            await asyncio.sleep(due - self._loop.time())
            if not part:
                target.write_eof()
                return
            target.write(part)
            await target.drain()
