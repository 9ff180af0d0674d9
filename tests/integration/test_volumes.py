"""Volumes on a real Engine: made as declared, never made anew, and used on under the name that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler import apply, load, observe, plan
from reconciler.errors import ExitCode
from tests.integration.world import only_change
from tests.support.place_samples import VOLUMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.world import World

CASES = [sample for samples in VOLUMES.values() for sample in samples if not sample.refused]


def declare(world: World, declared: Mapping[str, Any], key: str = "data") -> None:
    world.declare({"a": {"volumes": [f"{key}:/d"]}}, volumes={key: dict(declared)})


def write(world: World) -> None:
    world.exec("a", "sh", "-c", "echo kept > /d/sentinel")


def read(world: World) -> str:
    return world.exec("a", "cat", "/d/sentinel").strip()


@pytest.mark.parametrize("sample", CASES, ids=["-".join(sample.first) for sample in CASES])
def test_a_volume_that_is_declared_otherwise_stays_as_it_is(world: World, sample: Any) -> None:
    declare(world, sample.first)
    world.converge()
    write(world)
    declare(world, sample.again)
    world.expect_in_sync()
    [before] = volumes(world)
    for declared, paths in ((sample.second, sample.changed), ({}, sample.removed)):
        declare(world, declared)
        plan = world.plan()
        said = " ".join([*(one.message for one in plan.conflicts), *(one.message for one in plan.notices)])
        assert all(path in said for path in paths)
        assert bool(said) is bool(paths)
        assert plan.changes == ()
    assert volumes(world) == [before]
    assert read(world) == "kept"


def volumes(world: World) -> list[Any]:
    found = world.engine.call("GET", "/volumes", query={"filters": {"name": [world.project]}})["Volumes"] or []
    return [row for row in found if row["Name"].startswith(f"{world.project}_")]


def test_a_volume_that_is_gone_when_its_container_is_made_is_ours_all_the_same(world: World) -> None:
    """As after a `docker volume prune` at that moment: the Engine makes the volume itself."""
    declare(world, {})
    world.converge()
    world.docker("rm", "-f", world.name("a"))
    spec = load(world.folder, environ={})
    with world.connect() as engine:
        planned = plan(spec, observe(engine, spec))
        world.docker("volume", "rm", f"{world.project}_data")
        assert apply(planned, engine).exit_code is ExitCode.OK
    world.expect_in_sync()
    world.declare(
        {"a": {"volumes": [{"type": "volume", "source": "data", "target": "/d", "volume": {"nocopy": True}}]}},
        volumes={"data": {}},
    )
    assert [one.path for one in only_change(world.plan()).fields] == ["volumes"]


def test_a_volume_with_options_is_made_with_them(world: World) -> None:
    options = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m,uid=1000"}
    declare(world, {"driver_opts": options, "labels": {"l": "1"}})
    world.converge()
    assert "tmpfs" in next(line for line in world.exec("a", "mount").splitlines() if " /d " in line)
    [volume] = volumes(world)
    assert volume["Labels"]["l"] == "1"
    assert volume["Options"]["o"] == "size=1m,uid=1000"
    declare(world, {"driver_opts": {**options, "o": "uid=1000,size=1m"}, "labels": {"l": "1"}})
    world.expect_in_sync()


def test_a_volume_that_was_another_is_used_on(world: World) -> None:
    declare(world, {}, "old")
    world.converge()
    write(world)
    container = world.id("a")
    declare(world, {"was": "old"}, "new")
    world.expect_in_sync()
    assert world.id("a") == container
    world.declare({"a": {"volumes": ["new:/d"], "environment": {"A": "1"}}}, volumes={"new": {"was": "old"}})
    world.converge()
    assert world.id("a") != container
    assert read(world) == "kept"
    assert [volume["Name"] for volume in volumes(world)] == [f"{world.project}_old"]
