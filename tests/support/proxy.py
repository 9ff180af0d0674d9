"""A proxy in front of an Engine's socket, which counts requests and can cut a connection at a chosen one."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01]\r\n")
READING = frozenset({"GET", "HEAD"})


class Request(NamedTuple):
    """One request that came by."""

    method: str
    path: str
    """Without the API's version and the query: `/containers/create`."""
    query: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class _Cut:
    pattern: re.Pattern[str]
    when: Literal["before", "after"]
    left: int


@dataclass
class Proxy:
    """`with Proxy(engine.socket) as proxy:`, then talk to `proxy.host`.

    Only what clients send is understood, and only as far as needed to find the next request: so replies,
    streams and hijacked connections pass as they are.
    """

    upstream: Path
    tcp: bool = False
    """Whether it listens at a port of this machine, as an Engine that is elsewhere would."""
    requests: list[Request] = field(default_factory=list)
    """All that came by, in the order in which they came, those that were cut included."""
    on_cut: Callable[[], object] = lambda: None
    """Called as a connection is cut, before the client can notice."""

    def __post_init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="proxy-"))
        self.socket = self._folder / "p.sock"
        self._lock = threading.Lock()
        self._cuts: list[_Cut] = []
        self._open: set[socket.socket] = set()
        self._links: list[_Link] = []
        self._threads: list[threading.Thread] = []
        self._closed = False
        self.is_losing_events = False
        """Whether what the Engine says on streams of events is lost on the way; the streams stand."""
        self._listener = socket.socket(socket.AF_INET if self.tcp else socket.AF_UNIX)
        self._listener.bind(("127.0.0.1", 0) if self.tcp else str(self.socket))
        self._listener.listen(64)
        self._run(self._accept)

    @property
    def host(self) -> str:
        """What DOCKER_HOST would be."""
        return f"tcp://127.0.0.1:{self._listener.getsockname()[1]}" if self.tcp else f"unix://{self.socket}"

    def changing(self) -> list[Request]:
        """The requests that may change something: all but GET and HEAD."""
        with self._lock:
            return [request for request in self.requests if request.method not in READING]

    def unanswered(self) -> list[str]:
        """The requests to which the Engine has not yet said a word."""
        with self._lock:
            return [link.asked for link in self._links if link.asked]

    def clear(self) -> None:
        """Forgets the requests so far."""
        with self._lock:
            self.requests.clear()

    def cut(self, pattern: str, *, nth: int = 1, when: Literal["before", "after"] = "before") -> None:
        """Cuts the connection, once, at the nth request from now whose `METHOD /path` matches this regex.

        before: the Engine never sees it. after: the Engine has carried it out, the client never hears of it.
        """
        with self._lock:
            self._cuts.append(_Cut(re.compile(pattern), when, nth))

    def close(self) -> None:
        """Ends all connections and the proxy."""
        with self._lock:
            self._closed = True
            ends = [self._listener, *self._open]
        for end in ends:
            _hang_up(end)
        for thread in self._threads:
            thread.join()
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- one thread accepts; each connection has two: there and back ----------------------------------------

    def _run(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closed:
                    client.close()
                    return
                self._open.add(client)
            self._run(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        upstream = socket.socket(socket.AF_UNIX)
        with client, upstream:
            with contextlib.suppress(OSError):
                upstream.connect(str(self.upstream))
                with self._lock:
                    if self._closed:
                        return
                    self._open.add(upstream)
                link = _Link(client, upstream, is_lost=lambda: self.is_losing_events)
                with self._lock:
                    self._links.append(link)
                back = threading.Thread(target=link.pump_back, daemon=True)
                back.start()
                try:
                    self._pump_there(link)
                finally:
                    back.join()
                    with self._lock:
                        self._links.remove(link)
            with self._lock:
                self._open -= {client, upstream}

    def _pump_there(self, link: _Link) -> None:
        try:
            while head := link.read_head():
                match = REQUEST_LINE.match(head)
                if not match:
                    link.upstream.sendall(head)
                    link.pump_rest()
                    break
                headers = _headers(head)
                verdict = self._note(match[1].decode(), match[2].decode(errors="replace"))
                if verdict == "before":
                    self.on_cut()
                    _hang_up(link.client, link.upstream)
                    return
                link.swallow = self.on_cut if verdict == "after" else None
                link.is_of_events = b"/events" in match[2]
                link.asked = f"{match[1].decode()} {match[2].decode(errors='replace')}"
                link.upstream.sendall(head)
                link.pass_body(headers)
                if b"upgrade" in headers:
                    link.pump_rest()
                    break
            # The client has no more to say; what the Engine still says goes back.
            link.upstream.shutdown(socket.SHUT_WR)
        except OSError:
            _hang_up(link.client, link.upstream)

    def _note(self, method: str, target: str) -> Literal["before", "after"] | None:
        path, _, query = target.partition("?")
        request = Request(method, re.sub(r"^/v\d+\.\d+(?=/)", "", path), query)
        with self._lock:
            self.requests.append(request)
            verdict: Literal["before", "after"] | None = None
            for cut in list(self._cuts):
                if cut.pattern.search(str(request)):
                    cut.left -= 1
                    if not cut.left:
                        self._cuts.remove(cut)
                        verdict = cut.when
            return verdict


@dataclass
class _Link:
    """The two ends of one connection."""

    client: socket.socket
    upstream: socket.socket
    is_lost: Callable[[], bool]
    """Whether events are."""
    is_of_events: bool = False
    asked: str = ""
    """The request that is not yet answered; empty where there is none."""
    swallow: Callable[[], object] | None = None
    """Where it is set, the next that the Engine says ends the connection, unheard; then it is called."""
    _rest: bytes = b""

    def pump_back(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.upstream.recv(65536):
                self.asked = ""
                if self.swallow:
                    self.swallow()
                    break
                if not (self.is_of_events and self.is_lost()):
                    self.client.sendall(data)
        _hang_up(self.client, self.upstream)

    def read_head(self) -> bytes:
        """The next request's head; what is there where it is none; nothing at the end."""
        while b"\r\n\r\n" not in self._rest:
            if not (data := self.client.recv(65536)):
                head, self._rest = self._rest, b""
                return head
            self._rest += data
            if len(self._rest) > 15 and not re.match(rb"[A-Z]+ ", self._rest):
                head, self._rest = self._rest, b""
                return head
        head, end, self._rest = self._rest.partition(b"\r\n\r\n")
        return head + end

    def pass_body(self, headers: dict[bytes, bytes]) -> None:
        if b"chunked" in headers.get(b"transfer-encoding", b""):
            while size := int(self._pass_line().split(b";")[0], 16):
                self._pass_bytes(size + 2)
            while self._pass_line().strip():  # trailers
                pass
        else:
            self._pass_bytes(int(headers.get(b"content-length", b"0")))

    def pump_rest(self) -> None:
        data = self._rest
        while data or (data := self.client.recv(65536)):
            self.upstream.sendall(data)
            data = b""

    def _pass_line(self) -> bytes:
        while b"\n" not in self._rest:
            self._rest += self._more()
        line, end, self._rest = self._rest.partition(b"\n")
        self.upstream.sendall(line + end)
        return line

    def _pass_bytes(self, count: int) -> None:
        while count:
            data = self._rest or self._more()
            self.upstream.sendall(data[:count])
            self._rest, count = data[count:], count - len(data[:count])

    def _more(self) -> bytes:
        if data := self.client.recv(65536):
            return data
        raise ConnectionResetError


def _headers(head: bytes) -> dict[bytes, bytes]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:] if b":" in line)
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
