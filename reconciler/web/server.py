"""The HTTP server: few connections at once, none for long, small requests; one reply each. It serves `Site`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.web.site import Request, refusal

if TYPE_CHECKING:
    from reconciler.watch.log import Log
    from reconciler.web.access import Address
    from reconciler.web.site import Reply, Site

CONNECTIONS = 32
"""At once; one more is closed unanswered."""

SECONDS = 10.0
"""For a whole connection: who sends a letter at a time gets no more."""

LONGEST_BODY = 64 * 1024
"""Bytes; nothing that is asked here needs one at all."""

_POLL_SECONDS = 1.0
"""Between two looks at connections that last too long: it costs a wake-up, even where nobody asks."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = SECONDS

    def _serve(self) -> None:
        self.close_connection = True
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self._send(refusal(HTTPStatus.LENGTH_REQUIRED, "the body has no length", "send none"))
            return
        if int(length[:20]) > LONGEST_BODY:
            self._send(refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too long", "send none"))
            return
        self.rfile.read(int(length))  # or closing would cut off the reply
        path, _, query = self.path.partition("?")
        method = "GET" if self.command == "HEAD" else self.command
        headers = {name.title(): value for name, value in self.headers.items()}
        try:
            reply = self.server.site.answer(Request(method, path, query, headers))
        except Exception as error:
            reply = self._defect(path, error)
        self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def _defect(self, path: str, error: Exception) -> Reply:
        """What a defect knows stays in the log."""
        self.server.log.error("http_defect", path=path, error=f"{type(error).__name__}: {error}")
        return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "this is a defect of reconciler", "its log says more")

    def _send(self, reply: Reply) -> None:
        self.close_connection = True
        if (
            self.request_version == "HTTP/0.9"
        ):  # what the base class assumes of what it can't read: no status, no headers
            self.request_version = "HTTP/1.0"
        self.send_response(reply.status)
        headers = {
            "Content-Type": reply.content_type,
            "Content-Length": str(len(reply.body)),
            "Connection": "close",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **reply.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What the base class refuses by itself, in our form."""
        self._send(refusal(code, (message or HTTPStatus(code).phrase).partition(" (")[0].lower()))

    def version_string(self) -> str:
        """The `Server` header, without versions."""
        return "reconciler"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        self.server.log.debug("http", request=format % args)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = CONNECTIONS

    def __init__(self, address: Address, site: Site, log: Log) -> None:
        self.site = site
        self.log = log
        self.address_family = address.family
        self._lock = threading.Lock()
        self._open: dict[socket.socket, float] = {}
        super().__init__((address.address, address.port), _Handler)

    def server_bind(self) -> None:
        # The base class looks its own name up, which may take long and is needed for nothing.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            free = len(self._open) < CONNECTIONS
            if free:
                self._open[request] = time.monotonic() + SECONDS
        if free:
            super().process_request(request, client_address)
        else:
            super().shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Called again and again: ends connections that last too long."""
        now = time.monotonic()
        with self._lock:
            late = [connection for connection, end in self._open.items() if end < now]
        for connection in late:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A caller that went away, most likely: nothing for anybody to mend."""
        self.log.debug("http_connection_ended")


@contextmanager
def serving(address: Address, site: Site, log: Log) -> Iterator[str]:
    """Serve, from threads of its own, for a while; the address that it came to.

    Args:
        address: where.
        site: what.
        log: told of requests at the level `debug`.

    Raises:
        UsageError: it can't listen there.
    """
    try:
        server = _Server(address, site, log)
    except OSError as error:
        raise UsageError(
            f"can't listen on {address.host}:{address.port}: {error.strerror}", "choose another with --listen"
        ) from error
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="http", daemon=True)
    thread.start()
    host = f"[{server.server_name}]" if ":" in server.server_name else server.server_name
    try:
        yield f"{host}:{server.server_port}"
    finally:
        ends = threading.Thread(target=server.shutdown, daemon=True)
        ends.start()
        with suppress(OSError):
            server.socket.shutdown(socket.SHUT_RDWR)  # wakes the server up, that it need not wait for its next look
        thread.join(2 * _POLL_SECONDS)
        server.server_close()
