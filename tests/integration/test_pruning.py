"""`--prune-images`: what the project once used and nothing uses now, and nothing else."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler import apply, load, observe, plan
from reconciler.cli.recording import Recorder
from reconciler.errors import ExitCode
from reconciler.journal.journal import Journal
from reconciler.journal.used import used_images
from tests.integration.world import IDLE, failures

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from reconciler import Outcome, Plan
    from tests.integration.world import World
    from tests.support.registry import Registry

RUN = {"command": IDLE}


@dataclass
class Pruned:
    """A world whose applies are remembered, as the command does."""

    world: World
    journal: Journal
    settings: dict[str, int] = field(default_factory=dict)

    def declare(self, *images: str, **container: object) -> None:
        named = {f"c{number}": {"image": image, **RUN, **container} for number, image in enumerate(images)}
        self.world.declare(named, settings=self.settings)

    def plan(self) -> Plan:
        spec = load(self.world.folder)
        with self.world.connect() as engine:
            used = used_images(self.journal.runs(spec.name), engine.identity())
            return plan(spec, observe(engine, spec), prune=used)

    def apply(self, *, prune: bool = True) -> Outcome:
        spec = load(self.world.folder)
        with self.world.connect() as engine:
            used = used_images(self.journal.runs(spec.name), engine.identity()) if prune else None
            snapshot = observe(engine, spec)
            outcome = apply(plan(spec, snapshot, prune=used), engine)
            assert outcome.exit_code is ExitCode.OK, failures(outcome)
            Recorder("apply", spec, (), snapshot, engine)(outcome, 0.0)
        return outcome

    @property
    def here(self) -> set[str]:
        """The images of the world's repositories, tagged or not, by the page that is in them."""
        rows = self.world.engine.call("GET", "/images/json")
        names = {one for row in rows for one in (*(row["RepoTags"] or ()), *(row["RepoDigests"] or ()))}
        return {one.rpartition("/")[2] for one in names if self.world.project in one}


def a_history(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **settings: int) -> Pruned:
    monkeypatch.setenv("RECONCILER_STATE_DIR", str(tmp_path / "state"))
    return Pruned(world, Journal(tmp_path / "state"), settings)


def tags(pruned: Pruned) -> set[str]:
    return {one for one in pruned.here if "@" not in one and "<none>" not in one}


def test_one_earlier_image_stays_for_going_back(
    world: World, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = a_history(world, tmp_path, monkeypatch)
    for number in (1, 2, 3):
        pruned.declare(registry.push(f"{world.project}/web:{number}", f"{number}"))
        pruned.apply()
    assert tags(pruned) == {"web:2", "web:3"}
    assert pruned.plan().in_sync
    pruned.settings["keep_images"] = 0
    pruned.declare(f"{registry.address}/{world.project}/web:3")
    found = pruned.plan()
    [change] = found.changes
    assert change.operation == "remove"
    assert found.destructive == (change,)
    pruned.apply()
    assert tags(pruned) == {"web:3"}


def test_with_none_kept_the_old_one_goes_once_it_was_replaced(
    world: World, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = a_history(world, tmp_path, monkeypatch, keep_images=0)
    pruned.declare(registry.push(f"{world.project}/web:1", "1"))
    pruned.apply()
    pruned.declare(registry.push(f"{world.project}/web:2", "2"))
    pruned.apply()
    assert tags(pruned) == {"web:2"}


def test_a_tag_that_moved_leaves_nothing_behind(
    world: World, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = a_history(world, tmp_path, monkeypatch, keep_images=0)
    image = registry.push(f"{world.project}/web:1", "one")
    pruned.declare(image, pull_policy="always")
    pruned.apply()
    old = world.docker("inspect", "-f", "{{.Id}}", image)
    registry.push(f"{world.project}/web:1", "two")
    world.docker("tag", old, image)
    pruned.apply()
    assert old in world.docker("images", "-q", "--no-trunc")
    found = pruned.plan()
    assert [change.operation for change in found.changes] == ["remove"]
    pruned.apply()
    assert old not in world.docker("images", "-q", "--no-trunc")
    assert pruned.plan().in_sync


def test_what_somebody_uses_or_named_stays(
    world: World, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = a_history(world, tmp_path, monkeypatch, keep_images=0)
    first = [registry.push(f"{world.project}/{name}:1", name) for name in ("used", "named", "free")]
    pruned.declare(*first)
    pruned.apply()
    stranger, name = f"{world.project}-stranger", f"{world.project}/somebody:1"
    world.docker("create", "--name", stranger, first[0], "true")
    world.docker("tag", first[1], name)
    try:
        pruned.declare(*(registry.push(f"{world.project}/{one}:2", one * 2) for one in ("used", "named", "free")))
        pruned.apply()
        assert tags(pruned) == {"used:1", "named:1", "somebody:1", "used:2", "named:2", "free:2"}
    finally:
        world.docker("rm", stranger)
        world.docker("rmi", name)
    pruned.apply()
    assert tags(pruned) == {"used:2", "named:2", "free:2"}


def test_who_makes_a_container_of_it_meanwhile_keeps_it(
    world: World, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = a_history(world, tmp_path, monkeypatch)
    first = registry.push(f"{world.project}/web:1", "1")
    pruned.declare(first)
    pruned.apply()
    pruned.declare(registry.push(f"{world.project}/web:2", "2"))
    pruned.apply()
    pruned.settings["keep_images"] = 0
    pruned.declare(f"{registry.address}/{world.project}/web:2")
    approved = pruned.plan()
    stranger = f"{world.project}-stranger"
    world.docker("create", "--name", stranger, first, "true")
    try:
        with world.connect() as engine:
            outcome = apply(approved, engine, stop=threading.Event())
        assert outcome.failed
        assert "web:1" in tags(pruned)
    finally:
        world.docker("rm", stranger)


def test_without_the_history_nothing_goes(
    world: World, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = a_history(world, tmp_path, monkeypatch, keep_images=0)
    pruned.declare(registry.push(f"{world.project}/web:1", "1"))
    pruned.apply()
    pruned.declare(registry.push(f"{world.project}/web:2", "2"))
    pruned.apply(prune=False)
    pruned.journal.path.unlink()
    assert pruned.plan().in_sync
    assert tags(pruned) == {"web:1", "web:2"}
