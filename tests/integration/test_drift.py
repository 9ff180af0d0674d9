"""What is changed by hand behind the reconciler's back is seen as exactly that, and mended without a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from reconciler.errors import ExitCode
from tests.integration.world import IDLE, changes, failures
from tests.support.engine import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.world import World


class Drift(NamedTuple):
    """A way to break a container, and what is to be made of it."""

    spec: dict[str, Any]
    hand: Callable[[World, str], object]
    """Breaks the container of that key."""
    operation: str
    fields: list[str]
    restarts: bool = False
    stays: bool = True
    wanted: Any = None
    actual: Any = None


def network(world: World) -> str:
    return f"{world.project}_back"


def stop_with_an_error(world: World, key: str) -> None:
    world.docker("kill", world.name(key))
    wait_for(lambda: world.inspect(key)["State"]["Status"] == "exited", "it has ended")


def alias(world: World, key: str, *options: str) -> None:
    world.docker("network", "disconnect", network(world), world.name(key))
    world.docker("network", "connect", *options, network(world), world.name(key))


TWO = {"networks": {"default": {}, "back": {"aliases": ["wanted"]}}}

DRIFTS = {
    "stop": Drift(
        {}, lambda w, k: w.docker("stop", w.name(k)), "start", ["state"], True, True, "running", "exited (0)"
    ),
    "kill": Drift({}, stop_with_an_error, "start", ["state"], True, True, "running", "exited (137)"),
    "pause": Drift(
        {}, lambda w, k: w.docker("pause", w.name(k)), "start", ["state"], False, True, "running", "paused"
    ),
    "rename": Drift(
        {}, lambda w, k: w.docker("rename", w.name(k), f"{w.project}-else"), "update", ["container_name"]
    ),
    "update": Drift(
        {"restart": "unless-stopped"}, lambda w, k: w.docker("update", "--restart", "no", w.name(k)),
        "update", ["restart"], False, True, "unless-stopped", "no",
    ),
    "update-undeclared": Drift(
        {}, lambda w, k: w.docker("update", "--restart", "on-failure:2", w.name(k)),
        "update", ["restart"], False, True, "no", "on-failure:2",
    ),
    "disconnect": Drift(
        TWO, lambda w, k: w.docker("network", "disconnect", network(w), w.name(k)), "update", ["networks"]
    ),
    "disconnect-first": Drift(
        TWO, lambda w, k: w.docker("network", "disconnect", f"{w.project}_default", w.name(k)),
        "update", ["networks"],
    ),
    "connect": Drift(
        {}, lambda w, k: w.docker("network", "connect", network(w), w.name(k)), "update", ["networks"]
    ),
    "alias-foreign": Drift(
        TWO, lambda w, k: alias(w, k, "--alias", "wanted", "--alias", k, "--alias", "foreign"), "update", ["networks"]
    ),
    "alias-lost": Drift(TWO, alias, "update", ["networks"]),
    "rm": Drift({}, lambda w, k: w.docker("rm", "-f", w.name(k)), "create", [], True, False),
    "start-stopped": Drift(
        {"state": "stopped"}, lambda w, k: w.docker("start", w.name(k)),
        "stop", ["state"], True, True, "stopped", "running",
    ),
    "several": Drift(
        {"restart": "always", **TWO},
        lambda w, k: (
            w.docker("update", "--restart", "no", w.name(k)),
            w.docker("network", "disconnect", network(w), w.name(k)),
            w.docker("stop", w.name(k)),
            w.docker("rename", w.name(k), f"{w.project}-more"),
        ),
        "update", ["container_name", "networks", "restart", "state"], True,
    ),
}  # fmt: skip


@dataclass
class Told:
    """What was there, what the plan said of it, what became of it."""

    before: dict[str, Any]
    planned: dict[str, Any]
    after: dict[str, Any]
    failed: list[str]
    left: dict[str, Any]


@pytest.fixture(scope="module")
def told(module_world: World) -> Told:
    """All containers are broken at once, and mended by one apply."""
    world = module_world
    containers = {key: one.spec for key, one in DRIFTS.items()} | {"untouched": {}}
    world.declare(containers, networks={"back": {}})
    world.converge()
    before = {key: world.inspect(key) for key in containers}
    for key, drift in DRIFTS.items():
        drift.hand(world, key)
    plan = world.plan()
    outcome = world.apply()
    return Told(
        before=before,
        planned={change.resource.name: change for change in plan.changes},
        after={key: world.inspect(key) for key in containers},
        failed=failures(outcome) + ([] if outcome.exit_code is ExitCode.OK else [repr(outcome.exit_code)]),
        left=changes(world.plan()),
    )


def test_all_is_mended_by_one_apply(told: Told, module_world: World) -> None:
    assert told.failed == []
    assert told.left == {}
    assert sorted(told.planned) == sorted(map(module_world.name, DRIFTS))


@pytest.mark.parametrize("key", DRIFTS)
def test_drift_is_seen_as_exactly_that_and_mended_in_place(told: Told, module_world: World, key: str) -> None:
    drift, change = DRIFTS[key], told.planned[module_world.name(key)]
    assert (change.operation, sorted(field.path for field in change.fields)) == (drift.operation, drift.fields)
    if drift.wanted:
        assert [(field.wanted, field.actual) for field in change.fields] == [(drift.wanted, drift.actual)]
    before, after = told.before[key], told.after[key]
    assert (before["Id"] == after["Id"]) is drift.stays
    assert (before["State"]["StartedAt"] == after["State"]["StartedAt"]) is not drift.restarts
    assert after["State"]["Status"] == ("exited" if drift.spec.get("state") == "stopped" else "running")
    assert after["State"]["Paused"] is False
    assert after["HostConfig"]["RestartPolicy"] == before["HostConfig"]["RestartPolicy"]
    assert aliases(after) == aliases(before)


def aliases(inspect: dict[str, Any]) -> dict[str, set[str]]:
    networks = inspect["NetworkSettings"]["Networks"]
    return {name: set(one["Aliases"] or ()) - {inspect["Id"][:12]} for name, one in networks.items()}


def test_what_nobody_touched_stays_as_it_is(told: Told) -> None:
    before, after = told.before["untouched"], told.after["untouched"]
    assert (before["Id"], before["State"]) == (after["Id"], after["State"])


def test_a_changed_spec_is_mended_in_place_while_it_runs(world: World) -> None:
    """What only the spec changes: each mend that promises no restart, and all of them together."""
    changed: dict[str, dict[str, Any]] = {
        "restart": {"restart": "always"},
        "network": {"networks": ["default", "back"]},
        "alias": {"networks": {"default": {"aliases": ["x"]}}},
        "name": {"container_name": f"{world.project}-renamed"},
    }
    changed["all"] = {**changed["restart"], "networks": {"default": {"aliases": ["y"]}, "back": {}}}
    world.declare({key: {} for key in changed}, networks={"back": {}})
    world.converge()
    before = {key: world.inspect(key) for key in changed}

    world.declare(changed, networks={"back": {}})
    assert {one.operation.value for one in world.plan().changes} == {"update"}
    world.proxy.clear()
    world.converge()

    after = {key: world.engine.inspect(before[key]["Id"]) for key in changed}
    assert {key: one["State"] for key, one in after.items()} == {key: one["State"] for key, one in before.items()}
    assert after["name"]["Name"] == f"/{world.project}-renamed"
    assert "x" in after["alias"]["NetworkSettings"]["Networks"][f"{world.project}_default"]["Aliases"]
    calls = {request.path.rpartition("/")[2] for request in world.proxy.changing()}
    assert calls == {"update", "connect", "disconnect", "rename"}
    assert world.exec("all", "nslookup", "y").count("Name:\ty") >= 1
    world.exec("all", "ping", "-c1", "-w60", "x")


def test_state_from_running_to_stopped_to_absent_and_back(world: World) -> None:
    world.declare({"web": {"command": IDLE, "state": "running"}})
    world.converge()
    first = world.id("web")
    for state, status in (("stopped", "exited"), ("running", "running")):
        world.declare({"web": {"command": IDLE, "state": state}})
        [change] = world.plan().changes
        assert ([field.path for field in change.fields], change.fields[0].wanted) == (["state"], state)
        world.converge()
        assert (world.id("web"), world.inspect("web")["State"]["Status"]) == (first, status)
    world.declare({"web": {"command": IDLE, "state": "absent"}})
    assert changes(world.plan())[world.name("web")] == ("remove", [])
    world.converge()
    assert world.names() == []
    assert f"{world.project}_default" not in world.docker("network", "ls"), "no container wants it any more"


def test_a_paused_container_can_be_stopped_and_replaced(world: World) -> None:
    world.declare({"stop": {"command": IDLE}, "replace": {"command": IDLE}})
    world.converge()
    first = world.id("replace")
    for key in ("stop", "replace"):
        world.docker("pause", world.name(key))
    world.declare({"stop": {"command": IDLE, "state": "stopped"}, "replace": {"command": IDLE, "user": "nobody"}})
    world.converge()
    assert world.inspect("stop")["State"]["Status"] == "exited"
    assert world.id("replace") != first
    assert world.inspect("replace")["State"]["Status"] == "running"
