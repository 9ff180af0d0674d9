"""`down` with what it removes only where it is asked to: volumes, and images."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler import apply, load, observe
from reconciler.errors import ExitCode, Stale
from reconciler.planning.planner import plan_down
from reconciler.planning.taking_down import Besides
from tests.integration.world import failures, kinds

if TYPE_CHECKING:
    from reconciler import Outcome, Plan
    from tests.integration.world import World
    from tests.support.registry import Registry

DATA = {"volumes": ["data:/srv"]}
ALL = Besides(volumes=True, images=True)
VOLUMES = Besides(volumes=True)
IMAGES = Besides(images=True)


def down(world: World, besides: Besides) -> Plan:
    spec = load(world.folder, environ=world.variables)
    with world.connect() as engine:
        return plan_down(spec.name, observe(engine, spec), spec, besides=besides)


def take_down(world: World, besides: Besides) -> Outcome:
    found = down(world, besides)
    assert not found.conflicts
    with world.connect() as engine:
        return apply(found, engine)


def volumes(world: World) -> list[str]:
    listed = world.docker("volume", "ls", "-q").split()
    return sorted(name.removeprefix(f"{world.project}_") for name in listed if name.startswith(world.project))


def test_volumes_go_with_their_size_said_and_only_where_asked(world: World) -> None:
    world.declare({"web": DATA}, volumes={"data": None})
    world.converge()
    world.exec("web", "dd", "if=/dev/zero", "of=/srv/some", "bs=1000", "count=2000")
    name = f"{world.project}_data"
    assert down(world, Besides()).kept_volumes == (name,)
    with world.connect() as engine:
        sizes = engine.volume_sizes()
    assert 2_000_000 <= sizes[name] < 2_100_000
    found = down(world, Besides(volumes=True, sizes=sizes))
    [note] = [change.note for change in found.changes if change.resource.name == name]
    assert note.startswith("2")
    assert "MB; its data is lost" in note
    assert found.kept_volumes == ()
    outcome = take_down(world, VOLUMES)
    assert outcome.exit_code is ExitCode.OK, failures(outcome)
    assert "remove-volume" in kinds(outcome)
    assert volumes(world) == []
    assert down(world, VOLUMES).in_sync


def test_anonymous_volumes_go_with_their_containers_also_those_that_moved_along(world: World) -> None:
    cache = {"volumes": ["/cache"], "init": True}
    world.declare({"web": cache, "user": {"volumes_from": ["web"], "init": True}}, volumes={})
    world.converge()
    before = set(world.docker("volume", "ls", "-q").split())
    world.declare({"web": {**cache, "environment": {"A": "1"}}, "user": {"volumes_from": ["web"], "init": True}})
    world.converge()
    assert set(world.docker("volume", "ls", "-q").split()) == before, "it moved along"
    of_both = {place["Name"] for key in ("web", "user") for place in world.inspect(key)["Mounts"]}
    outcome = take_down(world, VOLUMES)
    assert outcome.exit_code is ExitCode.OK, failures(outcome)
    assert set(world.docker("volume", "ls", "-q").split()) == before - of_both


def test_what_is_protected_external_or_somebody_elses_stays(world: World) -> None:
    other, unrelated = f"{world.project}_other", f"{world.project}_unrelated"
    world.docker("volume", "create", other)
    world.docker("volume", "create", unrelated)
    # Compose's, of a project of this name: one that the spec has, and one that it does not.
    for key in ("was-composed", "only-composed"):
        label = f"com.docker.compose.volume={key}"
        of_project = f"com.docker.compose.project={world.project}"
        world.docker("volume", "create", "--label", of_project, "--label", label, f"{world.project}_{key}")
    keys = {"data": None, "was-composed": None, "other": {"external": True, "name": other}}
    mounts = {"volumes": ["data:/srv", "was-composed:/composed", "other:/other"]}
    world.declare({"web": mounts}, volumes={**keys, "data": {"protect": True}})
    world.converge()
    [conflict] = down(world, VOLUMES).conflicts
    assert f'"{world.project}_data" is protected' in conflict.message
    world.declare({"web": mounts}, volumes=keys)
    take_down(world, VOLUMES)
    assert volumes(world) == ["only-composed", "other", "unrelated"]
    world.docker("volume", "rm", other, unrelated, f"{world.project}_only-composed")


def test_one_that_the_spec_has_no_more_goes_too(world: World) -> None:
    world.declare({"web": DATA}, volumes={"data": None, "before": None})
    world.converge()
    world.declare({"web": DATA}, volumes={"data": None})
    assert volumes(world) == ["before", "data"]
    take_down(world, VOLUMES)
    assert volumes(world) == []


def test_what_others_use_stays_and_is_said(world: World) -> None:
    world.docker("tag", world.image, f"{world.project}/app:1")
    world.declare({"web": {"image": f"{world.project}/app:1", **DATA}}, volumes={"data": None})
    world.converge()
    stranger = f"{world.project}-stranger"
    world.docker("create", "--name", stranger, "-v", f"{world.project}_data:/x", world.image)
    try:
        found = down(world, ALL)
        said = [notice.message for notice in found.notices]
        assert any("volume" in one and "stays" in one and stranger in one for one in said)
        assert any("image" in one and "stays" in one and stranger in one for one in said)
        outcome = take_down(world, ALL)
        assert outcome.exit_code is ExitCode.OK, failures(outcome)
        assert volumes(world) == ["data"]
    finally:
        world.docker("rm", stranger)
    take_down(world, VOLUMES)
    assert volumes(world) == []


def test_a_volume_that_became_another_is_left_alone(world: World) -> None:
    world.declare({"web": {}}, volumes={"data": None})
    world.converge()
    approved = down(world, VOLUMES)
    name = f"{world.project}_data"
    world.docker("volume", "rm", name)
    world.docker("volume", "create", name)
    with world.connect() as engine:
        outcome = apply(approved, engine)
    [failed] = outcome.failed
    assert isinstance(failed.error, Stale)
    assert volumes(world) == ["data"]
    world.docker("volume", "rm", name)


def test_images_go_where_nothing_else_uses_them(world: World, registry: Registry) -> None:
    image = registry.push(f"{world.project}/web:1", "one")
    never = f"{world.project}/by-hand:1"
    world.engine.import_image(never, {"/page": "by hand"})
    idle = json.loads(world.docker("inspect", "-f", "{{json .Config.Cmd}}", world.image))
    world.declare(
        {
            "web": {"image": image, "command": idle},
            "own": {"image": never, "pull_policy": "never", "command": idle},
        },
        images={image: {"tags": [f"{world.project}/again:1"]}},
    )
    world.converge()
    assert f"{world.project}/again:1" in world.docker("images", "--format", "{{.Repository}}:{{.Tag}}")
    outcome = take_down(world, IMAGES)
    assert outcome.exit_code is ExitCode.OK, failures(outcome)
    left = world.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    assert [one for one in left if world.project in one] == [never]
    world.docker("rmi", never)


@pytest.mark.parametrize("other", [True, False])
def test_another_name_of_the_same_image_stays(world: World, *, other: bool) -> None:
    first = f"{world.project}/app:1"
    world.engine.import_image(first, {"/page": first})
    if other:
        world.docker("tag", first, f"{world.project}/somebody:1")
    world.declare({"web": {"image": first, "state": "stopped", "command": ["true"]}})
    world.converge()
    take_down(world, IMAGES)
    left = world.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    assert [one for one in left if world.project in one] == ([f"{world.project}/somebody:1"] if other else [])
    if other:
        world.docker("rmi", f"{world.project}/somebody:1")
