"""An Engine that answers what it is told to, byte for byte: what real ones do only when they break."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

VERSION = {"Version": "28.5.2", "ApiVersion": "1.51", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    """Without the version."""
    version: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


def reply(
    body: object = None, status: str = "200 OK", *, kind: str = "application/json", length: int | None = None
) -> bytes:
    """A whole reply; a `length` that is not the body's makes it a truncated one."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    size = len(data) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    return head.encode() + data


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class FakeEngine:
    """Answers by `METHOD /path`: with bytes, or with a function that gets the connection; then closes it."""

    def __init__(self, answers: Mapping[str, bytes | Callable[[Wire], None]], *, tcp: bool = False) -> None:
        self.answers = {"GET /version": reply(VERSION), **answers}
        self.requests: list[Request] = []
        self.released = threading.Event()
        self.deaf = False
        """Whether requests are accepted and never read."""
        self.lasting = False
        """Whether a connection takes request after request, unless an answer says `Connection: close`."""
        self.hasty = False
        """Whether the answer comes when the head was read, and the body never is."""
        self.folder = Path(tempfile.mkdtemp(prefix="fe"))
        if tcp:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.host = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(self.folder / "d.sock"))
            self._listener.listen(64)
            self.host = f"unix://{self.folder / 'd.sock'}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(60)
        self._listener.close()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()
        for one in self._open:
            one.close()
        shutil.rmtree(self.folder)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection.makefile("rb") as file:
            if file.peek(1)[:1] == b"\x16":
                # TLS: a Go server without it says so in plain text.
                connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
                return
            if self.deaf:
                self.released.wait(600)
                return
            while (request := self._read(file.readline, file.read)) is not None:
                self.requests.append(request)
                missing = reply({"message": "page not found"}, "404 X")
                answer = self.answers.get(f"{request.method} {request.path}", missing)
                if isinstance(answer, bytes):
                    connection.sendall(answer)
                else:
                    answer(Wire(connection, self.released))
                if not self.lasting or (isinstance(answer, bytes) and b"Connection: close" in answer):
                    break
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def _read(self, line: Callable[[], bytes], read: Callable[[int], bytes]) -> Request | None:
        first = line().decode().split()
        if len(first) != 3:
            return None
        headers = {}
        while text := line().strip().decode():
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        body = b"" if self.hasty else read(int(headers.get("content-length", 0)))
        if not self.hasty and headers.get("transfer-encoding") == "chunked":
            while size := int(line(), 16):
                body += read(size)
                line()
            line()
        url = urlsplit(first[1])
        version, path = "", url.path
        if path.startswith("/v1."):
            _, version, rest = path.split("/", 2)
            path = f"/{rest}"
        return Request(first[0], path, version, parse_qs(url.query, keep_blank_values=True), headers, body)


@dataclass(frozen=True)
class Wire:
    """The connection of one call."""

    connection: socket.socket
    released: threading.Event

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.connection.sendall(part)

    def hang(self, seconds: float = 600) -> bool:
        """Does nothing until the test is over; False then."""
        return not self.released.wait(seconds)
