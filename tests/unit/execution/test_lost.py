"""The Engine is asked what would be lost: once for each container that goes, with a deadline."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from reconciler.errors import EngineError, NotFound
from reconciler.execution.lost import with_lost
from reconciler.planning.plan import Lost
from reconciler.planning.planner import plan_down
from reconciler.state.resource import Kind, ResourceKey
from tests.support.simulated import Scene, SimulatedEngine

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan

ADDED = [{"Path": f"/var/{name}", "Kind": 1} for name in "dbcae"]


class Asked(SimulatedEngine):
    """Notes who is asked for; answers, fails or hangs by the container's name."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.daemon)
        self.asked: list[str] = []
        self.go_on = threading.Event()

    def layer(self, container: str, seconds: float) -> list[dict[str, Any]]:
        name = self.daemon.container(container)["Name"].removeprefix("/")
        self.asked.append(name)
        match name:
            case "p-hangs-1":
                self.go_on.wait(60)
            case "p-fails-1":
                raise EngineError("no such driver")
            case "p-gone-1":
                raise NotFound("gone")
            case "p-empty-1":
                return []
        return ADDED


def asked(*keys: str, seconds: float = 60) -> tuple[Plan, list[str]]:
    scene = Scene()
    scene.declare({key: {} for key in keys})
    scene.converge()
    snapshot = scene.snapshot()
    engine = Asked(scene)
    try:
        return with_lost(plan_down("p", snapshot), snapshot, engine, seconds=seconds), engine.asked
    finally:
        engine.go_on.set()


def key(name: str) -> ResourceKey:
    return ResourceKey(Kind.CONTAINER, name)


def test_the_count_and_the_first_paths_and_nothing_where_nothing_is_lost() -> None:
    plan, calls = asked("web", "empty", "gone")
    assert plan.lost == (Lost(key("p-web-1"), 5, ("/var/a", "/var/b", "/var/c")),)
    assert sorted(calls) == ["p-empty-1", "p-gone-1", "p-web-1"]


def test_what_nobody_knows_is_said() -> None:
    for seconds in (0.2, 2.0, 20.0):  # on a busy machine those that do answer need a while
        plan, _ = asked("fails", "hangs", "web", seconds=seconds)
        if [one.unknown for one in plan.lost].count("the Engine did not say it in time") == 1:
            break
    assert plan.lost == (
        Lost(key("p-fails-1"), unknown="no such driver"),
        Lost(key("p-hangs-1"), unknown="the Engine did not say it in time"),
        Lost(key("p-web-1"), 5, ("/var/a", "/var/b", "/var/c")),
    )


def test_only_containers_that_go_are_asked_for() -> None:
    scene = Scene()
    scene.declare({"stays": {}, "changes": {}, "new": {"state": "stopped"}})
    scene.converge()
    scene.declare({"stays": {}, "changes": {"environment": {"A": "1"}}, "more": {}, "new": {}})
    engine = Asked(scene)
    plan = with_lost(scene.plan(), scene.snapshot(), engine)
    assert engine.asked == ["p-changes-1"]
    assert [one.resource.name for one in plan.lost] == ["p-changes-1"]
