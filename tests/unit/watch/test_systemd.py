"""What systemd is told, over a socket as it has one."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.watch.systemd import Systemd
from tests.unit.report import scenes
from tests.unit.watch.test_overview import AWAY, BROKEN, DONE, ROLLED_BACK, cycle

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def started(environ: dict[str, str]) -> Iterator[Systemd]:
    systemd = Systemd.of(environ)
    assert systemd
    with closing(systemd):
        yield systemd


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    """A socket that receives, at a short path."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(Path(folder, "notify")))
        receiver.setblocking(False)
        yield receiver


def told(manager: socket.socket) -> list[str]:
    """Everything that was sent until now: a datagram is there as soon as it is sent."""
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(manager.recv(4096).decode())
    return found


def test_the_life_of_a_service(manager: socket.socket) -> None:
    with started({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "60000000"}) as systemd:
        systemd.reloading()
        assert told(manager) == [], "it is not ready yet"
        systemd.read("a.yaml", "hello", None)
        systemd.alive()
        systemd.alive()
        assert told(manager) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
        systemd.reloading()
        [reloading] = told(manager)
        assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", reloading)
        systemd.read("a.yaml", "hello", BROKEN)
        systemd.read("b.yaml", "shop", None)
        assert told(manager) == ["READY=1"]
        systemd.stopping()
        assert told(manager) == ["STOPPING=1"]


def test_its_status_is_told_when_it_changes(manager: socket.socket) -> None:
    with started({"NOTIFY_SOCKET": manager.getsockname()}) as systemd:
        systemd.began("hello", ["start"])
        systemd.ended(cycle(plan=DONE.plan, outcome=DONE))
        systemd.ended(cycle(plan=scenes.plan()))
        systemd.ended(cycle(project="shop", plan=ROLLED_BACK.plan, outcome=ROLLED_BACK))
        systemd.engine(AWAY)
        systemd.engine(None)
        systemd.gone("hello")
        systemd.gone("shop")
        systemd.alive()
        assert told(manager) == [
            "STATUS=Projects: 1 as declared",
            "STATUS=Projects: shop rolled back, 1 as declared",
            "STATUS=The Engine is away: no Docker Engine at unix:///nope.sock",
            "STATUS=Projects: shop rolled back, 1 as declared",
            "STATUS=Projects: shop rolled back",
            "STATUS=No project yet",
            "READY=1",
        ]


def test_a_manager_that_reads_nothing_or_is_gone_stops_nobody(manager: socket.socket) -> None:
    with started({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "60000000"}) as systemd:
        for _ in range(1000):  # a socket holds far fewer
            systemd.alive()
        manager.close()
        systemd.alive()


def test_an_abstract_socket(manager: socket.socket) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        name = f"reconciler-test-{os.getpid()}"
        receiver.bind(f"\0{name}")
        receiver.setblocking(False)
        with started({"NOTIFY_SOCKET": f"@{name}"}) as systemd:
            systemd.alive()
        assert told(receiver) == ["READY=1"]


@pytest.mark.parametrize("address", [None, "", "vsock:2:1"])
def test_who_was_not_started_by_systemd_tells_nothing(address: str | None) -> None:
    assert Systemd.of({"NOTIFY_SOCKET": address} if address is not None else {}) is None


def test_the_watchdog_of_another_process_is_not_ours(manager: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}
    with started(environ) as systemd:
        systemd.alive()
        assert told(manager) == ["READY=1"]
