"""When an image is pulled, and which one it is: by policy, by digest, by platform; and what a registry may do wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ExitCode
from tests.integration.world import IDLE, changes, failures, kinds

if TYPE_CHECKING:
    from tests.integration.world import World
    from tests.support.registry import Registry

RUN = {"command": IDLE}
NOWHERE = "127.0.0.1:28699"


def moved(world: World, registry: Registry, page: str) -> None:
    """The registry has another image under the tag, and the Engine still has the old one."""
    old = world.docker("inspect", "-f", "{{.Id}}", f"{registry.address}/{world.project}/web:1")
    registry.push(f"{world.project}/web:1", page)
    world.docker("tag", old, f"{registry.address}/{world.project}/web:1")


def page(world: World) -> str:
    return world.exec("web", "cat", "/page")


@pytest.mark.parametrize("policy", ["always", "refresh", "daily", "every_1s"])
def test_a_tag_that_moved_is_seen_in_the_plan(world: World, registry: Registry, policy: str) -> None:
    image = registry.push(f"{world.project}/web:1", "one")
    world.declare({"web": {"image": image, "pull_policy": policy, **RUN}})
    world.converge()
    first = world.id("web")
    world.expect_in_sync()
    moved(world, registry, "two")
    if policy == "daily":
        # It was just tagged: only tomorrow somebody asks again.
        world.expect_in_sync()
        return
    wait(world, 2.1 if policy == "every_1s" else 0)
    found = world.plan()
    assert changes(found) == {image: ("pull", ["digest"]), world.name("web"): ("replace", ["image"])}
    assert found.changes[0].fields[0].wanted == registry.digest(image)
    world.converge()
    assert page(world) == "two"
    assert world.id("web") != first


def wait(world: World, seconds: float) -> None:
    world.engine.run_inside("sleep", str(seconds))


def test_missing_and_never_leave_what_is_here(world: World, registry: Registry) -> None:
    image = registry.push(f"{world.project}/web:1", "one")
    world.declare({"web": {"image": image, "pull_policy": "never", **RUN}})
    [conflict] = world.plan().conflicts
    assert "`never`" in conflict.message
    assert "docker pull" in conflict.hint
    world.docker("pull", image)
    world.converge()
    moved(world, registry, "two")
    world.expect_in_sync()
    world.declare({"web": {"image": image, "pull_policy": "missing", **RUN}})
    world.expect_in_sync()
    world.declare({"web": {"image": image, **RUN}}, images={image: {"pull": "always"}})
    world.converge()
    assert page(world) == "two"


@pytest.mark.parametrize("is_up", [True, False])
def test_a_registry_that_says_nothing_leaves_what_is_here(world: World, registry: Registry, *, is_up: bool) -> None:
    image = f"{registry.address if is_up else NOWHERE}/{world.project}/here-only:1"
    world.docker("tag", world.image, image)
    world.declare({"web": {"image": image, "pull_policy": "always"}})
    found = world.plan()
    [notice] = found.notices
    assert image in notice.message
    assert "what is here stays" in notice.hint
    assert not found.conflicts
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.OK, failures(outcome)
    assert "pull" not in kinds(outcome)
    world.expect_in_sync()


def test_a_digest_decides_wherever_the_tag_is(world: World, registry: Registry) -> None:
    image = registry.push(f"{world.project}/web:1", "one")
    first = registry.digest(image)
    registry.push(f"{world.project}/web:1", "two")
    second = registry.digest(image)
    world.declare({"web": {"image": image, **RUN}}, images={image: {"digest": first}})
    world.converge()
    assert page(world) == "one"
    world.declare({"web": {"image": image, **RUN}}, images={image: {"digest": second}})
    assert changes(world.plan()) == {image: ("pull", ["digest"]), world.name("web"): ("replace", ["image"])}
    world.converge()
    assert page(world) == "two"
    before = world.inspect("web")["State"]
    world.declare({"web": {"image": image, **RUN}}, images={image: {"digest": f"sha256:{'0' * 64}"}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.FAILED
    assert world.inspect("web")["State"] == before


def test_another_platform_is_a_difference_and_what_the_registry_lacks_is_said(world: World, registry: Registry) -> None:
    image = registry.push(f"{world.project}/web:1", "one")
    world.declare({"web": {"image": image, "platform": "linux/amd64", **RUN}})
    world.converge()
    before = world.inspect("web")["State"]
    world.declare({"web": {"image": image, "platform": "linux/arm64", **RUN}})
    assert changes(world.plan())[image] == ("pull", ["platform"])
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.FAILED
    assert "arm64" in failures(outcome)[0]
    assert world.inspect("web")["State"] == before


def test_a_build_beside_a_pull_policy_is_for_what_no_registry_has(
    world: World, registry: Registry, busybox_image: str
) -> None:
    (world.folder / "app").mkdir()
    (world.folder / "app" / "Dockerfile").write_text(f"FROM {busybox_image}\nRUN echo built >/page\n")
    image = registry.push(f"{world.project}/web:1", "pulled")
    world.declare({"web": {"image": image, "build": "./app", "pull_policy": "missing", **RUN}})
    world.converge()
    assert page(world) == "pulled"
    other = f"{registry.address}/{world.project}/other:1"
    world.declare({"web": {"image": other, "build": "./app", "pull_policy": "always", **RUN}})
    world.converge()
    assert page(world) == "built"


def test_a_registry_that_moves_between_plan_and_apply_is_noticed(world: World, registry: Registry) -> None:
    from reconciler import apply, connect

    image = registry.push(f"{world.project}/web:1", "one")
    world.declare({"web": {"image": image, "pull_policy": "always", **RUN}})
    world.converge()
    before = world.id("web")
    moved(world, registry, "two")
    approved = world.plan()
    moved(world, registry, "three")
    with connect(world.proxy.host) as engine:
        outcome = apply(approved, engine)
    assert "has moved" in failures(outcome)[0]
    assert world.id("web") == before
    world.docker("rmi", "-f", image)
    world.docker("pull", image)
    world.apply()
    assert page(world) == "three"
