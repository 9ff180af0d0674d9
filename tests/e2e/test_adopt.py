"""`adopt`, and what the commands say of what is not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.command import IDLE

if TYPE_CHECKING:
    from tests.e2e.command import Shell


def by_hand(shell: Shell, key: str, *options: str) -> str:
    """A container under a wanted name, in a network of its own; its ID."""
    name = f"{shell.project}-{key}-1"
    return shell.engine.docker("run", "-d", "--name", name, "--network", "none", *options, shell.image, *IDLE)


def test_adopt_shows_and_changes_nothing(shell: Shell) -> None:
    by_hand(shell, "web")
    by_hand(shell, "db", "-e", "A=1")
    wanted = {"web": {"network_mode": "none"}, "db": {"network_mode": "none"}}
    shell.declare({**wanted, "free": {"network_mode": "none"}})
    before = {name: shell.engine.inspect(name) for name in (shell.name("web"), shell.name("db"))}
    refused = shell.run("apply", "--yes")
    assert refused.code == 7
    assert "`adopt: true`" in refused.out

    done = shell.run("adopt")

    assert (done.code, done.err) == (0, "")
    assert "environment.A" in done.out
    lines = done.out.splitlines()
    assert lines[-2] == f"{shell.name('web')} would be taken over as it is."
    assert lines[-1] == "Nothing has been changed. To do this, write `adopt: true` into the spec for db, web."
    assert {name: shell.engine.inspect(name) for name in before} == before

    # The other one is in the way still.
    one = shell.run("adopt", "web")
    assert one.code == 7
    assert f'container "{shell.name("db")}" exists and is not ours' in one.out
    as_json = shell.run("adopt", "-o", "json")
    assert (as_json.code, as_json.json["adopt"]) == (0, ["db", "web"])

    shell.declare({"web": {**wanted["web"], "adopt": True}, "free": {"network_mode": "none"}})
    assert shell.run("apply").code == 0
    assert shell.id("web") == before[shell.name("web")]["Id"]
    status = shell.run("status", "-o", "json").json
    assert [row["in_sync"] for row in status["resources"] if row["name"] == shell.name("web")] == [True]
    assert shell.run("adopt").out == (
        "Nothing is to be adopted: no container that is not ours has a name that is wanted here.\n"
    )


def test_adopt_of_what_is_not_there(shell: Shell) -> None:
    shell.declare({"web": {}})
    unknown = shell.run("adopt", "wbe")
    assert unknown.code == 64
    assert 'did you mean "web"?' in unknown.err
    none = shell.run("adopt", "web")
    assert none.code == 7
    assert 'nothing is to be adopted for "web"' in none.err


def test_down_leaves_what_compose_made_unless_it_is_asked(shell: Shell) -> None:
    labels = [f"com.docker.compose.{key}" for key in (f"project={shell.project}", "service=web", "container-number=1")]
    by_hand(shell, "web", *(word for label in labels for word in ("--label", label)))
    done = shell.run("down", "-p", shell.project)
    assert done.code == 0
    assert "stays" in done.out
    assert "--remove-orphans" in done.out
    assert shell.status("web") == "running"
    assert shell.run("down", "-p", shell.project, "--remove-orphans").code == 7
    assert shell.run("down", "-p", shell.project, "--remove-orphans", "--yes").code == 0
    assert shell.engine.docker("ps", "-aq", "--filter", f"name={shell.project}") == ""
