"""Removals in numbers, drift that is left alone, and plans for a part, on a real Engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler import apply, connect, load, observe, plan
from tests.integration.world import changes

if TYPE_CHECKING:
    from reconciler import Plan
    from tests.integration.world import World

LIMITED: dict[str, Any] = {"mem_limit": "64m", "restart": "always", "networks": ["default", "back"]}
BACK: dict[str, Any] = {"networks": {"back": {}}}


def drifted(world: World, drift: dict[str, Any]) -> None:
    """A container that somebody has changed in four ways."""
    world.declare({"web": {**LIMITED, "drift": drift}}, **BACK)
    world.converge()
    name = world.name("web")
    world.docker("update", "--memory", "96m", "--memory-swap", "192m", "--restart", "no", name)
    world.docker("network", "disconnect", f"{world.project}_back", name)
    world.docker("pause", name)


def test_report_shows_drift_and_leaves_it(world: World) -> None:
    drifted(world, {"mode": "report"})
    fields = ["restart", "state", "mem_limit", "networks"]
    before = world.inspect("web")
    for _ in range(2):
        plan = world.plan()
        assert changes(plan) == {world.name("web"): ("drift", fields)}
        assert not plan.is_pending
        outcome = world.apply()
        assert (outcome.exit_code, outcome.actions) == (0, ())
    after = world.inspect("web")
    assert (after["Id"], after["State"], after["HostConfig"]) == (before["Id"], before["State"], before["HostConfig"])

    # What the spec changes is carried out beside it.
    world.declare({"web": {**LIMITED, "pids_limit": 99, "drift": {"mode": "report"}}}, **BACK)
    assert world.apply().exit_code == 0
    assert world.inspect("web")["HostConfig"]["PidsLimit"] == 99
    assert world.status("web") == "paused"
    assert changes(world.plan()) == {world.name("web"): ("drift", fields)}

    # And mended once it is to be mended.
    world.declare({"web": {**LIMITED, "pids_limit": 99}}, **BACK)
    world.converge()
    assert (world.id("web"), world.status("web")) == (before["Id"], "running")


def test_ignore_shows_nothing(world: World) -> None:
    drifted(world, {"mode": "ignore"})
    world.expect_in_sync()
    assert world.status("web") == "paused"
    world.declare({"web": {**LIMITED, "user": "1", "drift": {"mode": "ignore"}}}, **BACK)
    world.converge()
    assert (world.status("web"), world.inspect("web")["HostConfig"]["Memory"]) == ("running", 64 << 20)


def test_ignored_fields(world: World) -> None:
    drift = {"ignore": ["mem_limit", "labels.build"]}
    world.declare({"web": {"mem_limit": "64m", "labels": {"build": "1"}, "drift": drift}})
    world.converge()
    before = world.id("web")
    world.docker("update", "--memory", "96m", "--memory-swap", "192m", world.name("web"))
    world.declare({"web": {"mem_limit": "64m", "labels": {"build": "2"}, "drift": drift}})
    world.expect_in_sync()
    world.docker("stop", world.name("web"))
    world.converge()
    assert (world.id("web"), world.inspect("web")["HostConfig"]["Memory"]) == (before, 96 << 20)


def targeted(world: World, *targets: str, carry_out: bool = False) -> Plan:
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        found = plan(spec, observe(engine, spec), targets=targets)
        if carry_out:
            assert apply(found, engine).exit_code == 0
        return found


def test_a_plan_for_a_part_changes_nothing_else(world: World) -> None:
    places: dict[str, Any] = {"networks": {"back": {}, "apart": {}}, "volumes": {"data": {}}}
    db: dict[str, Any] = {"networks": ["back"], "volumes": ["data:/d"]}
    web: dict[str, Any] = {"depends_on": ["db"], "networks": ["back"]}
    world.declare({"web": web, "db": db, "mail": {"networks": ["apart"]}}, **places)
    targeted(world, "web", carry_out=True)
    assert world.names() == [world.name("db"), world.name("web")]
    networks = world.docker("network", "ls", "--format", "{{.Name}}").split()
    assert [f"{world.project}_{name}" in networks for name in ("back", "apart")] == [True, False]
    world.converge()

    ids = {key: world.id(key) for key in ("web", "mail")}
    world.declare({"web": {**web, "user": "1"}, "db": {**db, "user": "1"}}, **places)
    found = targeted(world, "db", carry_out=True)
    assert changes(found) == {world.name("db"): ("replace", ["user"])}
    assert {key: world.id(key) for key in ids if key == "web"} == {"web": ids["web"]}
    assert f"{world.project}-mail-1" in world.names()
    assert targeted(world, "db").in_sync
    assert changes(targeted(world, "mail")) == {f"{world.project}-mail-1": ("remove", [])}


@pytest.mark.parametrize("prune", [True, False])
def test_what_is_no_longer_declared_goes_or_stays(world: World, prune: bool) -> None:
    keys = [f"s{number}" for number in range(5)]
    world.declare({key: {} for key in keys})
    world.converge()
    world.declare({"s0": {}}, settings={"prune": prune})
    found = world.plan()
    assert (found.needs_person is not None) is prune
    assert (len(found.changes), len(found.notices)) == ((4, 0) if prune else (0, 4))
    assert world.apply().exit_code == 0
    assert len(world.names()) == (1 if prune else 5)


def test_a_volume_mount_whose_source_changes_says_so(world: World) -> None:
    world.declare({"web": {"volumes": ["old:/d"]}}, volumes={"old": {}})
    world.converge()
    world.exec("web", "sh", "-c", "echo kept >/d/f")
    world.declare({"web": {"volumes": ["new:/d"]}}, volumes={"old": {}, "new": {}})
    [notice] = world.plan().notices
    assert notice.message.endswith(f"/d changes to a new, empty volume, {world.project}_new")
    assert notice.hint == f"its data stays in volume {world.project}_old"
    world.converge()
    assert world.exec("web", "ls", "/d") == ""
