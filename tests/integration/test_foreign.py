"""What is not ours is never touched: a conflict says so, and nothing at all is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler import connect, load, observe, plan
from reconciler.errors import ExitCode, Refused
from reconciler.planning.planner import plan_down
from tests.integration.world import IDLE, failures, kinds

if TYPE_CHECKING:
    from tests.integration.world import World


def refused(world: World) -> Refused:
    """An apply that must be refused, without one changing call."""
    world.proxy.clear()
    with pytest.raises(Refused) as refusal:
        world.apply()
    assert world.proxy.changing() == []
    assert refusal.value.exit_code is ExitCode.REFUSED
    assert refusal.value.hint
    return refusal.value


def test_a_container_of_the_same_name(world: World) -> None:
    name = world.name("web")
    world.docker("run", "-d", "--name", name, world.image)
    before = world.engine.inspect(name)
    world.declare({"web": {}, "other": {}})
    error = refused(world)
    assert error.message == f'container "{name}" exists and is not ours'
    assert world.engine.inspect(name)["State"] == before["State"]
    world.docker("rm", "-f", name)
    world.converge()


def test_a_container_of_the_same_name_in_another_project(world: World) -> None:
    name = world.name("web")
    for label in ("io.reconciler.project", "com.docker.compose.project"):
        labels = ("--label", f"{label}=another", "--label", "io.reconciler.resource=web")
        world.docker("create", "--name", name, *labels, world.image)
        world.declare({"web": {}})
        assert refused(world).message == f'container "{name}" exists and belongs to project "another"'
        world.docker("rm", name)


def test_a_container_whose_name_a_rename_would_take(world: World) -> None:
    world.declare({"web": {}})
    world.converge()
    world.docker("rename", world.name("web"), f"{world.project}-away")
    world.docker("create", "--name", world.name("web"), world.image)
    assert "is not ours" in refused(world).message
    assert f"{world.project}-away" in world.names()


def test_a_network_and_a_volume_of_the_same_name(world: World) -> None:
    project = world.project
    world.declare({"web": {"volumes": ["pages:/pages"]}}, volumes={"pages": {}})
    world.docker("network", "create", f"{project}_default")
    assert refused(world).message == f'network "{project}_default" exists and is not ours'
    world.docker("network", "rm", f"{project}_default")
    world.docker("volume", "create", f"{project}_pages")
    assert refused(world).message == f'volume "{project}_pages" exists and is not ours'
    world.docker("volume", "rm", f"{project}_pages")
    world.docker("network", "create", "--label", "io.reconciler.project=another", f"{project}_default")
    assert refused(world).message == f'network "{project}_default" belongs to project "another"'
    world.docker("network", "rm", f"{project}_default")
    world.converge()


def test_what_is_external_is_used_and_never_removed(world: World) -> None:
    network, volume = f"{world.project}-net", f"{world.project}-vol"
    places = {
        "networks": {"net": {"external": True, "name": network}},
        "volumes": {"vol": {"external": True, "name": volume}},
    }
    world.declare({"web": {"networks": ["net"], "volumes": ["vol:/vol"]}}, **places)
    assert "is declared external, but does not exist" in refused(world).message
    world.docker("network", "create", network)
    world.docker("volume", "create", volume)
    before = world.engine.call("GET", f"/networks/{network}")["Id"]
    world.converge()
    assert list(world.inspect("web")["NetworkSettings"]["Networks"]) == [network]
    assert [mount["Name"] for mount in world.inspect("web")["Mounts"] if mount["Destination"] == "/vol"] == [volume]
    world.declare({"other": {}})
    world.converge()
    assert world.engine.call("GET", f"/networks/{network}")["Id"] == before
    assert world.engine.call("GET", f"/volumes/{volume}")["Name"] == volume


def test_neighbours_are_left_alone(world: World) -> None:
    """Containers, networks and volumes whose names or labels look much like ours, through apply, change and down."""
    project = world.project
    world.docker("run", "-d", "--name", f"{project}-webby-1", world.image)
    world.docker("run", "-d", "--name", f"{project}2-web-1", "--label", f"io.reconciler.project={project}2",
                 "--label", "io.reconciler.resource=web", world.image)  # fmt: skip
    world.docker("run", "-d", "--name", f"{project}-half", "--label", f"io.reconciler.project={project}", world.image)
    world.docker("network", "create", f"{project}_default2")
    world.docker("volume", "create", f"{project}_pages2")
    theirs = [f"{project}-webby-1", f"{project}2-web-1", f"{project}-half"]
    before = {name: world.engine.inspect(name)["State"] for name in theirs}
    try:
        world.declare({"web": {}})
        world.converge()
        world.declare({"web": {"environment": {"A": "1"}}})
        world.converge()
        world.proxy.clear()
        spec = load(world.folder)
        with connect(world.proxy.host) as engine:
            for action in plan_down(project, observe(engine, spec), spec).actions:
                engine.perform(action, {})
        assert {name: world.engine.inspect(name)["State"] for name in theirs} == before
        assert f"{project}_default2" in world.docker("network", "ls", "--format", "{{.Name}}").split()
        assert f"{project}_pages2" in world.docker("volume", "ls", "-q").split()
        assert world.names() == [f"{project}-half"]
    finally:
        world.engine.remove_project(f"{project}2")


def test_a_taken_port_is_named_and_the_rest_is_done(world: World) -> None:
    foreign = f"{world.project}-foreign"
    world.docker("run", "-d", "--name", foreign, "-p", "28500:80", world.image)
    world.declare({"web": {"ports": ["28500:80"]}, "other": {}, "after": {"depends_on": ["web"]}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    [failed] = outcome.failed
    assert failed.error
    assert "28500" in failed.error.message
    assert foreign in failed.error.message
    assert failed.action.resource.name == world.name("web")
    assert world.inspect("other")["State"]["Status"] == "running"
    assert world.inspect("after")["State"]["Status"] == "created", "what depends on it is not started"
    assert world.engine.inspect(foreign)["State"]["Status"] == "running"

    world.docker("rm", "-f", foreign)
    world.converge()
    assert world.inspect("web")["State"]["Status"] == "running"
    assert world.inspect("after")["State"]["Status"] == "running"


def test_a_replacement_that_wants_a_taken_port_is_taken_back(world: World) -> None:
    foreign = f"{world.project}-foreign"
    world.docker("run", "-d", "--name", foreign, "-p", "28501:80", world.image)
    world.declare({"web": {"ports": ["28502:80"]}})
    world.converge()
    before = world.id("web")
    world.declare({"web": {"ports": ["28501:80"]}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert outcome.rolled_back
    assert any("28501" in text for text in failures(outcome))
    assert (world.id("web"), world.inspect("web")["State"]["Status"]) == (before, "running")
    assert world.names() == [world.name("web")]
    world.docker("rm", "-f", foreign)
    world.converge()
    assert world.id("web") != before


def test_a_second_apply_changes_nothing_and_costs_one_list_a_kind(world: World) -> None:
    world.declare(
        {
            "web": {"ports": ["28503:80"], "volumes": ["pages:/pages"]},
            "db": {"command": IDLE},
            "off": {"state": "stopped"},
        },
        volumes={"pages": {}},
        networks={"back": {}},
    )
    first = world.apply()
    assert kinds(first).count("create") == 3
    assert world.proxy.changing()
    world.proxy.clear()

    second = world.apply()

    assert (second.exit_code, second.actions) == (ExitCode.OK, ())
    assert world.proxy.changing() == []
    image = world.inspect("web")["Image"]
    lists = ["/version", "/containers/json", "/networks", "/volumes", "/images/json", f"/images/{image}/json"]
    inspects = [f"/containers/{world.id(key)}/json" for key in ("web", "db", "off")]
    assert sorted(map(str, world.proxy.requests)) == sorted(f"GET {path}" for path in lists + inspects)


def test_a_plan_changes_nothing(world: World) -> None:
    world.declare({"web": {}}, volumes={"pages": {}}, networks={"back": {}})
    assert not world.plan().in_sync
    assert world.proxy.changing() == []
    assert world.names() == []


def test_a_plan_is_the_same_for_the_same_world(world: World) -> None:
    world.declare({key: {"networks": ["a", "b"]} for key in ("x", "y", "z")}, networks={"a": {}, "b": {}})
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        snapshots = [observe(engine, spec) for _ in range(3)]
    plans = [plan(spec, snapshot) for snapshot in snapshots]
    assert plans[0].actions == plans[1].actions == plans[2].actions
    assert json.dumps([one.id for one in plans[0].actions])
