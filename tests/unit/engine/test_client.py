from __future__ import annotations

import io
import json
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.engine.client import Client
from reconciler.engine.endpoint import Endpoint, TlsMaterial
from reconciler.engine.negotiation import negotiate
from reconciler.engine.translation import refusal, translate
from reconciler.engine.wire import demultiplexed, encoded
from reconciler.errors import (
    Conflict,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
    ExitCode,
    NotFound,
)
from reconciler.state.identity import EngineIdentity
from tests.unit.engine.fake import CHUNKED, END, VERSION, FakeEngine, Wire, chunk, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@contextmanager
def connected(
    answers: Mapping[str, bytes | Callable[[Wire], None]], timeout: float = 60, *, tcp: bool = False
) -> Iterator[tuple[Client, FakeEngine]]:
    with FakeEngine(answers, tcp=tcp) as fake, Client.connect(Endpoint(fake.host, None, "test"), timeout=timeout) as it:
        yield it, fake


SOON = 60.0
"""Seconds within which a call with a deadline of a second at most has ended, on a busy machine, too."""


class Stopwatch:
    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start


def hang(wire: Wire) -> None:
    wire.hang()


# --- connecting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tcp", [False, True])
def test_it_introduces_itself_and_agrees_on_a_version_with_one_call(tcp: bool) -> None:
    about = VERSION | {"ApiVersion": "1.41", "Version": "20.10.24", "MinAPIVersion": "1.12"}
    with connected({"GET /version": reply(about), "GET /info": reply({})}, tcp=tcp) as (client, fake):
        assert [(r.method, r.path, r.version) for r in fake.requests] == [("GET", "/version", "")]
        assert client.about == EngineIdentity("20.10.24", "1.41", "linux", "amd64")
        client.get("/info")
        assert fake.requests[-1].version == "v1.41"
        assert fake.requests[-1].headers["user-agent"].startswith("reconciler/")


@pytest.mark.parametrize(
    ("newest", "oldest", "spoken"),
    [("1.40", "1.12", "1.40"), ("1.51", "1.24", "1.51"), ("1.56", "1.44", "1.51"), ("1.51", None, "1.51")],
)
def test_the_version_spoken(newest: str, oldest: str | None, spoken: str) -> None:
    about = {"Version": "1", "ApiVersion": newest, "Os": "linux", "Arch": "arm64"}
    if oldest:
        about["MinAPIVersion"] = oldest
    assert negotiate(about, "x") == EngineIdentity("1", spoken, "linux", "arm64")


@pytest.mark.parametrize(
    ("about", "message", "hint"),
    [
        (
            VERSION | {"ApiVersion": "1.39", "Version": "18.09.1"},
            "18.09.1 at x is too old: it speaks API 1.39",
            "19.03",
        ),
        (
            VERSION | {"ApiVersion": "1.70", "MinAPIVersion": "1.52"},
            "is too new: it wants API 1.52",
            "upgrade reconciler",
        ),
        ({}, "no ApiVersion", "--host"),
        ([], "no ApiVersion", "--host"),
        (None, "no ApiVersion", "--host"),
        (VERSION | {"ApiVersion": "latest"}, "'latest' is no API version", "--host"),
    ],
)
def test_engines_that_we_cannot_talk_to(about: Any, message: str, hint: str) -> None:
    with pytest.raises(EngineUnreachable, match=message) as caught:
        negotiate(about, "x")
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (reply(b"<html>bad gateway</html>", "502 Bad Gateway", kind="text/html"), "502 Bad Gateway"),
        (reply({"message": "page not found"}, "404 Not Found"), "page not found"),
        (reply(b"<html>hello</html>", kind="text/html"), "it is not JSON"),
        (reply(None), "it is empty"),
        (reply(b'{"ApiVersion": "1.4', length=500), "broke off"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "is no Docker Engine"),
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "the Engine wants TLS"),
    ],
)
def test_what_answers_is_no_engine(answer: bytes, message: str) -> None:
    with FakeEngine({"GET /version": answer}) as fake, pytest.raises(EngineUnreachable, match=message) as caught:
        Client.connect(Endpoint(fake.host, None, "test"))
    assert caught.value.exit_code == ExitCode.ENGINE_UNREACHABLE
    assert caught.value.hint


def test_an_engine_that_hangs_is_no_engine() -> None:
    watch = Stopwatch()
    with (
        FakeEngine({"GET /version": hang}) as fake,
        pytest.raises(EngineUnreachable, match=r"does not answer within 0\.3 s"),
    ):
        Client.connect(Endpoint(fake.host, None, "test"), timeout=0.3)
    assert watch.seconds < SOON


@pytest.mark.parametrize(
    ("host", "message", "hint"),
    [
        ("unix:///nowhere/docker.sock", "no Docker Engine at unix:///nowhere/docker.sock .* no such socket", "--host"),
        ("unix://" + "/x" * 80, "the socket's path is too long", "107"),
        ("unix:///etc/passwd", "connection refused", "start it"),
        ("tcp://127.0.0.1:9", "no Docker Engine listens at tcp://127.0.0.1:9", "start it"),
        ("npipe:////./pipe/docker_engine", "npipe", "--host"),
    ],
)
def test_nobody_there(host: str, message: str, hint: str) -> None:
    with pytest.raises(EngineUnreachable, match=message) as caught:
        Client.connect(Endpoint(host, None, "test"))
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message


def test_tls_to_one_that_has_none() -> None:
    tls = TlsMaterial(None, None, None, verify=True)
    with FakeEngine({}, tcp=True) as fake, pytest.raises(EngineUnreachable, match="it speaks no TLS") as caught:
        Client.connect(Endpoint(fake.host, tls, "test"), timeout=60)
    assert "DOCKER_TLS_VERIFY" in caught.value.hint


def test_a_missing_certificate_is_said(tmp_path: Any) -> None:
    tls = TlsMaterial(tmp_path / "ca.pem", None, None, verify=True)
    with pytest.raises(EngineUnreachable, match="no TLS connection"):
        Client.connect(Endpoint("tcp://127.0.0.1:9", tls, "test"), timeout=3)


def test_broken_logins_are_said(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text('{"auths": {"r.example": "no object"}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with FakeEngine({}, tcp=True) as fake, pytest.raises(EngineUnreachable, match=r"r\.example"):
        Client.connect(Endpoint(fake.host, None, "test"))


# --- calls --------------------------------------------------------------------------------------------------


def test_what_is_sent() -> None:
    answers = {
        "GET /containers/json": reply([]),
        "POST /containers/create": reply({"Id": "1"}, "201 Created"),
        "POST /containers/1/start": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        "POST /containers/1/stop": b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n",
        "DELETE /volumes/v": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        "POST /networks/n/connect": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "PUT /containers/1/archive": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "PUT /x": reply({"a": 1}),
    }
    with connected(answers) as (client, fake):
        filters = {"label": ["a=b", "c"], "dangling": True, "name": "x"}
        assert client.get("/containers/json", {"all": True, "limit": None, "size": False, "filters": filters}) == []
        query = fake.requests[-1].query
        assert query["all"] == ["true"]
        assert query["size"] == ["false"]
        assert "limit" not in query
        expected = {"label": ["a=b", "c"], "dangling": ["true"], "name": ["x"]}
        assert json.loads(query["filters"][0]) == expected

        assert client.post("/containers/create", {"Image": "ü"}, params={"name": "a b"}) == {"Id": "1"}
        assert json.loads(fake.requests[-1].body) == {"Image": "ü"}
        assert fake.requests[-1].headers["content-type"] == "application/json"
        assert fake.requests[-1].query == {"name": ["a b"]}

        assert client.post("/containers/1/start") is None
        assert fake.requests[-1].headers["content-length"] == "0"
        assert client.post("/containers/1/stop", params={"t": 3}) is None
        assert client.delete("/volumes/v", params={"force": True}) is None
        assert client.post("/networks/n/connect", {}) is None
        assert fake.requests[-1].body == b"{}"
        assert client.put("/x", [1]) == {"a": 1}

        for body in (b"tar", io.BytesIO(b"tar"), iter([b"t", b"ar"])):
            assert client.upload("/containers/1/archive", {"path": "/"}, body) is None
            assert fake.requests[-1].body == b"tar"
            assert fake.requests[-1].headers["content-type"] == "application/x-tar"


def test_names_in_paths_are_quoted() -> None:
    with connected({"GET /images/a%3Fb%23c/json": reply({})}) as (client, _):
        client.get("/images/a?b#c/json")


def test_params_of_lists_are_repeated_and_other_mappings_are_json() -> None:
    assert encoded({"t": ["a", "b"], "labels": {"a": 1}}) == {"t": ["a", "b"], "labels": '{"a": 1}'}


@pytest.mark.parametrize(
    ("status", "kind"), [("404 Not Found", NotFound), ("409 Conflict", Conflict), ("500 Oops", EngineError)]
)
def test_refusals(status: str, kind: type[EngineError]) -> None:
    answer = reply({"message": "failed to set up container networking: something odd"}, status)
    with connected({"POST /x": answer}) as (client, _), pytest.raises(EngineError) as caught:
        client.post("/x")
    assert type(caught.value) is kind
    assert caught.value.message == "something odd"
    assert caught.value.status == int(status[:3])


def test_what_may_be_missing_is_none_where_the_engine_says_so() -> None:
    answers = {
        "GET /volumes/there": reply({"Name": "there"}),
        "GET /volumes/gone": reply({"message": "get gone: no such volume"}, "404 Not Found"),
    }
    with connected(answers) as (client, _):
        assert client.find("/volumes/there") == {"Name": "there"}
        assert client.find("/volumes/gone") is None


def test_an_engine_out_of_addresses_misses_nothing() -> None:
    text = b'{"message": "could not find an available, non-overlapping IPv4 address pool among the defaults"}'
    assert type(refusal(404, text, "POST /networks/create")) is EngineError


BROKEN = {
    "shorter than announced": reply(b'[{"Id": "1"}', length=100),
    "half a chunk": CHUNKED + b'20\r\n[{"Id":',
    "no last chunk": CHUNKED + chunk(b"[]"),
    "half a chunk's size": CHUNKED + chunk(b"[]") + b"3",
    "no chunks": CHUNKED + b"hello\r\n",
    "JSON that ends early": reply(b'[{"Id": "1"}'),
    "nothing": reply(None),
    "no JSON": reply(b"OK", kind="text/plain"),
    "a page": reply(b"<html>", kind="text/html"),
    "no text": reply(b"\xff\xfe\x00"),
    "a page that says 502": reply(b"<html>Bad Gateway</html>", "502 Bad Gateway", kind="text/html"),
    "an empty 503": reply(None, "503 Service Unavailable"),
    "a refusal without its reason": reply({"error": 1}, "500 Internal Server Error"),
    "a refusal that breaks off": reply(b'{"mess', "404 Not Found"),
    "a refusal that is no text": reply(b"\xff\xfe\x00", "404 Not Found"),
    "nothing, and on purpose": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a truncated refusal": reply(b'{"message": "no su', "404 Not Found", length=50),
    "a redirect": b"HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    "only a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "no HTTP": b"hello\r\n\r\n",
    "silence": b"",
}


@pytest.mark.parametrize(
    "head", ["204 No Content", "204 No Content\r\nApi-Version: 1.51", "304 Not Modified\r\nApi-Ver"]
)
def test_half_a_head_does_not_say_that_all_is_done(head: str) -> None:
    answers = {"POST /containers/web/stop": f"HTTP/1.1 {head}\r\n".encode()}
    with connected(answers) as (client, _), pytest.raises(EngineError, match="broke off"):
        client.post("/containers/web/stop")


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("tcp", [False, True])
def test_a_broken_reply_is_never_nothing_there(answer: bytes, tcp: bool) -> None:
    with connected({"GET /containers/json": answer}, tcp=tcp) as (client, _):
        with pytest.raises(EngineError) as caught:
            client.get("/containers/json")
        assert not isinstance(caught.value, NotFound | EngineTimeout)
        assert "/containers/json" in caught.value.message or "no Docker Engine" in caught.value.message
        assert "\n" not in caught.value.message
        with pytest.raises(EngineError):
            client.find("/containers/json")
        if answer != BROKEN["nothing"]:  # a stream may have nothing to say
            with pytest.raises(EngineError):
                list(client.stream("GET", "/containers/json"))


def test_an_empty_reply_that_announces_json_was_lost() -> None:
    with connected({"POST /x": reply(None)}) as (client, _), pytest.raises(EngineError, match="empty"):
        client.post("/x")


def test_hanging_before_the_reply() -> None:
    with connected({"POST /x": hang}) as (client, _):
        watch = Stopwatch()
        with pytest.raises(EngineTimeout, match=r"within 0\.3 s: POST /x"):
            client.post("/x", deadline=0.3)
        assert watch.seconds < SOON
        watch = Stopwatch()
        with pytest.raises(EngineTimeout):
            list(client.stream("POST", "/x", deadline=0.3))
        assert watch.seconds < SOON


def test_hanging_in_the_middle_of_the_reply() -> None:
    def half(wire: Wire) -> None:
        wire.send(CHUNKED, chunk(b"[1,"))
        wire.hang()

    with connected({"GET /x": half}) as (client, _):
        client._timeout = 0.3  # only now: to connect may take longer on a busy machine
        watch = Stopwatch()
        with pytest.raises(EngineTimeout):
            client.get("/x")
        assert watch.seconds < SOON


@pytest.mark.parametrize("head", [CHUNKED, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
def test_a_reply_that_drips_is_ended_too(head: bytes) -> None:
    def drip(wire: Wire) -> None:
        wire.send(head)
        while wire.hang(0.05) is True:
            wire.send(chunk(b" "))

    with connected({"GET /x": drip}) as (client, _):
        watch = Stopwatch()
        with pytest.raises(EngineTimeout):
            client.get("/x", deadline=0.5)
        assert 0.4 < watch.seconds < SOON


def test_sending_to_one_that_does_not_read() -> None:
    def body() -> Iterator[bytes]:
        while True:
            yield b"x" * (1 << 16)

    with connected({}) as (client, fake):
        fake.deaf = True
        watch = Stopwatch()
        with pytest.raises(EngineTimeout):
            client.upload("/x", None, body(), deadline=0.5)
        assert watch.seconds < SOON


# --- threads, and the end -----------------------------------------------------------------------------------


def test_a_session_for_each_thread_closed_when_its_thread_has_ended() -> None:
    with connected({"GET /x": reply({})}) as (client, _):
        barrier = threading.Barrier(4)

        def work() -> None:
            client.get("/x")
            barrier.wait()

        for _ in range(5):
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(set(map(id, client._sessions.values()))) == len(client._sessions) == 5


@pytest.mark.parametrize("tcp", [False, True])
def test_one_connection_serves_call_after_call(tcp: bool) -> None:
    lasting = {
        "GET /sized": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        "GET /chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"[]") + END,
        "POST /nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
        "POST /already": b"HTTP/1.1 304 Not Modified\r\n\r\n",
        "GET /refused": b'HTTP/1.1 409 Conflict\r\nContent-Length: 16\r\n\r\n{"message": "x"}',
        "GET /last": reply([]),
    }
    with connected(lasting, tcp=tcp) as (client, fake):
        fake.lasting = True
        before = len(fake._open)
        for _ in range(2):
            for path in ("/sized", "/chunked"):
                assert client.get(path) == []
            for path in ("/nothing", "/already"):
                assert client.post(path) is None
            with pytest.raises(Conflict):
                client.get("/refused")
        assert len(fake._open) == before + 1
        # The Engine ends it: the next call makes another, and nobody notices.
        assert client.get("/last") == []
        assert client.get("/sized") == []
        assert len(fake._open) == before + 2


def test_a_call_beside_a_stream_has_a_connection_of_its_own() -> None:
    sent = threading.Event()

    def slowly(wire: Wire) -> None:
        wire.send(CHUNKED, chunk(b'{"n":1}\n'))
        sent.wait(60)
        wire.send(chunk(b'{"n":2}\n'), END)

    answers: dict[str, bytes | Callable[[Wire], None]] = {"GET /events": slowly, "GET /x": reply([1])}
    with connected(answers) as (client, _), client.stream("GET", "/events") as stream:
        assert next(stream) == {"n": 1}
        assert client.get("/x") == [1]
        sent.set()
        assert next(stream) == {"n": 2}


def test_a_refusal_before_all_was_sent_is_read() -> None:
    def refuse(connection: Wire) -> None:
        connection.send(reply({"message": "no such container: x"}, "404 Not Found"))

    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * (1 << 16)

    with connected({"PUT /x": refuse}) as (client, fake):
        fake.hasty = True
        with pytest.raises(NotFound):
            client.upload("/x", None, endless(), deadline=60)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_connection_is_left() -> None:
    with FakeEngine({f"GET /{n}": reply({}) for n in range(20)}) as fake:
        before = descriptors()
        with Client.connect(Endpoint(fake.host, None, "test")) as client:
            for n in range(20):
                client.get(f"/{n}")
        client.close()
        with pytest.raises(EngineUnreachable, match="has been closed"):
            client.get("/1")
        deadline = time.monotonic() + SOON
        while descriptors() > before + len(fake._open) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert descriptors() <= before + len(fake._open)


def test_importing_is_cheap() -> None:
    script = (
        "import sys, reconciler.engine.client, reconciler.engine.endpoint, reconciler.engine.credentials;"
        "print([m for m in ('docker', 'requests', 'urllib3', 'pydantic', 'yaml') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


# --- streams ------------------------------------------------------------------------------------------------


def test_messages_however_they_are_cut() -> None:
    text = '{"status":"é"}\r\n{"a":1}{"b":\n2}\n\n {"c":"{"}'.replace(":\n2", ":2").encode()
    expected = [{"status": "é"}, {"a": 1}, {"b": 2}, {"c": "{"}]
    cuts = {
        "whole": CHUNKED + chunk(text) + END,
        "bytes": CHUNKED + b"".join(chunk(text[i : i + 1]) for i in range(len(text))) + END,
        "sized": reply(text),
        "until closed": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + text,
        "nothing": CHUNKED + END,
    }
    with connected({f"POST /{name.replace(' ', '-')}": answer for name, answer in cuts.items()}) as (client, fake):
        for name in cuts:
            path = f"/{name.replace(' ', '-')}"
            found = list(
                client.stream("POST", path, params={"x": True}, headers={"X-Registry-Auth": "abc"}, deadline=60)
            )
            assert found == ([] if name == "nothing" else expected), name
        assert fake.requests[-1].headers["x-registry-auth"] == "abc"
        assert not client._streams


def test_bodies_of_streams() -> None:
    with connected({"POST /x": CHUNKED + END}) as (client, fake), tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(b"tar" * 1000)
        spooled.seek(0)
        for body, sent in (
            ({"a": 1}, b'{"a": 1}'),
            (b"tar", b"tar"),
            (iter([b"t", b"ar"]), b"tar"),
            (spooled, b"tar" * 1000),
        ):
            assert list(client.stream("POST", "/x", body=body)) == []
            assert fake.requests[-1].body == sent


def test_a_message_is_there_when_it_was_sent() -> None:
    sent = threading.Event()

    def slowly(wire: Wire) -> None:
        wire.send(CHUNKED, chunk(b'{"n":1}\n'))
        sent.wait(60)
        wire.send(chunk(b'{"n":2}\n'), END)

    with connected({"GET /events": slowly}) as (client, _), client.stream("GET", "/events") as stream:
        assert next(stream) == {"n": 1}
        sent.set()
        assert next(stream) == {"n": 2}
        for _ in range(2):
            with pytest.raises(StopIteration):
                next(stream)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"errorDetail": {"message": "unexpected EOF"}, "error": "unexpected EOF"}, "the archive is no tar file"),
        ({"error": "something odd"}, "something odd"),
        ({"errorDetail": {"code": 1, "message": "something odd"}}, "something odd"),
    ],
)
def test_an_error_in_the_stream_is_raised(message: dict[str, Any], expected: str) -> None:
    body = b'{"status":"Downloading"}\r\n' + json.dumps(message).encode() + b'\r\n{"status":"more"}\r\n'
    with connected({"POST /x": CHUNKED + chunk(body) + END}) as (client, _):
        stream = client.stream("POST", "/x")
        assert next(stream) == {"status": "Downloading"}
        with pytest.raises(EngineError, match=expected):
            next(stream)
        assert not client._streams


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (chunk(b"<html>\n") + END, "not JSON"),
        (chunk(b"[1]\n") + END, "not JSON"),
        (chunk(b'{"half') + END, "not JSON"),
        (b"", "broke off"),
        (b"7\r\n{", "broke off"),
    ],
)
def test_a_stream_that_breaks_says_so_and_goes_on_saying_so(rest: bytes, message: str) -> None:
    with connected({"GET /x": CHUNKED + chunk(b'{"n":1}\n') + rest}) as (client, _):
        stream = client.stream("GET", "/x")
        assert next(stream) == {"n": 1}
        for _ in range(2):
            with pytest.raises(EngineError, match=message):
                next(stream)


def test_a_refused_stream() -> None:
    answer = reply({"message": "manifest for x:1 not found: manifest unknown: manifest unknown"}, "404 X")
    with connected({"POST /x": answer}) as (client, _), pytest.raises(NotFound, match="no such image: x:1"):
        client.stream("POST", "/x")


def test_a_stream_that_is_silent_for_too_long() -> None:
    def silent(wire: Wire) -> None:
        wire.send(CHUNKED, chunk(b'{"n":1}\n'))
        wire.hang()

    with connected({"GET /x": silent}) as (client, _):
        stream = client.stream("GET", "/x", idle=1)
        assert next(stream) == {"n": 1}
        watch = Stopwatch()
        with pytest.raises(EngineTimeout, match=r"within 1 s"):
            next(stream)
        assert watch.seconds < SOON


@pytest.mark.parametrize("pause", [0.05, 600])
def test_a_stream_that_takes_too_long_in_all(pause: float) -> None:
    def endless(wire: Wire) -> None:
        wire.send(CHUNKED, chunk(b"{}\n"))
        while wire.hang(pause) is True:
            wire.send(chunk(b"{}\n"))

    with connected({"GET /x": endless}) as (client, _):
        watch = Stopwatch()
        with pytest.raises(EngineTimeout, match=r"within 0\.5 s: GET /x"):
            list(client.stream("GET", "/x", deadline=0.5, idle=60))
        assert watch.seconds < SOON
        assert not client._streams


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("closes", ["stream", "client"])
def test_closing_from_another_thread_ends_it(tcp: bool, closes: str) -> None:
    def silent(wire: Wire) -> None:
        wire.send(CHUNKED, chunk(b"{}\n"))
        wire.hang()

    with connected({"GET /x": silent}, tcp=tcp) as (client, _):
        stream = client.stream("GET", "/x", idle=600)
        assert next(stream) == {}
        threading.Timer(0.2, stream.close if closes == "stream" else client.close).start()
        watch = Stopwatch()
        assert list(stream) == []
        assert watch.seconds < SOON
        stream.close()


def test_closing_early_leaves_nothing() -> None:
    def endless(wire: Wire) -> None:
        wire.send(CHUNKED)
        while True:
            wire.send(chunk(b"{}\n"))

    with connected({"GET /x": endless}) as (client, _):
        for _ in range(3):
            with client.stream("GET", "/x", deadline=60) as stream:
                for _, message in zip(range(3), stream, strict=False):
                    assert message == {}
        assert not client._streams
        assert not [t for t in threading.enumerate() if isinstance(t, threading.Timer) and not t.finished.is_set()]


# --- logs ---------------------------------------------------------------------------------------------------


def frame(stream: int, text: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(text)) + text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (frame(1, b"out\n") + frame(2, b"err\n"), b"out\nerr\n"),
        (b"a terminal's\r\nlines\r\n", b"a terminal's\r\nlines\r\n"),
        (b"", b""),
        (b"short", b"short"),
        (frame(1, b"out\n")[:-1], frame(1, b"out\n")[:-1]),
    ],
)
def test_both_streams_of_a_container(data: bytes, expected: bytes) -> None:
    assert demultiplexed(data) == expected


def test_the_last_lines() -> None:
    with connected({"GET /containers/1/logs": reply(frame(1, b"a\nb\n") + frame(2, b"\xffc"))}) as (client, fake):
        assert client.logs("1", 2) == ["b", "�c"]
        assert fake.requests[-1].query == {"stdout": ["true"], "stderr": ["true"], "tail": ["2"]}


# --- translation of what can't be had here -------------------------------------------------------------------


def wrapped(error: BaseException) -> BaseException:
    outer = RuntimeError("('Connection aborted.', …)", error)
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (PermissionError(13, "Permission denied"), "no permission to use the Docker socket", "usermod -aG docker"),
        (wrapped(PermissionError(13, "Permission denied")), "no permission", "sudo"),
        (OSError(113, "No route to host"), "No route to host", "--host"),
        (ssl.SSLCertVerificationError(1, "x"), "no TLS connection", "certificates"),
        (
            ssl.SSLError(
                "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1)"
            ),
            "its certificate is not trusted: self-signed certificate",
            "DOCKER_CERT_PATH",
        ),
        (ValueError("odd\nthing"), "odd thing", "--host"),
    ],
)
def test_failures_on_the_way(error: BaseException, message: str, hint: str) -> None:
    found = translate(error, address="unix:///x", call="GET /x", seconds=1)
    assert isinstance(found, EngineUnreachable)
    assert message in found.message
    assert hint in found.hint


def test_a_name_that_is_not_known() -> None:
    error = wrapped(socket.gaierror(-2, "Name or service not known"))
    assert "can't be looked up" in translate(error, address="tcp://x:1", call="GET /x", seconds=1).message
