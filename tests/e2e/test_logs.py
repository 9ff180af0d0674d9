"""`logs`: of one, of all, followed through restarts and a replacement, and ended."""

from __future__ import annotations

import signal
import subprocess
import time

from tests.e2e.command import COMMAND, DEADLINE, IDLE, Shell
from tests.support.engine import wait_for
from tests.support.proxy import Proxy


def saying(*words: str) -> list[str]:
    return ["sh", "-c", "; ".join(words) + "; trap 'exit 0' TERM; sleep 99999 & wait"]


def written(shell: Shell, line: str, count: int = 1) -> None:
    """Wait until containers have written a line so many times: they are started before they write."""
    wait_for(lambda: shell.run("logs").out.splitlines().count(line) == count, f"{line} is written")


def test_lines_of_all_and_of_some(shell: Shell) -> None:
    shell.declare(
        {
            "web": {"command": saying("echo out", "sleep 0.1", "echo err >&2"), "replicas": 2},
            "term": {
                "command": saying("printf '\\033[31mred\\033[0m\\n'", "yes x | head -c 40000", "echo"),
                "tty": True,
            },
            "once": {"command": ["sh", "-c", "printf 'no end'"], "state": "completed"},
        }
    )
    assert shell.run("apply").code == 0
    for line in ("web-1   | err", "web-2   | err", "once-1  | no end"):
        written(shell, line)
    written(shell, "term-1  | x", 20000)
    everything = shell.run("logs")
    assert (everything.code, everything.err) == (0, "")
    lines = everything.out.splitlines()
    for number in (1, 2):
        assert [line for line in lines if line.startswith(f"web-{number} ")] == [
            f"web-{number}   | out",
            f"web-{number}   | err",
        ]
    assert "once-1  | no end" in lines
    assert "term-1  | \x1b[31mred\x1b[0m" in lines, "as it was written, where nobody looks at it"
    assert lines.count("term-1  | x") == 20000
    stamped = [line.partition(" | ")[2].split()[0] for line in shell.run("logs", "-t").out.splitlines()]
    assert stamped == sorted(stamped), "merged by time"

    one = shell.run("logs", "web", "-n", "1", "--no-log-prefix")
    assert one.out == "err\nerr\n"
    assert shell.run("logs", shell.name("web"), "--no-log-prefix").out == "out\nerr\n", "by its name on the Engine"
    assert shell.run("logs", "-p", shell.project, "once", cwd=shell.folder.parent).out == "once-1  | no end\n"
    between = shell.run("logs", "web", "--since", stamped[0], "--until", "2001-01-01T00:00:00Z")
    assert (between.code, between.out) == (0, "")
    assert len(shell.run("logs", "web", "--since", "10m").out.splitlines()) == 4

    wrong = shell.run("logs", "wbe")
    assert wrong.code == 64
    assert 'did you mean "web"?' in wrong.err
    assert shell.run("logs", "--since", "yesterday").code == 64
    assert shell.run("logs", "--tail", "some").code == 64


def test_a_log_that_can_not_be_read_is_said_and_the_others_are_shown(shell: Shell) -> None:
    shell.declare({"web": {"command": saying("echo out")}, "mute": {"logging": {"driver": "none"}}})
    assert shell.run("apply").code == 0
    written(shell, "web-1   | out")
    done = shell.run("logs")
    assert done.code == 1
    assert done.out == "web-1   | out\n"
    assert done.err.startswith("warning: what mute-1 wrote can't be read: ")


def test_a_follow_survives_a_restart_and_a_replacement(shell: Shell) -> None:
    shell.declare({"web": {"command": saying("echo one")}, "db": {}})
    assert shell.run("apply").code == 0
    with shell.start("logs", "web", "--follow") as running:
        wait_for(lambda: running.out == "web-1  | one\n", "what was there is shown")
        shell.engine.docker("restart", shell.name("web"))
        wait_for(lambda: running.out == "web-1  | one\n" * 2, "it goes on after a restart")
        shell.engine.docker("kill", shell.name("web"))
        shell.declare({"web": {"command": saying("echo two")}, "db": {}})
        assert shell.run("apply", "-y").code == 0
        wait_for(lambda: running.out.endswith("web-1  | two\n"), "it goes on with the new container")
        shell.declare({"web": {"command": saying("echo two")}, "db": {"command": saying("echo other")}})
        assert shell.run("apply", "-y").code == 0
        running.signal(signal.SIGINT)
        assert running.end() == 130
        assert (running.out, running.err) == ("web-1  | one\n" * 2 + "web-1  | two\n", "")


def test_a_follow_may_begin_before_there_is_anything(shell: Shell) -> None:
    shell.declare({"web": {"command": saying("echo one")}})
    with Proxy(shell.engine.socket) as proxy, shell.start("logs", "--follow", "--host", proxy.host) as running:
        wait_for(lambda: any(one.path.endswith("/events") for one in proxy.requests), "it listens")
        assert shell.run("apply").code == 0
        wait_for(lambda: running.out == "web-1  | one\n", "the new container's line")
    with shell.start("logs", "--follow", "--tail", "0", "--until", f"{time.time() + 3:.0f}") as running:
        assert running.end() == 0, "its time is over"
        assert running.out == ""


def test_on_a_terminal_it_is_coloured_and_ends_quietly(shell: Shell) -> None:
    shell.declare({"web": {"command": saying("echo hello", "printf '\\033]0;title\\007\\n'")}})
    assert shell.run("apply").code == 0
    with shell.terminal("logs", "--follow") as terminal:
        terminal.until("hello")
        terminal.until("\\e]0;title")
        terminal.type("\x03")
        assert terminal.end() == 130
    assert terminal.plain.rstrip().endswith("^C")
    assert "\x1b[36mweb-1  | \x1b[0mhello" in terminal.screen
    assert "\x1b]0" not in terminal.screen, "a log does not change the terminal"


def test_a_reader_that_has_seen_enough_ends_it_quietly(shell: Shell) -> None:
    shell.declare({"web": {"command": ["sh", "-c", "yes | head -n 100000; exec sleep 99999"]}, "db": {"command": IDLE}})
    assert shell.run("apply").code == 0
    wait_for(lambda: shell.engine.docker("logs", "-n", "1", shell.name("web")) == "y", "it writes")
    command = f"{' '.join(COMMAND)} logs | head -n 1"
    done = subprocess.run(
        command,
        shell=True,
        check=False,
        cwd=shell.folder,
        env=shell.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert (done.stdout, done.stderr) == ("web-1  | y\n", "")


def test_containers_that_were_taken_over_are_the_projects(shell: Shell) -> None:
    shell.declare({"web": {}, "odd": {"adopt": True, "container_name": f"{shell.project}-mine"}})
    labels = ("project", shell.project), ("service", "web"), ("container-number", "1")
    composes = [word for name, value in labels for word in ("--label", f"com.docker.compose.{name}={value}")]
    docker, said = shell.engine.docker, ("sh", "-c", "echo $0; exec sleep 99999")
    docker("run", "-d", "--name", shell.name("web"), *composes, shell.image, *said, "composes")
    docker("run", "-d", "--name", f"{shell.project}-mine", shell.image, *said, "adopted")
    lines = {"web-1  | composes", "odd-1  | adopted"}
    wait_for(lambda: set(shell.run("logs").out.splitlines()) == lines, "both are shown")
    assert shell.run("logs", "-p", shell.project, cwd=shell.folder.parent).out == "web-1  | composes\n"
    with shell.start("logs", "--follow") as running:
        wait_for(lambda: set(running.out.splitlines()) == lines, "both are followed")
        docker("restart", "-t", "0", shell.name("web"), f"{shell.project}-mine")
        again = sorted([*lines, *lines])
        wait_for(lambda: sorted(running.out.splitlines()) == again, "after a restart, too")
        running.signal(signal.SIGINT)
        assert running.end() == 130
    found = shell.run("events", "--no-follow", "-o", "json").json["events"]
    assert {one["name"] for one in found if one["action"] == "die"} == {shell.name("web"), f"{shell.project}-mine"}
