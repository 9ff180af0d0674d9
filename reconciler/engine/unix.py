"""HTTP over a Unix socket, with the standard library alone.

The SDK and requests take longer to import than a whole plan of a small spec, and the SDK's own way over a socket
never uses a connection twice.
"""

from __future__ import annotations

import contextlib
import select
import socket
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode

from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from reconciler.engine.transport import Body

_KEPT_CONNECTIONS = 2
"""A thread makes one call at a time, perhaps beside a stream."""

_BLOCK = 1 << 16
_AGENT = f"reconciler/{__version__}"


class UnixSession:
    """The connections of one thread to a socket; see `reconciler.engine.transport.Session`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._idle: list[_Connection] = []
        self._closed = False

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        body: Body | None,
        wait: float,
    ) -> UnixReply:
        """Send a request and wait for the head of its reply."""
        connection = self._connection(wait)
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        try:
            # An Engine may refuse before it has read a long body: then its answer says more than the broken pipe.
            with contextlib.suppress(BrokenPipeError):
                connection.request(method, target, body, {"User-Agent": _AGENT, **headers})
            # A reply that ends with its connection takes the socket from it.
            wire = connection.sock
            return UnixReply(method, connection.getresponse(), wire, lambda: self._keep(connection))
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Close the connections that wait for their next request."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _connection(self, wait: float) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_alive():
                connection.wait(wait)
                return connection
            connection.close()
        return _Connection(self._path, wait)

    def _keep(self, connection: _Connection) -> None:
        if self._closed or len(self._idle) >= _KEPT_CONNECTIONS or connection.sock is None:
            connection.close()
        else:
            self._idle.append(connection)


class UnixReply:
    """The reply to one request; see `reconciler.engine.transport.Reply`."""

    def __init__(self, method: str, response: HTTPResponse, wire: socket.socket, keep: Callable[[], None]) -> None:
        self.method = method
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers  # type: ignore[assignment]  # it has what we ask of it
        self._response = response
        self._wire = wire
        self._keep = keep
        self._whole = response.isclosed()

    def read1(self, size: int) -> bytes:
        """What has come; empty at the end."""
        if self._whole or self._response.length == 0:
            self._end()
            return b""
        chunk = self._response.read1(size)
        if not chunk:
            if self._response.length:
                raise IncompleteRead(b"", self._response.length)
            self._end()
        return chunk

    def shutdown(self) -> None:
        """Wake the thread that reads."""
        self._wire.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Have done with it."""
        if not self._whole and self._response.length == 0:
            self._end()
        if not self._whole:
            self._response.close()
            self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _end(self) -> None:
        self._response.close()
        keep, self._keep = self._keep, _nothing
        self._whole = True
        keep()


def _nothing() -> None:
    return


class _Lines:
    """What a head is read from: an end before its empty line is no end of it, as http.client takes it to be.

    "204 No Content" and nothing more would say that all is done.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._heard = False

    def readline(self, limit: int) -> bytes:
        line = self._stream.readline(limit)
        if not line and self._heard:
            raise IncompleteRead(b"")
        self._heard = True
        return line

    def close(self) -> None:
        self._stream.close()


class _Response(HTTPResponse):
    """A reply whose head is whole."""

    def begin(self) -> None:
        """Read the head."""
        stream = self.fp
        lines: Any = _Lines(stream)  # a head is read by lines alone
        self.fp = lines
        try:
            super().begin()
        finally:
            if self.fp is lines:  # and was not closed
                self.fp = stream


class _Connection(HTTPConnection):
    """A connection to a socket instead of a host and a port."""

    response_class = _Response

    def __init__(self, path: str, wait: float) -> None:
        super().__init__("localhost", timeout=wait, blocksize=_BLOCK)
        self._socket_path = path

    def connect(self) -> None:
        """Connect to the socket."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self._socket_path)
        except BaseException:
            connection.close()
            raise
        self.sock = connection

    def is_alive(self) -> bool:
        """Whether nothing came since its last reply: neither its end nor anything that was not asked for."""
        if self.sock is None:
            return False
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return not poll.poll(0)

    def wait(self, seconds: float) -> None:
        """How long each step of the next request may take."""
        self.timeout = seconds
        self.sock.settimeout(seconds)
