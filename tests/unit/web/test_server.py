"""The server: over a real socket, with callers that are polite, slow, many, or broken."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import UsageError
from reconciler.web import server
from reconciler.web.access import parse_address
from reconciler.web.server import serving
from tests.support.engine import wait_for
from tests.unit.web.conftest import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 60


class Told:
    """A log."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def debug(self, event: str, **fields: Any) -> None:
        self.lines.append(("debug", event))

    def error(self, event: str, **fields: Any) -> None:
        self.lines.append(("error", event))


@contextmanager
def served(watched: Watched, log: Told | None = None) -> Iterator[int]:
    with serving(parse_address("127.0.0.1:0"), watched.site, log or Told()) as address:
        yield int(address.rpartition(":")[2])


def ask(
    port: int, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read(), dict(reply.getheaders())
    finally:
        connection.close()


def raw(port: int, sent: bytes) -> bytes:
    """What comes back for these bytes, until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        found = b""
        with suppress(ConnectionError):  # it may close before it has read all of a long request
            connection.sendall(sent)
            while data := connection.recv(65536):
                found += data
        return found


def test_a_request_over_a_socket(watched: Watched) -> None:
    watched.told.read("a.yaml", "hello", None)
    with served(watched) as port:
        status, body, headers = ask(port, "GET", "/healthz?x=1")
        assert (status, json.loads(body)) == (200, {"healthy": True})
        assert headers["Content-Type"] == "application/json; charset=utf-8"
        assert headers["Server"] == "reconciler"
        head = ask(port, "HEAD", "/healthz")
        assert (head[0], head[1], head[2]["Content-Length"]) == (200, b"", str(len(body)))
        assert ask(port, "POST", "/api/v1/reconcile", b"{}")[0] == 202
        assert watched.asked == [""]
        assert ask(port, "PUT", "/healthz", b"x")[0] == 405
        assert ask(port, "GET", "/metrics")[0] == 200
        assert ask(port, "GET", "/healthz", Host="evil.example")[0] == 421


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/9.9\r\n\r\n", b"505"),
        (b"TRACE /healthz HTTP/1.1\r\n\r\n", b"501"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431"),
        (b"POST /api/v1/reconcile HTTP/1.1\r\nContent-Length: 999999999999999999999999\r\n\r\n", b"413"),
        (b"POST /api/v1/reconcile HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"POST /api/v1/reconcile HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"GET //[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
    ],
)
def test_what_is_broken_is_refused_in_our_own_words(watched: Watched, sent: bytes, status: bytes) -> None:
    with served(watched) as port:
        found = raw(port, sent)
        assert found.split()[1] == status
        body = found.partition(b"\r\n\r\n")[2]
        assert json.loads(body)["error"]["message"]
        assert b"Python" not in found
        assert b"Traceback" not in found
        assert ask(port, "GET", "/healthz")[0] == 200


def test_a_defect_shows_nothing_of_itself(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr(type(watched.site.overview), "view", property(lambda _: broken()))
    log = Told()
    with served(watched, log) as port:
        status, body, _ = ask(port, "GET", "/healthz")
        assert status == 500
        assert b"hunter2" not in body
        assert ("error", "http_defect") in log.lines


def test_callers_that_say_nothing_are_sent_away(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many of them take all places; each loses its own after a while, even if it sends a letter now and then."""
    monkeypatch.setattr(server, "SECONDS", 1.0)
    monkeypatch.setattr(server, "CONNECTIONS", 3)
    with served(watched) as port:
        silent = [socket.create_connection(("127.0.0.1", port), DEADLINE) for _ in range(8)]
        with suppress(OSError):  # it may have lost its place by now
            silent[0].sendall(b"GET /healthz HTTP/1.1\r\n")
        for one in silent:
            one.settimeout(DEADLINE)
            with suppress(ConnectionResetError):
                assert one.recv(100) == b""
            one.close()

        def answers() -> bool:
            try:
                return ask(port, "GET", "/healthz")[0] == 200
            except (OSError, http.client.HTTPException):
                return False

        wait_for(answers, "it answers again", DEADLINE)


def test_a_port_that_is_taken_is_said(watched: Watched) -> None:
    with (
        served(watched) as port,
        pytest.raises(UsageError, match=r"can't listen on 127\.0\.0\.1"),
        serving(parse_address(f"127.0.0.1:{port}"), watched.site, Told()),
    ):
        raise AssertionError("two can't listen there")
