"""Who comes before whom, what goes, and what stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler import apply, connect, load, observe
from reconciler.errors import ExitCode
from reconciler.planning.planner import plan_down
from tests.integration.world import changes

if TYPE_CHECKING:
    from reconciler import Outcome
    from tests.integration.world import World

CHAIN = {"a": {"depends_on": ["b", "d"]}, "b": {"depends_on": ["c"]}, "c": {}, "d": {}}


def calls(world: World, verb: str) -> list[str]:
    """The keys of the containers that were started or stopped, in the order in which the Engine was asked."""
    names = {world.id(key): key for key in CHAIN}
    return [names[request.path.split("/")[2]] for request in world.proxy.changing() if request.path.endswith(verb)]


def down(world: World) -> Outcome:
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        return apply(plan_down(world.project, observe(engine, spec), spec), engine)


def test_a_container_starts_after_those_that_it_depends_on_and_stops_before_them(world: World) -> None:
    world.declare(CHAIN)
    world.converge()
    started = calls(world, "/start")
    assert sorted(started) == ["a", "b", "c", "d"]
    assert started.index("c") < started.index("b") < started.index("a") > started.index("d")
    when = {key: world.inspect(key)["State"]["StartedAt"] for key in CHAIN}
    assert when["c"] < when["b"] < when["a"] > when["d"]

    for key in CHAIN:
        world.docker("stop", world.name(key))
    world.proxy.clear()
    world.converge()
    started = calls(world, "/start")
    assert started.index("c") < started.index("b") < started.index("a") > started.index("d")

    ids = {world.id(key): key for key in CHAIN}
    world.proxy.clear()
    assert down(world).exit_code is ExitCode.OK
    stopped = [ids[one.path.split("/")[2]] for one in world.proxy.changing() if one.path.endswith("/stop")]
    assert stopped.index("c") > stopped.index("b") > stopped.index("a") < stopped.index("d")


def test_volumes_stay_whatever_happens_to_the_rest(world: World) -> None:
    project = world.project
    world.declare({"db": {"volumes": ["pages:/pages", "/cache"]}}, volumes={"pages": {}, "spare": {}})
    world.converge()
    mounted = {mount["Name"] for mount in world.inspect("db")["Mounts"]}
    everything = {*mounted, f"{project}_pages", f"{project}_spare"}
    assert len(everything) == 4
    world.exec("db", "sh", "-c", "echo kept >/pages/file")

    world.declare({"other": {}})
    found = world.plan()
    assert found.kept_volumes == (f"{project}_pages", f"{project}_spare")
    world.converge()
    assert everything <= set(world.docker("volume", "ls", "-q").split())

    assert down(world).exit_code is ExitCode.OK
    assert everything <= set(world.docker("volume", "ls", "-q").split())
    assert not [one for one in world.proxy.requests if one.method == "DELETE" and one.path.startswith("/volumes")]

    world.declare({"db": {"volumes": ["pages:/pages"]}}, volumes={"pages": {}, "spare": {}})
    world.converge()
    assert world.exec("db", "cat", "/pages/file") == "kept"


def test_down_removes_containers_and_networks_and_a_second_one_does_nothing(world: World) -> None:
    world.declare({"a": {"networks": ["x", "y"]}, "b": {}, "off": {"state": "stopped"}}, networks={"x": {}, "y": {}})
    world.converge()
    assert down(world).exit_code is ExitCode.OK
    assert world.names() == []
    label = json.dumps({"label": [f"io.reconciler.project={world.project}"]})
    assert world.engine.call("GET", "/networks", query={"filters": label}) == []
    world.proxy.clear()
    assert down(world).actions == ()
    assert world.proxy.changing() == []


def test_what_is_no_longer_declared_goes_with_its_network(world: World) -> None:
    world.declare({"a": {"networks": ["x"]}, "b": {}}, networks={"x": {}, "y": {}})
    world.converge()
    kept = world.inspect("b")
    world.declare({"b": {}}, networks={"y": {}})
    assert changes(world.plan()) == {world.name("a"): ("remove", []), f"{world.project}_x": ("remove", [])}
    world.converge()
    assert world.names() == [world.name("b")]
    assert world.inspect("b")["State"] == kept["State"]
    names = world.docker("network", "ls", "--format", "{{.Name}}").split()
    assert f"{world.project}_x" not in names
    assert f"{world.project}_y" in names


def test_one_project_does_not_see_another(world: World) -> None:
    world.declare({"a": {}})
    world.converge()
    spec = load(world.folder, project=f"{world.project}-b")
    assert spec.name == f"{world.project}-b"
    with connect(world.proxy.host) as engine:
        assert observe(engine, spec).containers == ()
        assert plan_down(spec.name, observe(engine, spec), spec).in_sync
