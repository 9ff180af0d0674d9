"""`watch`: what it does at once, on each trigger, when something is broken, and how it ends."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.command import AGAIN, SLOW, Shell
from tests.support.engine import BUSYBOX, wait_for
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.command import Running
    from tests.support.engine import Engine

LONG = ("--interval", "600")
"""An interval that no test waits for: what happens, something else has asked for."""

FAILS: dict[str, Any] = {"command": ["sh", "-c", "echo last words; exit 9"], "update": {"monitor": "30s"}}
"""A container that ends at once: looked at for long enough, it is seen to, however busy the Engine is."""


def finish(running: Running) -> None:
    """A polite end."""
    running.signal(signal.SIGTERM)
    assert running.end() == 0
    assert running.log[-1]["event"] == "stopped"


def test_it_mends_at_once_and_again_when_asked(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    before = shell.inspect("web")["Id"]
    shell.engine.docker("stop", shell.name("web"))
    with shell.start("watch", *LONG) as running:
        done = running.until("cycle_done")
        assert running.log[0]["event"] == "watching"
        assert (done["project"], done["reason"], done["level"]) == (shell.project, "start", "info")
        assert done["timestamp"]
        assert running.events("drift")[0]["changes"] == [f"start container {shell.name('web')}"]
        [action] = running.events("action_done")
        assert (action["action"], action["resource"]) == ("start", f"container {shell.name('web')}")
        assert (shell.inspect("web")["Id"], shell.status("web")) == (before, "running")

        shell.engine.docker("stop", shell.name("web"))
        running.signal(signal.SIGHUP)
        running.until("cycle_done", 2)  # by the event or by the signal, whichever comes first
        assert shell.status("web") == "running"
        finish(running)
        assert running.out == ""
        lines = [line for line in running.err.splitlines() if line]
        assert [line for line in lines if not line.startswith("{")] == [
            "Stopping after the calls under way; again to leave at once."
        ]
    assert shell.status("web") == "running", "what it kept stays when it ends"


def test_a_change_of_the_spec_is_applied(shell: Shell) -> None:
    """Written in place, replaced by a rename, removed and written anew, and touched: the last is no change."""
    shell.declare({"web": {}})
    file = shell.folder / "reconciler.yaml"
    with shell.start("watch", *LONG) as running:
        running.until("cycle_done")
        shell.declare({"web": {"restart": "always"}})
        assert "file" in running.until("cycle_done", 2)["reason"].split(",")
        assert shell.inspect("web")["HostConfig"]["RestartPolicy"]["Name"] == "always"

        new = shell.folder / "reconciler.yaml.swp"
        new.write_text(shell.text({"web": {"restart": "unless-stopped"}}))
        new.replace(file)
        running.until("cycle_done", 3)
        assert shell.inspect("web")["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"

        file.unlink()
        running.until("spec_invalid_keeping_last_good")
        shell.declare({"web": {"restart": "no"}, "db": {}})
        running.until("cycle_done", 4)
        assert shell.inspect("web")["HostConfig"]["RestartPolicy"]["Name"] == "no"
        assert shell.status("db") == "running"

        shell.declare({"web": {"restart": "no"}})
        running.until("cycle_done", 5)
        assert shell.names() == [shell.name("web")], "it removes without asking"
        finish(running)


def test_a_folder_as_the_spec(shell: Shell) -> None:
    specs = shell.folder / "specs"
    specs.mkdir()
    (specs / "only.yaml").write_text(shell.text({"web": {}}))
    with shell.start("watch", "-f", "specs", *LONG) as running:
        running.until("cycle_done")
        (specs / "only.yaml").write_text(shell.text({"web": {"restart": "always"}}))
        running.until("cycle_done", 2)
        finish(running)


def test_an_invalid_spec_keeps_the_last_good_one_and_says_so(shell: Shell) -> None:
    shell.declare({"web": {}})
    with shell.start("watch", *LONG) as running:
        running.until("cycle_done")
        shell.write("name: x\ncontainers: {web: {image: 'a:1', prots: []}}\n")
        said = running.until("spec_invalid_keeping_last_good")
        assert said["level"] == "error"
        assert "prots" in said["error"]
        status = shell.run("status", "--exit-code")
        assert status.code == 4
        assert "the last good spec is kept since 2" in status.err
        assert f"process {running.process.pid} on " in status.err
        elsewhere = shell.folder / "elsewhere.yaml"
        elsewhere.write_text(shell.text({"web": {}}))
        status = shell.run("status", "--exit-code", "-f", str(elsewhere))
        assert status.code == 2, "what is there is as this spec says, and the watch keeps another one"
        assert "its spec is broken at " in status.out

        shell.engine.docker("stop", shell.name("web"))
        running.signal(signal.SIGHUP)
        running.until("cycle_done", 2)
        assert shell.status("web") == "running", "it keeps what the last good spec declares"
        assert len(running.events("spec_invalid_keeping_last_good")) == 1, "said once"

        shell.declare({"web": {"restart": "always"}})
        running.until("spec_valid_again")
        running.until("cycle_done", 3)
        status = shell.run("status", "--exit-code", "-o", "json")
        assert status.code == 0, status.out
        assert status.json["watch"]["pid"] == running.process.pid
        assert status.json["watch"]["spec_broken"] is None
        assert shell.inspect("web")["HostConfig"]["RestartPolicy"]["Name"] == "always"
        shell.write("")
        running.until("spec_invalid_keeping_last_good", 2)
        finish(running)
    assert shell.names() == [shell.name("web")], "an empty file never means: remove everything"


def test_each_interval_a_cycle_that_changes_nothing_where_nothing_is_to_do(shell: Shell) -> None:
    shell.declare({"web": {}})
    with (
        Proxy(shell.engine.socket) as proxy,
        shell.start("watch", "--interval", "0.3", "--host", proxy.host) as running,
    ):
        running.until("cycle_done")
        proxy.clear()
        wait_for(lambda: [str(one) for one in proxy.requests].count("GET /containers/json") >= 3, "three more cycles")
        assert [one for one in proxy.changing() if one.path != "/volumes/create"] == [], "but its own lock"
        assert len(running.events("cycle_done")) == 1, "nothing to say where nothing is to do"
        shell.engine.docker("rm", "-f", shell.name("web"))
        running.until("cycle_done", 2)
        assert shell.status("web") == "running"
        finish(running)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_when_it_waits(shell: Shell, number: signal.Signals) -> None:
    shell.declare({"web": {}})
    with shell.start("watch", *LONG) as running:
        running.until("cycle_done")
        running.signal(number)
        assert running.end() == 0
        assert running.log[-1]["event"] == "stopped"


def test_a_signal_during_a_replacement_gives_the_old_one_its_place_back(shell: Shell) -> None:
    shell.declare({"web": {"command": SLOW}})
    with Proxy(shell.engine.socket) as proxy, shell.start("watch", *LONG, "--host", proxy.host) as running:
        running.until("cycle_done")
        before = shell.inspect("web")["Id"]
        shell.declare({"web": {"command": SLOW, "user": "nobody"}})
        wait_for(
            lambda: [one for one in proxy.changing() if one.path.endswith("/stop")], "the old one is being stopped"
        )
        running.signal(signal.SIGTERM)
        assert running.end() == 0
        assert running.log[-1]["event"] == "stopped"
        assert {"stop", "create"} <= {line["action"] for line in running.events("action_undone")}
    assert (shell.inspect("web")["Id"], shell.status("web")) == (before, "running")
    assert shell.names() == [shell.name("web")]


def test_on_a_terminal_its_log_is_readable(shell: Shell) -> None:
    shell.declare({"web": {"state": "stopped"}})
    with shell.terminal("watch", *LONG) as terminal:
        terminal.until("cycle_done")
        terminal.type("\x03")
        assert terminal.end() == 0
    assert "{" not in terminal.plain.split("cycle_done")[0].replace("changes=", "")
    assert "\x1b[" in terminal.screen


def test_a_replacement_that_failed_is_not_tried_again_each_interval(shell: Shell) -> None:
    shell.declare({"web": {}})
    with (
        Proxy(shell.engine.socket) as proxy,
        shell.start("watch", "--interval", "0.3", "--host", proxy.host) as running,
    ):
        running.until("cycle_done")
        before = shell.inspect("web")["Id"]
        proxy.clear()
        shell.declare({"web": FAILS})
        running.until("cycle_failed")
        failed = running.events("action_failed")[0]
        assert "exited with code 9" in failed["error"]
        assert failed["output"] == ["last words"]

        def count(call: str) -> int:
            return [str(request) for request in proxy.requests].count(call)

        looked = count("GET /containers/json")
        wait_for(lambda: count("GET /containers/json") >= looked + 4, "four more cycles")
        assert count("POST /containers/create") == 1
        assert (shell.inspect("web")["Id"], shell.status("web")) == (before, "running")

        shell.engine.docker("stop", shell.name("web"))
        wait_for(lambda: shell.status("web") == "running", "drift is mended all the same")
        assert count("POST /containers/create") == 1

        shell.declare({"web": {"command": ["sh", "-c", "trap exit TERM; sleep 9999 & wait"]}})
        # Between its two renames nobody has the name.
        wait_for(lambda: shell.id("web") not in {"", before}, "another definition is tried")
        assert count("POST /containers/create") == 2
        wait_for(lambda: shell.names() == [shell.name("web")], "the old one has gone")
        finish(running)


def test_a_job_that_failed_does_not_run_again_by_itself(shell: Shell) -> None:
    """Not at the next interval, not after a restart of the watch; when somebody asks, or it is changed."""
    command = ["sh", "-c", "echo x >>/runs/all; exit 9"]
    waits = {"depends_on": {"job": {"condition": "service_completed_successfully"}}}

    def declare(job: list[str]) -> None:
        jobs: dict[str, dict[str, Any]] = {
            "job": {"state": "completed", "command": job, "volumes": ["runs:/runs"]},
            "web": waits,
        }
        shell.declare({"counter": {"volumes": ["runs:/runs"]}, **jobs}, volumes={"runs": {}})

    def runs() -> int:
        return len(shell.engine.docker("exec", shell.name("counter"), "cat", "/runs/all").split())

    declare(command)
    with shell.start("watch", "--interval", "0.3") as running:
        running.until("cycle_failed")
        held = running.until("held_back")
        assert held["resources"] == [f"container {shell.name('job')}", f"container {shell.name('web')}"]
        time.sleep(1.5)
        assert len(running.events("held_back")) == 1
        assert runs() == 1
        running.signal(signal.SIGHUP)
        running.until("cycle_failed", 2)
        assert runs() == 2
        finish(running)

    with shell.start("watch", "--interval", "0.3") as running:
        running.until("held_back")
        time.sleep(1)
        assert runs() == 2
        declare([*command[:2], "echo x >>/runs/all"])
        running.until("cycle_done")
        assert runs() == 3
        assert shell.status("web") == "running"
        time.sleep(1)
        assert runs() == 3
        finish(running)


def test_what_was_rolled_back_is_not_tried_again_by_a_watch_that_is_started_anew(
    shell: Shell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shell.environ["RECONCILER_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    before = shell.inspect("web")["Id"]
    shell.declare({"web": FAILS})
    with shell.start("watch", *LONG) as running:
        running.until("cycle_failed")
        finish(running)
    with shell.start("watch", *LONG) as running:
        running.until("held_back")
        finish(running)
        assert running.events("drift") == []
    assert shell.run("apply", "--yes").code == 3, "a person may always try"
    with shell.start("watch", *LONG) as running:
        running.until("held_back")
        running.signal(signal.SIGHUP)
        running.until("cycle_failed")
        shell.declare({"web": {"environment": {"A": "1"}}})
        running.until("cycle_done")
        finish(running)
    assert shell.inspect("web")["Id"] != before
    runs = shell.run("history", "-o", "json").json["runs"]
    assert [(run["command"], run["result"]) for run in runs] == [
        ("watch", "done"),
        ("watch", "rolled back"),
        ("apply", "rolled back"),
        ("watch", "rolled back"),
        ("apply", "done"),
    ]


def test_a_journal_that_can_not_be_used_stops_nothing(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("state")
    shell.environ["RECONCILER_STATE_DIR"] = str(state)
    (state / "journal.sqlite3").write_bytes(b"no database" * 100)
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    before = shell.inspect("web")["Id"]
    shell.declare({"web": FAILS})
    with shell.start("watch", "--interval", "0.3") as running:
        running.until("cycle_failed")
        running.until("held_back")
        time.sleep(1)
        assert len(running.events("cycle_failed")) == 1
        assert len(running.events("journal")) == 1
        finish(running)
    assert shell.inspect("web")["Id"] == before


def test_a_conflict_is_said_once_and_ends_by_itself(shell: Shell) -> None:
    shell.engine.docker("create", "--name", shell.name("web"), shell.image)
    shell.declare({"web": {}})
    with (
        Proxy(shell.engine.socket) as proxy,
        shell.start("watch", "--interval", "0.3", "--host", proxy.host) as running,
    ):
        said = running.until("conflict")
        assert "is not ours" in said["error"]
        wait_for(lambda: [str(one) for one in proxy.requests].count("GET /containers/json") >= 4, "more cycles")
        assert len(running.events("conflict")) == 1
        assert [one for one in proxy.changing() if one.path != "/volumes/create"] == [], "but its own lock"
        shell.engine.docker("rm", shell.name("web"))
        running.until("cycle_done")
        assert shell.status("web") == "running"
        finish(running)


@pytest.fixture
def fragile(shell: Shell, private_engine: Callable[..., Engine]) -> Shell:
    """A shell on an Engine that may be hurt; its containers live on without it."""
    engine = private_engine("--live-restore")
    engine.import_image(BUSYBOX, changes=['CMD ["sh"]'])
    return Shell(engine, shell.project, shell.folder, BUSYBOX)


def test_an_engine_that_is_killed_is_said_once_and_found_again(fragile: Shell) -> None:
    fragile.declare({"web": {}})
    with fragile.start("watch", "--interval", "0.2") as running:
        running.until("cycle_done")
        fragile.engine.kill()
        said = running.until("engine_error")
        assert said["level"] == "error"
        assert said["error"]
        before = len(running.events("engine_error"))
        fragile.engine.restart()
        running.until("engine_is_back")
        assert before <= 2, "how it went, and that it is away; not each interval"
        fragile.engine.docker("rm", "-f", fragile.name("web"))
        wait_for(lambda: fragile.status("web") == "running", "it is made anew")
        finish(running)


def test_it_begins_without_an_engine_and_goes_on_when_there_is_one(fragile: Shell) -> None:
    fragile.declare({"web": {}})
    fragile.engine.kill()
    with fragile.start("watch", "--interval", "0.2") as running:
        running.until("engine_error")
        fragile.engine.restart()
        running.until("cycle_done")
        assert fragile.status("web") == "running"
        assert len(running.events("engine_error")) <= 2
        finish(running)


def test_an_engine_that_stands_still_for_a_while(fragile: Shell) -> None:
    fragile.declare({"web": {}})
    started = ("watch", *LONG, "--log-level", "debug", "--host")
    with Proxy(fragile.engine.socket) as proxy, fragile.start(*started, proxy.host) as running:
        running.until("cycle_done")
        running.until("nothing_to_do")  # it looked once more
        fragile.engine.stop()
        fragile.declare({"web": {"restart": "always"}})
        wait_for(proxy.unanswered, "it asks the Engine that stands still")
        assert len(running.events("cycle_done")) == 1
        fragile.engine.cont()
        running.until("cycle_done", 2)
        assert fragile.inspect("web")["HostConfig"]["RestartPolicy"]["Name"] == "always"
        assert running.events("engine_error") == []


STUBBORN = {"command": ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], "stop_grace_period": "100s"}
"""A container that hangs when it is to stop."""


@pytest.mark.parametrize("signals", [1, 2])
def test_a_call_that_hangs_is_left_after_a_while_or_at_the_second_signal(shell: Shell, signals: int) -> None:
    shell.declare({"web": STUBBORN})
    with Proxy(shell.engine.socket) as proxy, shell.start("watch", *LONG, "--host", proxy.host) as running:
        running.until("cycle_done")
        shell.declare({"web": {**STUBBORN, "state": "stopped"}})
        wait_for(lambda: [one for one in proxy.changing() if one.path.endswith("/stop")], "it is being stopped")
        running.signal(signal.SIGTERM)
        wait_for(lambda: "again to leave at once" in running.err, "it waits for the call under way")
        if signals == 2:
            time.sleep(AGAIN)
            running.signal(signal.SIGTERM)
        assert running.end() == 143
        assert len(running.events("left_at_work")) == 2 - signals
