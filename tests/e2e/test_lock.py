"""`lock`, and what `--locked` makes of it: just these images, wherever their tags are by now."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests.support.engine import wait_for
from tests.support.registry import a_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.command import Shell
    from tests.support.engine import Engine
    from tests.support.registry import Registry


@pytest.fixture(scope="module")
def registry(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with a_registry(engine, tmp_path_factory.mktemp("registry"), "127.0.0.1:28605") as made:
        yield made


def page(shell: Shell) -> str:
    return shell.engine.docker("exec", shell.name("web"), "cat", "/page")


def test_a_lock_is_written_checked_and_kept_to(shell: Shell, registry: Registry) -> None:
    image = registry.push(f"{shell.project}/web:1", "one")
    first = registry.digest(image)
    shell.declare({"web": {"image": image}, "own": {}}, images={shell.image: {"pull": "never"}})
    done = shell.run("apply", "--locked")
    assert (done.code, "there is no lock" in done.err) == (7, True)
    assert "reconciler.lock" in done.err

    done = shell.run("lock")
    assert done.code == 0, done.err
    file = shell.folder / "reconciler.lock"
    lines = file.read_text().splitlines()
    assert lines[0].startswith("#")
    assert sorted(lines[1:]) == sorted([f"{image} {first}", f"# {shell.image}: never pulled"])
    assert (
        stat.S_IMODE(file.stat().st_mode) & 0o044
        == stat.S_IMODE((shell.folder / "reconciler.yaml").stat().st_mode) & 0o044
    )
    assert [one.name for one in shell.folder.iterdir() if one.name.startswith(".reconciler")] == []
    assert shell.run("lock", "--check").code == 0

    registry.push(f"{shell.project}/web:1", "two")
    second = registry.digest(image)
    assert first != second
    done = shell.run("lock", "--check", "-o", "json")
    assert done.code == 2
    assert done.json["changes"] == [f"{image} has moved: {first[:19]} → {second[:19]}"]
    assert first in file.read_text()

    done = shell.run("apply", "--locked")
    assert done.code == 0, done.err
    assert page(shell) == "one"
    assert f"{image} has moved since it was locked" in " ".join(done.out.split())
    done = shell.run("plan", "--locked", "--detailed-exitcode", "-o", "json")
    assert done.code == 0
    assert [one["name"] for one in done.json["notices"]] == [image]

    assert shell.run("lock").code == 0
    assert second in file.read_text()
    done = shell.run("apply", "--locked", "--yes")
    assert done.code == 0, done.err
    assert page(shell) == "two"
    assert "moved" not in done.out


def test_what_is_not_in_the_lock_is_refused_by_name(shell: Shell, registry: Registry) -> None:
    image, more = (registry.push(f"{shell.project}/{name}:1", name) for name in ("web", "more"))
    shell.declare({"web": {"image": image}})
    assert shell.run("lock").code == 0
    shell.declare({"web": {"image": image}, "more": {"image": more}})
    for command in ("plan", "apply", "watch"):
        done = shell.run(command, "--locked")
        assert done.code == 7, (command, done.err)
        assert f"{more} is not in reconciler.lock" in done.err
    assert shell.names() == []
    (shell.folder / "reconciler.lock").write_text("what is this\n")
    done = shell.run("apply", "--locked")
    assert done.code == 7
    assert "line 1" in done.err


def test_a_registry_that_does_not_answer_leaves_the_lock_as_it_is(shell: Shell, registry: Registry) -> None:
    image = registry.push(f"{shell.project}/web:1", "one")
    shell.declare({"web": {"image": image}})
    shell.run("lock")
    before = (shell.folder / "reconciler.lock").read_text()
    shell.declare({"web": {"image": image}, "gone": {"image": f"{registry.address}/{shell.project}/nothing:1"}})
    done = shell.run("lock")
    assert done.code == 1
    assert "nothing:1" in done.err
    assert (shell.folder / "reconciler.lock").read_text() == before
    assert shell.run("lock", "-f", "-", given=shell.text({"web": {}})).code == 64


def test_watch_takes_a_new_lock(shell: Shell, registry: Registry) -> None:
    image = registry.push(f"{shell.project}/web:1", "one")
    shell.declare({"web": {"image": image}})
    assert shell.run("lock").code == 0
    registry.push(f"{shell.project}/web:1", "two")
    with shell.start("watch", "--locked", "--interval", "600") as running:
        running.until("cycle_done")
        assert page(shell) == "one"
        assert shell.run("lock").code == 0
        running.until("cycle_done", 2)
        assert page(shell) == "two"


def test_down_with_volumes_needs_agreement_and_respects_protection(shell: Shell) -> None:
    web = {"volumes": ["data:/srv"]}
    shell.declare({"web": web}, volumes={"data": {"protect": True}})
    assert shell.run("apply").code == 0
    volume = f"{shell.project}_data"
    done = shell.run("down", "--volumes", "--yes")
    assert done.code == 7
    assert f'volume "{volume}" is protected' in " ".join(done.out.split())
    shell.declare({"web": web}, volumes={"data": None})
    done = shell.run("down", "--volumes")
    assert done.code == 7
    assert volume in done.err
    assert "its data is lost" in done.out
    assert shell.status("web") == "running"
    done = shell.run("down", "--volumes", "--yes", "-o", "json")
    assert done.code == 0, done.err
    changes = {one["name"]: (one["operation"], one["result"]) for one in done.json["changes"]}
    assert changes[volume] == ("remove", "done")
    assert volume not in shell.engine.docker("volume", "ls", "-q").split()
    assert shell.run("down", "--volumes", "-p", shell.project, "--yes").code == 64


def test_pruned_images_are_shown_and_agreed_to(shell: Shell, registry: Registry) -> None:
    shell.environ["RECONCILER_STATE_DIR"] = str(shell.folder / "state")
    for number in (1, 2):
        image = registry.push(f"{shell.project}/web:{number}", f"{number}")
        shell.declare({"web": {"image": image}}, settings={"keep_images": 0})
        assert shell.run("apply", "--yes").code == 0
    done = shell.run("apply", "--prune-images")
    assert done.code == 7
    assert f"{shell.project}/web:1" in done.err
    done = shell.run("plan", "--prune-images", "-o", "json")
    assert done.json["summary"] == {"remove": 1}
    done = shell.run("apply", "--prune-images", "--yes")
    assert done.code == 0, done.err
    names = shell.engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}")
    assert f"{shell.project}/web:1" not in names
    assert f"{shell.project}/web:2" in names
    assert shell.run("apply", "--prune-images", "--target", "web").code == 64


def test_watch_prunes_where_it_is_asked_to(shell: Shell, registry: Registry) -> None:
    shell.environ["RECONCILER_STATE_DIR"] = str(shell.folder / "state")
    first, second = (registry.push(f"{shell.project}/web:{number}", f"{number}") for number in (1, 2))
    shell.declare({"web": {"image": first}}, settings={"keep_images": 0})
    with shell.start("watch", "--prune-images", "--interval", "600") as running:
        running.until("cycle_done")
        shell.declare({"web": {"image": second}}, settings={"keep_images": 0})
        running.until("cycle_done", 2)

        def names() -> str:
            return shell.engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}")

        wait_for(lambda: first not in names(), "the first goes")
        assert second in names()
