"""`status`: what it ends with, what it says of images and their registries, and how it goes on."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.e2e.command import IDLE, Shell
from tests.support.engine import wait_for
from tests.support.registry import a_registry

if TYPE_CHECKING:
    from pathlib import Path

REGISTRY = "127.0.0.1:28640"


def test_the_exit_code_says_whether_somebody_should_look(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert shell.run("status", "--exit-code").code == 2
    assert shell.run("apply").code == 0
    assert shell.run("status", "--exit-code").code == 0
    sick = {"test": ["CMD", "false"], "interval": "200ms", "retries": 1}
    shell.declare({"web": {"healthcheck": sick}})
    shell.run("apply", "-y")
    shell.declare({"other": {"healthcheck": sick}})
    shell.run("apply", "-y")
    wait_for(lambda: shell.inspect("other")["State"]["Health"]["Status"] == "unhealthy", "it is unhealthy")
    sick_one = shell.run("status", "--exit-code")
    assert sick_one.code == 2
    assert "unhealthy" in sick_one.out
    assert shell.run("status").code == 0


def test_images_are_held_against_their_registry(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    with a_registry(shell.engine, folder, REGISTRY) as registry:
        image = registry.push(f"{shell.project}:1", "one")
        shell.declare({"web": {"image": image, "command": IDLE}})
        missing = shell.run("status", "--images", "--exit-code")
        assert missing.code == 2
        assert "the registry has " in missing.out
        assert shell.run("apply").code == 0
        done = shell.run("status", "--images", "--exit-code", "-o", "json")
        assert done.code == 0, done.out
        [row] = done.json["images"]
        assert (row["registry"], row["offered"]) == ("up to date", registry.digest(image))
        assert row["used_by"] == [shell.name("web")]

        shell.engine.docker("tag", image, f"{shell.project}-kept:1")
        registry.push(f"{shell.project}:1", "two")
        shell.engine.docker("tag", f"{shell.project}-kept:1", image)
        done = shell.run("status", "--images", "--exit-code")
        assert done.code == 2
        assert "the registry has another one: " in done.out
        shell.engine.docker("pull", image)
        [row] = shell.run("status", "--images", "-o", "json").json["images"]
        assert (row["registry"], row["behind"]) == ("up to date", [shell.name("web")])
        status = shell.run("status")
        assert f"{image} (tag moved)" in status.out
    gone = shell.run("status", "--images")
    assert gone.code == 0
    assert "can't say: " in gone.out


def test_it_goes_on_in_place_on_a_terminal(shell: Shell) -> None:
    shell.declare({"web": {"ports": ["28641:80"]}})
    assert shell.run("apply").code == 0
    with shell.terminal("status", "--watch", "--interval", "0.2") as terminal:
        terminal.until("in sync")
        terminal.until("28641→80")  # the same frame may come in parts
        assert "\x1b]8;;http://localhost:28641\x1b\\28641→80" in terminal.screen
        shell.engine.docker("kill", shell.name("web"))
        terminal.until("exited (137)")
        (shell.folder / "reconciler.yaml").write_text("name: [")
        terminal.until("error")
        shell.declare({"web": {"state": "stopped", "ports": ["28641:80"]}})
        terminal.until("stopped")
        terminal.type("\x03")
        assert terminal.end() == 130
    before, _, after = terminal.screen.rpartition("\x1b[?1049l")
    assert before.count("\x1b[?1049h") == 1
    assert "\x1b[2J" not in before
    assert "exited" in after, "the last of it stays"


def test_elsewhere_it_says_each_change(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    with shell.start("status", "--watch", "--interval", "0.2", "-o", "json") as running:
        wait_for(lambda: '"in_sync": true' in running.out, "the first")
        shell.engine.docker("kill", shell.name("web"))
        wait_for(lambda: '"state": "exited"' in running.out, "the change")
        running.signal(signal.SIGTERM)
        assert running.end() == 143
    assert running.err == ""
    assert shell.run("status", "--watch", "--exit-code").code == 64
    assert shell.run("status", "--watch", "-f", "-", given=shell.text({"web": {}})).code == 64
