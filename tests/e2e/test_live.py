"""What `apply` and `down` show while they go: live on a terminal, lines for a program, or hardly anything."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import termios
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.command import AGAIN
from tests.support.engine import wait_for
from tests.support.glass import Glass
from tests.support.proxy import Proxy
from tests.support.registry import a_registry

if TYPE_CHECKING:
    from tests.e2e.command import Shell, Terminal
    from tests.support.registry import Registry

SLOW_HEALTH = {"test": ["CMD", "test", "-f", "/tmp/ok"], "interval": "1s", "retries": 300}
"""Healthy once somebody says so."""

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


def heal(shell: Shell, key: str) -> None:
    shell.engine.docker("exec", shell.name(key), "touch", "/tmp/ok")


def resize(terminal: Terminal, columns: int, lines: int) -> None:
    """As a window does that is dragged."""
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    terminal.process.send_signal(signal.SIGWINCH)


def seen(terminal: Terminal, columns: int = 80, lines: int = 60) -> list[str]:
    """What the window shows in the end."""
    glass = Glass(columns, lines)
    glass.write(terminal.screen.replace("\r\n", "\n"))
    assert glass.shows_cursor
    return glass.text


@pytest.mark.parametrize("colours", [True, False], ids=["colours", "NO_COLOR"])
def test_a_live_line_while_it_waits_folded_to_a_final_one(shell: Shell, colours: bool) -> None:
    if not colours:
        shell.environ["NO_COLOR"] = "1"
    shell.declare(
        {
            "db": {"healthcheck": SLOW_HEALTH},
            "web": {"depends_on": {"db": {"condition": "service_healthy"}}},
            "bad": {"command": ["no-such-command"]},
        }
    )
    with shell.terminal("apply") as terminal:
        resize(terminal, 100, 60)
        terminal.until_like("becoming healthy: check failed [0-9]+ of 300 times")
        terminal.until_like(" ([2-9]|[0-9]{2,}) s")  # not each second is shown on a busy machine
        for columns in (40, 25, 200):
            resize(terminal, columns, 20)
            mark = len(terminal.plain)
            terminal.until_like("of 4 done", after=mark)
        heal(shell, "db")
        assert terminal.end() == 3
    assert HIDE in terminal.screen
    assert ("\x1b[32m" in terminal.screen) is colours
    final = seen(terminal, 200)
    db = [line for line in final if f"container {shell.name('db')} " in line]
    assert len(db) == 1, final
    assert "✓" in db[0]
    assert "created, started, healthy" in db[0]
    bad = "\n".join(final).partition("✗")[2]
    assert bad.startswith(f" container {shell.name('bad')} "), final
    assert "no-such-command" in bad
    assert not any("becoming healthy" in line or "of 4 done" in line for line in final), final
    assert "Partly failed" in final[-2]


@pytest.mark.parametrize("variable", ["TERM", "CI"])
def test_plain_lines_where_nothing_can_be_written_anew(shell: Shell, variable: str) -> None:
    shell.declare({"db": {}})
    shell.environ[variable] = {"TERM": "dumb", "CI": "true"}[variable]
    with shell.terminal("apply") as terminal:
        assert terminal.end() == 0
    assert "\x1b" not in terminal.screen
    assert f"✓ container {shell.name('db')} started" in terminal.plain


def test_ctrl_c_stands_above_the_live_lines_and_the_second_leaves_the_terminal_right(shell: Shell) -> None:
    shell.declare({"db": {"healthcheck": SLOW_HEALTH}, "web": {"depends_on": {"db": {"condition": "service_healthy"}}}})
    with shell.terminal("apply") as terminal:
        resize(terminal, 80, 24)
        terminal.until("becoming healthy")
        terminal.type("\x03")
        assert terminal.end() == 130
    final = seen(terminal)
    assert "Stopping after the calls under way; press again to leave at once." in final
    assert any(line.startswith("Interrupted") for line in final)
    assert not any("becoming healthy" in line for line in final)

    stubborn = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
    shell.declare({"db": {"command": stubborn, "stop_grace_period": "10m"}})
    assert shell.run("apply", "-y").code == 0
    with shell.terminal("down", "-y") as terminal:
        resize(terminal, 80, 24)
        terminal.until("stopping")
        terminal.type("\x03")
        terminal.until("press again to leave at once")
        time.sleep(AGAIN)
        terminal.type("\x03")
        assert terminal.end() == 130
    assert not any("stopping" in line for line in seen(terminal))
    shell.engine.docker("rm", "-f", shell.name("db"))


def lines_of(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_one_event_a_line_for_programs(shell: Shell) -> None:
    shell.declare({"web": {}, "bad": {"command": ["no-such-command"]}})
    done = shell.run("apply", "-o", "ndjson")
    assert done.code == 3
    told = lines_of(done.out)
    web = [one["type"] for one in told if one.get("id") == f"container/{shell.name('web')}:start"]
    assert web == ["started", "done"]
    assert [one["kind"] for one in told if one["type"] == "failed"] == ["start"]
    assert told[-1]["type"] == "summary"
    assert told[-1]["exit_code"] == 3
    refused = shell.run("down", "-o", "ndjson")
    assert refused.code == 7
    assert list(lines_of(refused.out)[0]) == ["error"]
    down = shell.run("down", "-y", "-o", "ndjson")
    assert down.code == 0
    assert {one["type"] for one in lines_of(down.out)} == {"started", "done", "summary"}


def test_quiet_says_nothing_unless_something_is_wrong(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert (done := shell.run("apply", "-q")).code == 0
    assert done.out + done.err == ""
    assert shell.run("apply", "-q").out == ""
    shell.declare({"web": {"user": "nobody"}})
    refused = shell.run("apply", "-q")
    assert refused.code == 7
    assert "replace" in refused.out, "what needs a person is shown"
    assert "nobody is here to agree" in refused.err
    shell.declare({"web": {"user": "nobody", "command": ["sh", "-c", "echo no config; exit 3"]}})
    failed = shell.run("apply", "-q", "-y")
    assert failed.code == 3
    assert "✗" in failed.out
    assert "| no config" in failed.out
    assert "✓" not in failed.out
    assert (down := shell.run("down", "-q", "-y")).code == 0
    assert down.out + down.err == ""
    assert shell.run("down", "-q").out == ""


def test_a_dry_run_changes_nothing(shell: Shell) -> None:
    shell.declare({"web": {}}, images={"built:1": {"build": {"context": "."}}})
    (shell.folder / "Dockerfile").write_text(f"FROM {shell.image}\n")
    with Proxy(shell.engine.socket) as proxy:
        dry = shell.run("apply", "--dry-run", "--host", proxy.host)
        assert dry.code == 0
        assert "A dry run: nothing has been changed." in dry.out
        assert "build" in dry.out
        planned = shell.run("plan", "--host", proxy.host)
        assert dry.out.replace("A dry run: nothing", "Nothing") == planned.out
        assert shell.run("apply", "--dry-run", "-o", "json", "--host", proxy.host).json["summary"]["build"] == 1
        assert proxy.changing() == []
    assert shell.names() == []
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    shell.declare({"web": {"user": "nobody"}})
    with Proxy(shell.engine.socket) as proxy:
        assert shell.run("apply", "--dry-run", "--host", proxy.host).code == 0
        assert shell.run("down", "--dry-run", "--host", proxy.host).code == 0
        assert proxy.changing() == []
    shell.engine.docker("run", "-d", "--name", shell.name("other"), shell.image, "sleep", "99999")
    shell.declare({"web": {}, "other": {}})
    conflict = shell.run("apply", "--dry-run")
    assert conflict.code == 7
    assert "can't be applied" in conflict.out
    shell.engine.docker("rm", "-f", shell.name("other"))


def test_what_died_at_once_is_not_reported_as_up(shell: Shell) -> None:
    """The last one starts when a job has ended: a busy Engine, too, knows by then that the first has died."""
    dies = {"command": ["sh", "-c", "echo no configuration; exit 3"]}
    shell.declare(
        {
            "web": {},
            "bad": dies,
            "job": {"command": ["sh", "-c", "sleep 1"], "state": "completed"},
            "once": {
                "command": ["sh", "-c", "exit 0"],
                "depends_on": {"job": {"condition": "service_completed_successfully"}},
            },
        }
    )
    done = shell.run("apply")
    assert done.code == 3
    assert f"✗ container {shell.name('bad')}: exited with code 3" in done.out
    assert "| no configuration" in done.out
    assert "1 of 5 could not be done" in done.out


def test_wait_until_all_is_ready(shell: Shell) -> None:
    job = {"command": ["sh", "-c", "until test -f /tmp/ok; do sleep 0.1; done"], "state": "completed"}
    shell.declare({"web": {}, "db": {"healthcheck": SLOW_HEALTH}, "job": job})
    with Proxy(shell.engine.socket) as proxy, shell.start("apply", "--wait", "--host", proxy.host) as running:
        wait_for(lambda: shell.id("db") and shell.id("job"), "both are made")
        looks = [f"GET /containers/{shell.id(key)}/json" for key in ("db", "job")]

        def are_waited_for() -> bool:
            asked = [str(one) for one in list(proxy.requests)]
            return all(asked.count(look) > 5 for look in looks)

        wait_for(are_waited_for, "both are looked at again and again")
        heal(shell, "db")
        heal(shell, "job")
        assert running.end() == 0, running.out
        assert f"✓ container {shell.name('db')} healthy" in running.out
        assert f"✓ container {shell.name('job')} completed" in running.out
    assert shell.run("apply", "--wait", "-q").code == 0, "what is there already is waited for, too"

    never = {"command": ["sh", "-c", "echo waiting for godot; sleep 99999"], "healthcheck": SLOW_HEALTH}
    shell.declare({"web": {}, "db": never})
    late = shell.run("apply", "-y", "--wait", "--timeout", "60s", "--target", "web")
    assert late.code == 0, "of the others, nobody waits for"
    assert shell.run("down", "-y").code == 0
    late = shell.run("apply", "--wait", "--timeout", "3")
    assert late.code == 3
    assert "was not ready within 3 s: is not healthy" in late.out
    assert "| waiting for godot" in late.out
    assert "Not ready: " in late.out
    told = shell.run("apply", "--wait", "--timeout", "1", "-o", "json")
    assert told.code == 3
    assert [one["resource"]["name"] for one in told.json["not_ready"]] == [shell.name("db")]
    assert shell.run("apply", "--timeout", "1").code == 64


def test_a_pull_is_told_by_bytes(shell: Shell) -> None:
    (shell.folder / "registry").mkdir()
    with a_registry(shell.engine, shell.folder / "registry", "127.0.0.1:28610") as registry:
        pull_one(shell, registry)


def pull_one(shell: Shell, registry: Registry) -> None:
    folder = shell.folder / "image"
    folder.mkdir()
    (folder / "data").write_bytes(os.urandom(20_000_000))
    (folder / "Dockerfile").write_text(f"FROM {shell.image}\nCOPY data /data\n")
    reference = f"{registry.address}/{shell.project}/web:1"
    shell.engine.docker("build", "-q", "-t", reference, str(folder))
    shell.engine.docker("push", reference)
    shell.engine.docker("rmi", reference)
    shell.declare({"web": {"image": reference}})
    done = shell.run("apply", "-o", "ndjson")
    assert done.code == 0, done.out
    progress = [one for one in lines_of(done.out) if one["type"] == "progress"]
    assert {one["resource"]["name"] for one in progress} == {reference}
    assert {one["unit"] for one in progress} == {"bytes"}
