"""An Engine that was asked ahead: told of only once the spec is read, and asked again where that took long."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from reconciler.cli import ahead as module
from reconciler.cli.ahead import Ahead
from reconciler.cli.options import Options
from reconciler.errors import EngineUnreachable, UsageError
from tests.support.engine import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[list[str]]:
    """An Engine that has nothing, at `engine.sock`: what it was asked for."""
    found: list[str] = []
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "engine.sock"))
    server.listen()

    def answer(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            while request := lines.readline().decode():
                while lines.readline().strip():
                    pass
                path = request.split()[1].partition("?")[0]
                found.append(path)
                about = {"ApiVersion": "1.41", "Version": "20.10"}
                body = json.dumps(
                    about if "version" in path else {"Volumes": []} if "volumes" in path else {"ID": "one"}
                    if "info" in path else []
                ).encode()  # fmt: skip
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield found
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def lists(asked: list[str]) -> int:
    return sum(path.endswith("/containers/json") for path in asked)


def options(folder: Path) -> Options:
    return Options(host=f"unix://{folder}/engine.sock")


def test_the_lists_are_asked_for_once(tmp_path: Path, asked: list[str]) -> None:
    with Ahead(options(tmp_path)).engine() as engine:
        assert engine.observe("p").containers == ()
        assert lists(asked) == 1
        engine.observe("p")
        assert lists(asked) == 2


def test_lists_that_are_old_are_asked_for_again(
    tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", -1.0)
    with Ahead(options(tmp_path)).engine() as engine:
        wait_for(lambda: lists(asked) == 1, "it is asked ahead")
        engine.observe("p")
        assert lists(asked) == 2


def test_what_is_wrong_is_told_to_who_wants_the_engine(tmp_path: Path) -> None:
    nowhere, nothing = Ahead(options(tmp_path)), Ahead(Options(context="nowhere"))
    with pytest.raises(EngineUnreachable, match="no Docker Engine"):
        nowhere.engine()
    with pytest.raises(UsageError, match="nowhere"):
        nothing.engine()
