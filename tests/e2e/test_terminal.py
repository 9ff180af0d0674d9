"""The command on a terminal: it asks, it colours, and Ctrl-C ends it where it stands."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.command import AGAIN, COMMAND, DEADLINE, SLOW
from tests.support.engine import wait_for
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from tests.e2e.command import Shell


def test_it_asks_before_it_replaces_and_no_means_no(shell: Shell) -> None:
    shell.declare({"web": {}})
    with shell.terminal("apply") as terminal:
        assert terminal.end() == 0, "what only creates is not asked about"
    assert "Go ahead?" not in terminal.plain
    assert "\x1b[" in terminal.screen, "colours on a terminal"
    before = shell.inspect("web")["Id"]
    shell.declare({"web": {"environment": {"A": "1"}}})

    with Proxy(shell.engine.socket) as proxy:
        for answer in ("n\n", "\n"):
            with shell.terminal("apply", "--host", proxy.host) as terminal:
                terminal.type("y\n")  # before anything could be read: no answer
                terminal.until("Go ahead?")
                assert "environment.A" in terminal.plain, "one sees what one is asked"
                terminal.type(answer)
                assert terminal.end() == 7
            assert "nothing has been changed" in terminal.plain
        with shell.terminal("apply", "--host", proxy.host) as terminal:
            terminal.until("Go ahead?")
            terminal.until_it_waits()
            terminal.type("\x03")
            assert terminal.end() == 130
        with shell.terminal("apply", "--host", proxy.host) as terminal:
            terminal.until("Go ahead?")
            terminal.type("\x04")
            assert terminal.end() in {7, 130}
        assert proxy.changing() == []
    assert shell.inspect("web")["Id"] == before

    with shell.terminal("apply") as terminal:
        terminal.until("Go ahead?")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert shell.inspect("web")["Id"] != before
    with shell.terminal("down", "-y") as terminal:
        assert terminal.end() == 0
    assert "Go ahead?" not in terminal.plain
    assert shell.names() == []


def test_no_colours_where_they_are_not_wanted(shell: Shell) -> None:
    shell.environ["NO_COLOR"] = "1"
    shell.declare({"web": {"state": "stopped"}})
    with shell.terminal("plan") as terminal:
        assert terminal.end() == 0
    assert "\x1b[3" not in terminal.screen
    assert "Nothing has been changed." in terminal.plain


def stopping(proxy: Proxy) -> bool:
    """Whether the Engine has been asked to stop the old container: that takes a while from here."""
    return any(request.path.endswith("/stop") for request in proxy.changing())


@pytest.mark.parametrize("way", ["terminal", "terminate"])
def test_an_interruption_during_a_slow_stop_gives_the_old_one_its_place_back(shell: Shell, way: str) -> None:
    shell.declare({"web": {"command": SLOW}})
    assert shell.run("apply").code == 0
    before = shell.inspect("web")["Id"]
    shell.declare({"web": {"command": SLOW, "user": "nobody"}})
    if way == "terminal":
        with Proxy(shell.engine.socket) as proxy, shell.terminal("apply", "-y", "--host", proxy.host) as terminal:
            wait_for(lambda: stopping(proxy), "the old container is being stopped")
            terminal.type("\x03")
            terminal.until("press again to leave at once")
            assert terminal.end() == 130
        said = terminal.plain
    else:
        with Proxy(shell.engine.socket) as proxy, shell.start("apply", "-y", "--host", proxy.host) as running:
            wait_for(lambda: stopping(proxy), "the old container is being stopped")
            running.signal(signal.SIGTERM)
            assert running.end() == 143
        said = running.out
    assert "Interrupted" in said
    assert "the old container serves again" in said
    assert (shell.inspect("web")["Id"], shell.status("web")) == (before, "running")
    assert shell.names() == [shell.name("web")]
    if way == "terminal":
        assert shell.run("apply", "-y").code == 0
        assert shell.inspect("web")["Id"] != before
        assert shell.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_end_that_nobody_can_be_told_of_gives_the_old_one_its_place_back(
    shell: Shell, number: signal.Signals
) -> None:
    """As where Ctrl-C ends `reconciler apply 2>&1 | tee log`, or a terminal goes with the connection to it."""
    shell.declare({"web": {"command": SLOW}})
    assert shell.run("apply").code == 0
    before = shell.inspect("web")["Id"]
    shell.declare({"web": {"command": SLOW, "user": "nobody"}})
    reader, writer = os.pipe()
    with Proxy(shell.engine.socket) as proxy:
        process = subprocess.Popen(
            [*COMMAND, "apply", "-y", "--host", proxy.host],
            cwd=shell.folder, env=shell.environment, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer,
        )  # fmt: skip
        os.close(writer)
        wait_for(lambda: stopping(proxy), "the old container is being stopped")
        os.close(reader)
        for _ in range(2):  # a shell and its terminal both do, and `timeout` does
            process.send_signal(number)
        process.wait(DEADLINE)
    assert (shell.inspect("web")["Id"], shell.status("web")) == (before, "running")
    assert shell.names() == [shell.name("web")]


def test_the_end_of_its_terminal_is_an_interruption_unless_it_is_to_be_ignored(shell: Shell) -> None:
    for number, (start, code) in enumerate(((COMMAND, 129), (("nohup", *COMMAND), 0))):
        shell.declare({"web": {"command": SLOW, "environment": {"V": str(number)}}})
        assert shell.run("apply", "-y").code == 0
        shell.declare({"web": {"command": SLOW, "environment": {"V": "new"}}})
        with Proxy(shell.engine.socket) as proxy:
            process = subprocess.Popen(
                [*start, "apply", "-y", "--host", proxy.host],
                cwd=shell.folder, env=shell.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            wait_for(lambda: stopping(proxy), "the old container is being stopped")
            process.send_signal(signal.SIGHUP)
            assert process.wait(DEADLINE) == code
        assert shell.status("web") == "running"


def test_a_second_interruption_leaves_at_once_and_the_next_apply_converges(shell: Shell) -> None:
    stubborn = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
    shell.declare({"web": {"command": stubborn, "stop_grace_period": "10m"}})
    assert shell.run("apply").code == 0
    before = shell.inspect("web")["Id"]
    shell.declare({"web": {"stop_grace_period": "10m"}})
    with Proxy(shell.engine.socket) as proxy, shell.terminal("apply", "-y", "--host", proxy.host) as terminal:
        wait_for(lambda: stopping(proxy), "the old container is being stopped")
        terminal.type("\x03")
        terminal.until("press again to leave at once")
        time.sleep(AGAIN)
        terminal.type("\x03")
        assert terminal.end() == 130, "the stop takes ten minutes"
    assert shell.name("web") in shell.names()
    shell.engine.docker("kill", before)  # the Engine goes on to stop it; that need not be waited for here
    done = shell.run("apply", "-y")
    assert done.code == 0, done.out
    assert shell.names() == [shell.name("web")]
    assert (shell.status("web"), shell.inspect("web")["Id"] == before) == ("running", False)


def test_an_interruption_before_anything_began_is_an_interruption(shell: Shell) -> None:
    """Many containers, one after the other: some are made, and the next apply makes the others."""
    many: dict[str, dict[str, Any]] = {f"c{number}": {} for number in range(12)}
    shell.declare(many, settings={"parallelism": 1})
    with shell.start("apply") as running:
        wait_for(lambda: "started" in running.out, "some are there")
        running.signal(signal.SIGINT)
        assert running.end() == 130
    assert "Interrupted" in running.out
    assert shell.run("plan", "--detailed-exitcode").code == 2
    shell.declare(many)
    assert shell.run("apply").code == 0
    assert len(shell.names()) == 12
