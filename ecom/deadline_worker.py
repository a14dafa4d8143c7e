"""gunicorn's threaded worker with sockets that cannot be held open: reading a request and sending an answer end."""

import errno
import socket
import time
from typing import Any

from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import TConn, ThreadWorker

REQUEST_SECONDS = 10.0
SEND_SECONDS = 30.0
LINGER_SECONDS = 0.5
DRAINED_BYTES = 64 * 1024


def _much_is_unread(body: Body) -> bool:
    """Whether more of a body is left than gunicorn reads away after the answer; of a chunked one, anything."""
    reader = body.reader
    if isinstance(reader, LengthReader):
        return bool(reader.length >= DRAINED_BYTES)
    return isinstance(reader, ChunkedReader) and reader.parser is not None


class DeadlineSocket(socket.socket):
    """A client's socket whose reads all end at `deadline` (of time.monotonic), however slowly the bytes come.

    A timeout of each read alone would let a client that sends a byte now and then keep a thread for hours. The errors
    carry the numbers of a lost connection, which is what gunicorn takes them for: it closes and logs nothing.
    """

    deadline = 0.0
    _handed_over = False

    def hand_over(self) -> socket.socket:
        """The connection for somebody else, who sends the rest of the answer. gunicorn keeps a closed socket."""
        self._handed_over = True
        return socket.socket(fileno=self.detach())

    def recv(self, size: int, flags: int = 0) -> bytes:
        left = self.deadline - time.monotonic()
        timeout = self.gettimeout()
        if left > 0:
            if timeout is None or timeout > left:
                self.settimeout(left)
            try:
                return super().recv(size, flags)
            except TimeoutError:
                pass
        raise TimeoutError(errno.ECONNRESET, "the request did not come in time")

    def sendall(self, data: Any, flags: int = 0) -> None:
        if self._handed_over:  # gunicorn's mark of the body's end, which is not there yet
            return
        self.settimeout(SEND_SECONDS)
        try:
            super().sendall(data, flags)
        except TimeoutError as error:
            raise BrokenPipeError(errno.EPIPE, "the client does not take the answer") from error

    def shutdown(self, how: int) -> None:
        """gunicorn reads on for a moment before it closes, so that the last answer arrives."""
        self.deadline = time.monotonic() + LINGER_SECONDS
        super().shutdown(how)


class DeadlineWorker(ThreadWorker):  # type: ignore[misc]
    """Gives each connection such a socket, and each request its time from its first byte to the end of its body."""

    def enqueue_req(self, conn: TConn) -> None:
        if not isinstance(conn.sock, DeadlineSocket):
            conn.sock = DeadlineSocket(fileno=conn.sock.detach())
        super().enqueue_req(conn)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            self._stop_listening()

    def _stop_listening(self) -> None:
        """Who has connected before the stop is served; who comes later is refused at once and tries another process.

        gunicorn leaves the port open until its last answer is sent, and then resets whoever connected meanwhile.
        """
        for listener in self.sockets:
            connections = -1
            while connections != self.nr_conns:
                connections = self.nr_conns
                self.accept(listener)
            listener.close()

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """gunicorn closes a connection on which much of a body was left unread, but its answer does not say so."""
        closes = req.should_close
        req.should_close = lambda: closes() or _much_is_unread(req.body)  # asked when the answer's head is written
        return super().handle_request(req, conn) and conn.sock.fileno() >= 0  # it may have been handed over

    def handle(self, conn: TConn) -> Any:
        conn.sock.deadline = time.monotonic() + REQUEST_SECONDS
        kept = super().handle(conn)
        if kept is False:
            close_graceful(conn.sock, timeout=LINGER_SECONDS)
        return kept

    def finish_request(self, conn: TConn, fs: Any) -> None:
        """gunicorn closes in its main loop, where a client that does not hang up delays all others by two seconds."""
        if conn.sock.fileno() < 0:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)
