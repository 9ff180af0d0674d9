from __future__ import annotations

import struct

import pytest

from reconciler.engine.client import Client
from reconciler.engine.endpoint import Endpoint
from reconciler.engine.output import output
from reconciler.errors import EngineError, NotFound
from reconciler.state.output import Written, unix_time
from tests.unit.engine.fake import CHUNKED, END, FakeEngine, Wire, chunk, reply

STAMP = "2026-03-01T10:00:00.123456789Z"
LATER = "2026-03-01T10:00:01.000000000Z"


def frame(stream: int, text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack(">BxxxL", stream, len(data)) + data


def read(answer: bytes, *, tty: bool = False, size: int = 1 << 16) -> list[Written]:
    def send(wire: Wire) -> None:
        wire.send(CHUNKED, *(chunk(answer[at : at + size]) for at in range(0, len(answer), size)), END)

    with FakeEngine({"GET /containers/1/logs": send}) as fake, Client.connect(Endpoint(fake.host, None, "")) as client:
        return list(output(client, "1", tty=tty))


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_streams_come_apart_however_they_are_cut(size: int) -> None:
    sent = frame(1, f"{STAMP} hello\n") + frame(2, f"{LATER} oops\n") + frame(1, f"{LATER} \n")
    assert read(sent, size=size) == [
        Written(STAMP, b"hello\n"),
        Written(LATER, b"oops\n", "stderr"),
        Written(LATER, b"\n"),
    ]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_terminal_has_lines_alone(size: int) -> None:
    sent = f"{STAMP} hello\r\n{LATER} \r\n{LATER} no end".encode()
    assert read(sent, tty=True, size=size) == [
        Written(STAMP, b"hello\r\n"),
        Written(LATER, b"\r\n"),
        Written(LATER, b"no end"),
    ]


def test_the_moments_inside_of_a_long_line_are_no_part_of_it() -> None:
    long = f"{STAMP} {'a' * 16384}{LATER} {'b' * 10}\n{LATER} next\n".encode()
    assert [one.text for one in read(long, tty=True)] == [b"a" * 16384, b"b" * 10 + b"\n", b"next\n"]
    parts = frame(1, f"{STAMP} {'a' * 16384}") + frame(1, f"{LATER} {'b' * 10}\n")
    assert [one.text for one in read(parts)] == [b"a" * 16384, b"b" * 10 + b"\n"]


def test_what_has_no_moment_is_of_the_one_before() -> None:
    assert read(frame(1, f"{STAMP} a\n") + frame(1, "b\n")) == [Written(STAMP, b"a\n"), Written(STAMP, b"b\n")]


def test_what_the_engine_says_itself_is_an_error() -> None:
    with pytest.raises(EngineError, match="can't read on: error from daemon in stream: gone"):
        read(frame(3, "error from daemon in stream: gone\n"))


def test_refusals_and_broken_answers_are_errors() -> None:
    answers = {
        "GET /containers/gone/logs": reply({"message": "No such container: gone"}, "404 Not Found"),
        "GET /containers/cut/logs": CHUNKED + chunk(frame(1, f"{STAMP} a\n")),
    }
    with FakeEngine(answers) as fake, Client.connect(Endpoint(fake.host, None, "")) as client:
        with pytest.raises(NotFound):
            list(output(client, "gone", tty=False))
        told = output(client, "cut", tty=False)
        assert next(told).text == b"a\n"
        with pytest.raises(EngineError, match="broke off"):
            next(told)
        [query] = [request.query for request in fake.requests if "cut" in request.path]
    assert query == {
        "stdout": ["true"],
        "stderr": ["true"],
        "timestamps": ["true"],
        "follow": ["false"],
        "tail": ["all"],
    }


def test_moments_as_the_engine_takes_them() -> None:
    assert unix_time(STAMP) == "1772359200.123456789"
    assert unix_time("2026-03-01T11:00:00+01:00") == "1772359200.000000000"
    assert unix_time("2026-03-01T10:00:00.5Z") == "1772359200.500000000"
