"""`snapshot`, and `plan --snapshot` where there is no Engine."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.command import IDLE

if TYPE_CHECKING:
    from tests.e2e.command import Done, Shell

ROOT = Path(__file__).parents[2]

WEB: dict[str, Any] = {
    "environment": {"TZ": "UTC", "API_TOKEN": "hunter2"},
    "volumes": ["pages:/pages"],
    "labels": {"team": "shop"},
}
PLACES: dict[str, Any] = {"volumes": {"pages": {}}}


def nowhere(shell: Shell, *arguments: str) -> Done:
    """The command, where no Engine can be reached."""
    there = replace(shell, environ={**shell.environ, "DOCKER_HOST": "unix:///nope.sock"})
    return there.run("plan", "--snapshot", "there.json", *arguments)


def expect_the_same(shell: Shell, *, values: bool = False) -> Done:
    """A plan on a snapshot says what a live one does; what it does not know, it does not show."""
    live, taken = shell.run("plan"), shell.run("snapshot", "--out", "there.json", *["--with-values"][:values])
    assert (taken.code, taken.err) == (0, "")
    found = nowhere(shell)
    hidden = re.compile(r"environment\.TZ: .*")
    assert hidden.sub("TZ", found.out) == hidden.sub("TZ", live.out)
    assert (found.code, found.err) == (live.code, live.err)
    if values:
        assert found.out == live.out
        assert nowhere(shell, "-o", "json").json == shell.run("plan", "-o", "json").json
    return found


def test_the_same_plan_without_an_engine(shell: Shell) -> None:
    shell.declare({"web": WEB}, **PLACES)
    assert "create" in expect_the_same(shell, values=True).out
    assert shell.run("apply").code == 0
    assert "is in sync" in expect_the_same(shell, values=True).out
    assert "is in sync" in expect_the_same(shell).out
    text = (shell.folder / "there.json").read_text()
    assert "hunter2" not in text
    assert "TZ=UTC" not in text
    assert "shop" in text

    shell.declare(
        {"web": {**WEB, "environment": {"TZ": "CET", "API_TOKEN": "hunter3"}}, "more": {"command": IDLE}}, **PLACES
    )
    found = expect_the_same(shell)
    assert "environment.TZ: (sensitive) changed" in found.out
    assert "environment.API_TOKEN: (sensitive) changed" in found.out
    assert 'environment.TZ: "UTC" → "CET"' in expect_the_same(shell, values=True).out
    assert nowhere(shell, "--detailed-exitcode").code == 2

    shell.engine.docker("stop", shell.name("web"))
    assert "state: exited" in expect_the_same(shell).out


@pytest.mark.parametrize("arguments", [("--host", "unix:///nope.sock"), ("--context", "default")])
def test_an_engine_and_a_snapshot_are_one_too_many(shell: Shell, arguments: tuple[str, str]) -> None:
    shell.declare({"web": WEB}, **PLACES)
    done = nowhere(shell, *arguments)
    assert (done.code, done.err.splitlines()[0]) == (
        64,
        "error: --snapshot takes the place of an Engine: leave --host, --context, --out and --prune-images out",
    )


def test_as_json(shell: Shell) -> None:
    shell.declare({"web": WEB}, **PLACES)
    done = shell.run("snapshot", "--out", "there.json", "-o", "json").json
    assert (done["project"], done["file"], done["with_values"]) == (shell.project, "there.json", False)
