"""Networks on a real Engine: declared, changed, no longer declared; their containers stay, and meet there."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import connect
from reconciler.errors import ExitCode
from tests.integration.world import a_world, changes, failures, kinds
from tests.support.engine import EngineError
from tests.support.place_samples import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.world import World
    from tests.support.engine import Engine

CASES = {
    f"{path.replace('_', '-').replace('.', '-')}-{number}": sample
    for path, samples in NETWORKS.items()
    for number, sample in enumerate(samples, 1)
    if not sample.refused
}
PAIR = ("one", "two")
ONLY_ONE = (1, 44)
"""Since this API version an Engine makes no second network of a name."""


@dataclass
class Step:
    """One apply of the spec that has all networks; by the key of the network the operation and the paths."""

    planned: dict[str, tuple[str, list[str]]]
    failed: list[str]
    left: dict[str, tuple[str, list[str]]]
    strangers: set[str]
    """Networks in which the containers do not find each other."""
    restarted: bool


@dataclass
class Story:
    unknown: set[str]
    """Samples that are newer than this Engine's API."""
    refusals: list[str]
    steps: dict[str, Step] = field(default_factory=dict)
    respelt: dict[str, tuple[str, list[str]]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(engine: Engine, idle_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with a_world(engine, idle_image, tmp_path_factory.mktemp("networks")) as world:
        yield tell(world)


def tell(world: World) -> Story:
    with connect(world.proxy.host) as engine:
        api = engine.observe(world.project).engine.api
    story = Story({key for key, sample in CASES.items() if sample.since > api}, [])
    declare(world, {key: {**CASES[key].base, **CASES[key].first} for key in CASES})
    story.refusals = [conflict.message for conflict in world.plan().conflicts]
    cases = {key: sample for key, sample in CASES.items() if key not in story.unknown}
    run(world, {key: sample.base for key, sample in cases.items()})
    story.steps["added"] = run(world, {key: {**sample.base, **sample.first} for key, sample in cases.items()})
    declare(world, {key: {**sample.base, **sample.again} for key, sample in cases.items()})
    story.respelt = networks_of(world, changes(world.plan()))
    story.steps["changed"] = run(world, {key: {**sample.base, **sample.second} for key, sample in cases.items()})
    run(world, {key: {**sample.base, **sample.first} for key, sample in cases.items()})
    story.steps["removed"] = run(world, {key: sample.base for key, sample in cases.items()})
    return story


def declare(world: World, networks: Mapping[str, Any]) -> None:
    # `default` is the one that NetworkMode names; each container has a name of its own in each network.
    joined = {one: {key: {"aliases": [f"{one}.{key}"]} for key in networks} for one in PAIR}
    world.declare({one: {"networks": {"default": {}, **joined[one]}} for one in PAIR}, networks=dict(networks))


def run(world: World, networks: Mapping[str, Any]) -> Step:
    declare(world, networks)
    planned = networks_of(world, changes(world.plan()))
    before = started(world)
    outcome = world.apply()
    return Step(
        planned,
        failures(outcome) + ([] if outcome.exit_code is ExitCode.OK else [repr(outcome.exit_code)]),
        changes(world.plan()),
        {key for key in networks if not meet(world, f"two.{key}")},
        restarted=bool(before) and before != started(world),
    )


def networks_of(world: World, found: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{world.project}_"
    return {name.removeprefix(prefix): said for name, said in found.items() if name.startswith(prefix)}


def started(world: World) -> list[tuple[str, str]]:
    inspects = [world.engine.inspect(name) for name in world.names()]
    return [(one["Id"], one["State"]["StartedAt"]) for one in inspects]


def meet(world: World, name: str, key: str = "one") -> bool:
    for _ in range(10):  # one packet may be lost, and a name not yet be known
        with contextlib.suppress(EngineError):
            if "1 packets received" in world.exec(key, "ping", "-c", "1", "-W", "3", name):
                return True
    return False


def test_what_the_engine_does_not_know_is_refused_by_name(story: Story) -> None:
    refused = [key for key in story.unknown if "enable-ipv4" in key]
    assert len(story.refusals) == len(refused)
    assert all("`enable_ipv4` needs API version 1.48" in one for one in story.refusals)


@pytest.mark.parametrize("step", ["added", "changed", "removed"])
def test_each_network_is_made_anew_and_its_containers_stay_and_meet(story: Story, step: str) -> None:
    done = story.steps[step]
    assert done.failed == []
    assert done.left == {}
    assert done.strangers == set()
    assert not done.restarted


@pytest.mark.parametrize("step", ["added", "changed", "removed"])
@pytest.mark.parametrize("key", CASES)
def test_each_difference_is_seen_alone(story: Story, key: str, step: str) -> None:
    if key in story.unknown:
        assert key not in story.steps[step].planned
        return
    paths: tuple[str, ...] = getattr(CASES[key], step)
    found = story.steps[step].planned.get(key)
    assert ((found[0], sorted(found[1])) if found else None) == (("replace", list(paths)) if paths else None)


@pytest.mark.parametrize("key", CASES)
def test_another_spelling_is_no_difference(story: Story, key: str) -> None:
    assert key not in story.respelt


# --- with the network that a container was made with -----------------------------------------------------------------


def test_the_network_that_network_mode_names_is_made_anew_under_running_and_stopped_ones(world: World) -> None:
    """Afterwards each of them can be restarted."""
    containers: dict[str, Any] = {
        "a": {"ports": ["127.0.0.1:18350:80"], "networks": {"default": {"aliases": ["x"]}}},
        "b": {"networks": {"default": {}, "back": {}}},
        "stopped": {"state": "stopped"},
    }
    world.declare(containers, networks={"back": {}})
    world.converge()
    for verb in ("start", "stop"):
        world.docker(verb, world.name("stopped"))
    before, ports = started(world), world.inspect("a")["NetworkSettings"]["Ports"]
    mtu = {"com.docker.network.driver.mtu": 1400}
    world.declare(containers, networks={"back": {}, "default": {"driver_opts": mtu}})
    outcome = world.converge()
    assert kinds(outcome) == ["disconnect"] * 2 + ["remove-network", "create-network"] + ["connect"] * 3
    assert started(world) == before
    assert world.inspect("a")["NetworkSettings"]["Ports"] == ports
    assert meet(world, "x", "b")
    assert meet(world, "b", "a")
    assert "mtu 1400" in world.exec("a", "ip", "link")
    world.docker("restart", "-t", "1", *map(world.name, "ab"))
    world.docker("start", world.name("stopped"))
    assert meet(world, "x", "stopped")
    world.converge()


def test_a_static_address_in_a_new_subnet(world: World) -> None:
    def declare(subnet: str, address: str) -> None:
        world.declare(
            {"a": {"networks": {"default": {"ipv4_address": address}}}, "b": {}},
            networks={"default": {"ipam": {"config": [{"subnet": subnet}]}}},
        )

    declare("10.89.1.0/24", "10.89.1.77")
    world.converge()
    ids = [world.id(key) for key in "ab"]
    declare("10.89.2.0/24", "10.89.2.77")
    world.converge()
    assert [world.id(key) for key in "ab"] == ids
    assert meet(world, "10.89.2.77", "b")


def test_two_networks_swap_their_subnets(world: World) -> None:
    def declare(first: str, second: str) -> None:
        networks = {key: {"ipam": {"config": [{"subnet": net}]}} for key, net in (("n1", first), ("n2", second))}
        world.declare({"a": {"networks": ["n1", "n2"]}}, networks=networks)

    declare("10.89.3.0/24", "10.89.4.0/24")
    world.converge()
    container = world.id("a")
    declare("10.89.4.0/24", "10.89.3.0/24")
    world.converge()
    assert world.id("a") == container


def test_a_network_that_the_engine_refuses_is_as_it_was(world: World) -> None:
    world.declare({"a": {}, "b": {}}, networks={"default": {"labels": {"l": "1"}}})
    world.converge()
    before = started(world)
    wrong = {"driver_opts": {"com.docker.network.bridge.enable_icc": "maybe"}}
    world.declare({"a": {}, "b": {}}, networks={"default": wrong})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert outcome.rolled_back
    assert started(world) == before
    assert meet(world, "b", "a")
    world.declare({"a": {}, "b": {}}, networks={"default": {"labels": {"l": "1"}}})
    world.expect_in_sync()


def test_a_container_that_is_not_ours_is_left_in_its_network(world: World) -> None:
    world.declare({"a": {}})
    world.converge()
    foreign = f"{world.project}-foreign"
    world.docker("run", "-d", "--name", foreign, "--network", f"{world.project}_default", world.image)
    try:
        world.declare({"a": {}}, networks={"default": {"internal": True}})
        [conflict] = world.plan().conflicts
        assert foreign in conflict.message
        assert meet(world, "a", "a")
        world.docker("network", "disconnect", f"{world.project}_default", foreign)
        world.converge()
    finally:
        world.docker("rm", "-f", foreign)


def test_of_two_networks_of_one_name_one_goes(world: World) -> None:
    """Only older Engines make two."""
    world.declare({"a": {}})
    world.converge()
    container, name = world.id("a"), f"{world.project}_default"
    [ours] = world.engine.call("GET", "/networks", query={"filters": {"name": [name]}})
    body = {"Name": name, "Labels": ours["Labels"]}
    if world.plan().engine.api < ONLY_ONE:
        world.engine.call("POST", "/networks/create", body)
        assert changes(world.plan()) == {name: ("remove", [])}
    else:
        with pytest.raises(EngineError, match="already exists"):
            world.engine.call("POST", "/networks/create", body)
    world.converge()
    assert world.id("a") == container


# --- cut off, and called otherwise -----------------------------------------------------------------------------------


@pytest.mark.parametrize("call", range(1, 7))
def test_a_run_that_is_cut_off_is_mended_by_the_next(world: World, call: int) -> None:
    """Two leave, the network goes, the new one comes, two join: each of these calls may be the last."""
    containers = {"a": {}, "b": {"networks": ["default", "back"]}}
    world.declare(containers, networks={"back": {}})
    world.converge()
    before = started(world)
    world.declare(containers, networks={"back": {}, "default": {"internal": True}})
    done = cut_off_after(world, call)
    assert len(done) == call
    world.converge()
    assert started(world) == before
    assert meet(world, "b", "a")


def cut_off_after(world: World, calls: int) -> list[str]:
    """Do the first few actions of the plan, and nothing more: as a process that was killed."""
    plan = world.plan()
    done: list[str] = []
    with connect(world.proxy.host) as engine:
        for action in plan.actions[:calls]:
            engine.perform(action, {})
            done.append(action.id)
    return done


def test_a_network_and_a_container_with_other_names(world: World) -> None:
    world.declare({"old": {"networks": ["default", "front"]}, "peer": {"networks": ["web", "default"]}},
                  networks={"front": {}, "web": {}})  # fmt: skip
    world.converge()
    before = started(world)
    world.declare(
        {"new": {"was": "old", "networks": ["default", "site"]}, "peer": {"networks": ["site", "default", "web"]}},
        networks={"site": {"was": "front"}, "web": {}},
    )
    assert world.converge().exit_code is ExitCode.OK
    assert sorted(started(world)) == sorted(before)
    assert meet(world, "new", "peer")
    assert meet(world, f"new.{world.project}_site", "peer")
