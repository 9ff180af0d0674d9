"""`watch` when machine, network and files let it down. After each fault it converges and does nothing more."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.command import IDLE, Shell
from tests.support.engine import BUSYBOX, wait_for
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.command import Running
    from tests.support.engine import Engine

DEBUG = ("--log-level", "debug", "--resync", "600")
STILL_SECONDS = float(os.environ.get("RECONCILER_TEST_STILL_SECONDS", "3"))


def expect_rest(shell: Shell, running: Running, proxy: Proxy) -> None:
    """It has converged: looking at everything again, it finds nothing to do, and nor does anybody else."""
    wait_for(lambda: shell.run("plan", "--detailed-exitcode").code == 0, "the plan is empty")
    for _ in range(2):
        looks = len(running.events("nothing_to_do"))
        proxy.clear()
        running.signal(signal.SIGHUP)
        running.until("nothing_to_do", looks + 1)
        wait_for(lambda: "GET /containers/json" in map(str, list(proxy.requests)), "it lists everything")
        assert proxy.changing() == []


def end(running: Running) -> None:
    running.signal(signal.SIGTERM)
    assert running.end() == 0


def running_names(shell: Shell) -> set[str]:
    label = f"label=io.reconciler.project={shell.project}"
    return set(shell.engine.docker("ps", "--filter", label, "--format", "{{.Names}}").split())


def until_up(shell: Shell, *keys: str) -> None:
    wanted = {shell.name(key) for key in keys}
    wait_for(lambda: running_names(shell) == wanted, f"just these run: {keys}")


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own in a folder, in memory."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def fragile(shell: Shell, private_engine: Callable[..., Engine]) -> Shell:
    """A shell on an Engine that may be hurt; its containers live on without it."""
    engine = private_engine("--live-restore")
    engine.import_image(BUSYBOX, changes=['CMD ["sh"]'])
    return Shell(engine, shell.project, shell.folder, BUSYBOX)


def test_an_engine_that_is_killed_in_the_middle_of_a_cycle_and_stands_still_in_another(fragile: Shell) -> None:
    keys = [f"s{number}" for number in range(6)]
    fragile.declare({key: {} for key in keys}, settings={"parallelism": 2})
    with Proxy(fragile.engine.socket) as proxy, fragile.start("watch", *DEBUG, "--host", proxy.host) as running:
        wait_for(lambda: [one for one in running.events("action_done") if one["action"] == "start"], "one runs")
        fragile.engine.kill()
        running.until("engine_error")
        fragile.engine.restart()
        running.until("engine_is_back")
        until_up(fragile, *keys)
        expect_rest(fragile, running, proxy)
        assert len(running.events("engine_error")) <= 3, "how it went, and that it is away"

        done = len(running.events("cycle_done"))
        fragile.engine.stop()
        fragile.declare({key: {"restart": "always"} for key in keys}, settings={"parallelism": 2})
        time.sleep(STILL_SECONDS)
        assert len(running.events("cycle_done")) == done
        fragile.engine.cont()
        running.until("cycle_done", done + 1)
        expect_rest(fragile, running, proxy)
        assert {fragile.inspect(key)["HostConfig"]["RestartPolicy"]["Name"] for key in keys} == {"always"}
        end(running)


def test_events_that_are_lost_are_made_up_for(shell: Shell) -> None:
    shell.declare({"web": {}, "db": {}})
    with (
        Proxy(shell.engine.socket) as proxy,
        shell.start("watch", "--log-level", "debug", "--resync", "1", "--host", proxy.host) as running,
    ):
        running.until("cycle_done")
        proxy.is_losing_events = True
        shell.engine.docker("rm", "-f", shell.name("web"))
        shell.engine.docker("stop", "-t", "0", shell.name("db"))
        missed = running.until("events_missed")
        assert missed["count"] >= 1
        until_up(shell, "web", "db")
        expect_rest(shell, running, proxy)
        proxy.is_losing_events = False
        shell.engine.docker("rm", "-f", shell.name("web"))
        until_up(shell, "web", "db")
        end(running)


def test_a_folder_of_specs_that_is_replaced_linked_mounted_over_and_taken_away(shell: Shell) -> None:
    specs, other = shell.folder / "specs", shell.folder / "other"

    def write(folder: Path, *keys: str) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "app.yaml").write_text(shell.text({key: {} for key in keys}))

    write(specs, "one")
    with (
        Proxy(shell.engine.socket) as proxy,
        shell.start("watch", "-f", "specs", *DEBUG, "--host", proxy.host) as running,
    ):
        until_up(shell, "one")
        write(other, "one", "two")
        specs.rename(shell.folder / "old")
        other.rename(specs)
        until_up(shell, "one", "two")
        write(specs, "one", "three")
        until_up(shell, "one", "three")

        write(other, "one", "four")
        specs.rename(shell.folder / "older")
        specs.symlink_to(other)
        until_up(shell, "one", "four")
        write(other, "one", "five")
        until_up(shell, "one", "five")

        before = shell.id("five")
        with mounted(other, "64k"):
            running.signal(signal.SIGHUP)
            running.until("spec_invalid")
            shell.engine.docker("rm", "-f", shell.name("one"))
            until_up(shell, "one", "five")
            write(other, "one", "five", "six")
            until_up(shell, "one", "five", "six")
        running.signal(signal.SIGHUP)
        until_up(shell, "one", "five")
        shutil.rmtree(other)
        running.until("spec_invalid", 2)
        running.signal(signal.SIGHUP)
        shell.engine.docker("rm", "-f", shell.name("one"))
        until_up(shell, "one", "five")
        assert shell.id("five") == before, "nothing was made anew meanwhile"
        write(other, "one", "five")
        running.until("spec_valid_again")
        (shell.folder / "reconciler.yaml").write_text((other / "app.yaml").read_text())
        expect_rest(shell, running, proxy)
        end(running)


def test_a_state_folder_on_a_full_disk_stops_nothing(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("full")
    shell.environ["RECONCILER_STATE_DIR"] = str(state)
    shell.declare({"web": {}})
    with mounted(state, "16k"):
        with (state / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        with Proxy(shell.engine.socket) as proxy, shell.start("watch", *DEBUG, "--host", proxy.host) as running:
            running.until("cycle_done")
            shell.engine.docker("rm", "-f", shell.name("web"))
            until_up(shell, "web")
            running.until("cycle_done", 2)
            expect_rest(shell, running, proxy)
            assert "this is not in the history" in running.err
            end(running)


def test_a_container_that_crashes_and_one_without_its_command_are_not_made_worse(shell: Shell) -> None:
    """The first is started again later and later, the second never."""
    crashes = ["sh", "-c", "test -f /ok/first || { touch /ok/first; trap 'exit 0' TERM; sleep 99999 & wait; }; exit 3"]
    shell.declare({"bad": {"command": ["/no/such/command"]}, "good": {}})
    with Proxy(shell.engine.socket) as proxy, shell.start("watch", *DEBUG, "--host", proxy.host) as running:
        failed = running.until("action_failed")
        assert shell.name("bad") in failed["resource"]
        running.until("held_back")
        until_up(shell, "good")
        shell.engine.docker("stop", "-t", "0", shell.name("good"))
        until_up(shell, "good")
        starts = [one for one in proxy.changing() if one.path.endswith(f"{shell.id('bad')}/start")]
        assert len(starts) <= 1

        shell.declare(
            {"loop": {"command": crashes, "volumes": ["ok:/ok"]}, "good": {"command": IDLE}}, volumes={"ok": {}}
        )
        until_up(shell, "good", "loop")
        identity = shell.id("loop")
        shell.engine.docker("stop", "-t", "0", shell.name("loop"))
        running.until("crash_loop")
        starts = [one for one in proxy.changing() if one.path.endswith(f"{identity}/start")]
        assert len(starts) < 10
        shell.declare({"good": {}})
        until_up(shell, "good")
        end(running)
