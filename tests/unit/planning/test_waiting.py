"""Several containers of one name, jobs, and who waits for whom: what is planned, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.execution.outcome import Result
from reconciler.planning.failures import Failure, failed_jobs, unproven
from reconciler.planning.gates import AwaitCondition, AwaitHealthy, Gate
from tests.support.simulated import IDLE, Daemon, Scene, changes
from tests.unit.planning.test_planner import needs, verbs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.planning.plan import Plan

HEALTHY, COMPLETED = "service_healthy", "service_completed_successfully"
JOB = {"state": "completed", "command": ["exit", "0"]}
BROKEN = {"state": "completed", "command": ["exit", "3"]}


def a_scene() -> Scene:
    daemon = Daemon()
    daemon.add_image("app:1", Cmd=IDLE)
    daemon.add_image("app:checked", Cmd=IDLE, Healthcheck={"Test": ["CMD", "probe"]})
    return Scene(daemon)


def applied(containers: Mapping[str, Mapping[str, Any]]) -> Scene:
    scene = a_scene()
    scene.declare(containers)
    scene.converge()
    return scene


def on(condition: str, name: str = "db", **more: Any) -> dict[str, Any]:
    return {"depends_on": {name: {"condition": condition, **more}}}


def gates(plan: Plan) -> list[str]:
    return [action.id.partition("/")[2] for action in plan.actions if isinstance(action, AwaitCondition)]


def unattended(scene: Scene) -> Plan:
    return scene.plan(failed_jobs(scene.spec, scene.snapshot()))


# --- replicas --------------------------------------------------------------------------------------------------------


def test_each_replica_is_one_change() -> None:
    scene = a_scene()
    scene.declare({"web": {"replicas": 12}})
    names = [change.resource.name for change in scene.plan().changes if change.resource.kind == "container"]
    assert names == [f"p-web-{number}" for number in range(1, 13)], "in the order of their numbers"


@pytest.mark.parametrize(("before", "after", "expected"), [(3, 5, {4, 5}), (5, 2, {3, 4, 5}), (1, 0, {1}), (0, 1, {1})])
def test_the_missing_are_created_and_the_highest_are_removed(before: int, after: int, expected: set[int]) -> None:
    scene = applied({"web": {"replicas": before}, "other": {}})
    scene.declare({"web": {"replicas": after}, "other": {}})
    operation = "create" if after > before else "remove"
    assert changes(scene.plan()) == {f"p-web-{number}": (operation, []) for number in expected}
    scene.converge()
    assert scene.names() == ["p-other-1", *(f"p-web-{number}" for number in range(1, after + 1))]


def turn_of(plan: Plan, number: int) -> set[int]:
    """The replicas whose new container has its name before this one's is even created."""
    before = needs(plan, f"p-web-{number}:create")
    return {other for other in range(1, 6) if f"p-web-{other}:rename new" in before}


@pytest.mark.parametrize(
    ("parallelism", "turns"),
    [
        (None, [set(), {1}, {1, 2}, {1, 2, 3}, {1, 2, 3, 4}]),
        (2, [set(), set(), {1, 2}, {1, 2}, {1, 2, 3, 4}]),
        (0, [set(), set(), set(), set(), set()]),
        (9, [set(), set(), set(), set(), set()]),
    ],
)
def test_replicas_are_replaced_in_turns(parallelism: int | None, turns: list[set[int]]) -> None:
    scene = applied({"web": {"replicas": 5}})
    update = {} if parallelism is None else {"update": {"parallelism": parallelism}}
    scene.declare({"web": {"replicas": 5, "user": "nobody", **update}})
    plan = scene.plan()
    assert [turn_of(plan, number) for number in range(1, 6)] == turns
    scene.converge()


def test_only_what_is_replaced_takes_turns() -> None:
    scene = applied({"web": {"replicas": 2}})
    scene.declare({"web": {"replicas": 3, "user": "nobody", "restart": "always"}})
    plan = scene.plan()
    assert turn_of(plan, 2) == {1}
    assert turn_of(plan, 3) == set(), "a replica more need not wait"


def test_what_one_replica_could_not_do_is_not_tried_with_the_next() -> None:
    scene = applied({"web": {"replicas": 2}})
    scene.declare({"web": {"replicas": 2, **BROKEN, "state": "running"}})
    outcome = scene.apply()
    assert outcome.rolled_back
    [failed] = unproven(one.action for one in outcome.having(Result.UNDONE))
    failure = Failure(failed.container, failed.digest, scene.inspect("web")["Image"])
    held = scene.plan(frozenset([failure]))
    assert changes(held) == {f"p-web-{number}": ("hold", ["command"]) for number in (1, 2)}


@pytest.mark.parametrize("parallelism", [1, 0])
def test_a_range_that_is_full_is_no_reason_to_stop_all(parallelism: int) -> None:
    web = {"replicas": 3, "ports": ["8000-8002:80"], "update": {"parallelism": parallelism}}
    scene = applied({"web": web})
    scene.declare({"web": {**web, "user": "nobody"}})
    plan = scene.plan()
    before = needs(plan, "p-web-1:start")
    assert {f"p-web-{number}:stop old" for number in (1, 2, 3)} & before == {"p-web-1:stop old"}
    scene.converge()


def test_a_port_of_a_range_is_waited_for_where_another_gives_it_back() -> None:
    scene = applied({"old": {"ports": ["8001:80"]}})
    scene.declare({"web": {"replicas": 2, "ports": ["8000-8001:80"]}})
    plan = scene.plan()
    for number in (1, 2):
        assert "p-old-1:stop" in needs(plan, f"p-web-{number}:start")
    scene.converge()


def test_all_replicas_are_waited_for_and_those_of_none_are_not() -> None:
    scene = a_scene()
    scene.declare({"db": {"replicas": 2}, "none": {"replicas": 0}, "web": {"depends_on": ["db", "none"]}})
    assert {"p-db-1:start", "p-db-2:start"} <= needs(scene.plan(), "p-web-1:start")
    scene.converge()


# --- paused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by_hand", "wanted", "operation", "done"),
    [
        ("", "paused", "pause", ["pause"]),
        ("stop", "paused", "start", ["start", "pause"]),
        ("pause", "running", "start", ["unpause"]),
        ("pause", "stopped", "stop", ["stop"]),
        ("pause", "completed", "start", ["unpause"]),
    ],
)
def test_paused_in_place(by_hand: str, wanted: str, operation: str, done: list[str]) -> None:
    scene = applied({"web": {}})
    if by_hand:
        scene.hand("POST", f"/containers/{scene.id('web')}/{by_hand}")
    scene.declare({"web": {"state": wanted}})
    plan = scene.plan()
    assert changes(plan) == {"p-web-1": (operation, ["state"])}
    assert [action.kind for action in plan.actions] == done
    scene.converge()


def test_paused_once_it_is_proven_and_has_its_name() -> None:
    scene = applied({"web": {"state": "paused"}})
    scene.declare({"web": {"state": "paused", "user": "nobody"}})
    plan = scene.plan()
    assert {"p-web-1:prove", "p-web-1:rename new"} <= needs(plan, "p-web-1:pause")
    [pause] = [action for action in plan.actions if action.kind == "pause"]
    assert pause.group == "", "a pause that fails takes nothing back"


# --- jobs ------------------------------------------------------------------------------------------------------------


def test_a_job_is_replaced_before_it_starts() -> None:
    scene = applied({"job": JOB})
    scene.declare({"job": {**JOB, "user": "nobody"}})
    plan = scene.plan()
    assert changes(plan) == {"p-job-1": ("replace", ["user"])}
    assert "p-job-1:rename new" in needs(plan, "p-job-1:start")
    assert not [action for action in plan.actions if isinstance(action, Gate)]


def test_a_job_that_failed_runs_again_when_a_person_asks() -> None:
    scene = a_scene()
    scene.declare(
        {
            "job": BROKEN,
            "web": on(COMPLETED, "job"),
            "next": {"depends_on": ["web"]},
            "any": on(HEALTHY, "job", required=False),
            "started": {"depends_on": ["job"]},
        }
    )
    scene.apply()
    held = unattended(scene)
    waits = [change.note for change in held.changes if change.resource.name in {"p-web-1", "p-next-1"}]
    assert waits == ["it needs container p-job-1, which failed before"] * 2
    assert changes(held) == {
        "p-job-1": ("hold", ["state"]),
        "p-next-1": ("hold", ["state"]),
        "p-web-1": ("hold", ["state"]),
    }
    assert held.actions == ()
    assert verbs(scene.plan()) == ["p-job-1:start", "p-job-1:completed", "p-web-1:start", "p-next-1:start"]

    scene.declare({"job": JOB})
    assert changes(unattended(scene))["p-job-1"] == ("replace", ["command", "state"])


def test_what_is_up_goes_on_while_a_job_that_it_needs_has_failed() -> None:
    scene = applied({"job": JOB, "web": on(COMPLETED, "job"), "next": {"depends_on": ["web"]}})
    scene.declare({"job": BROKEN, "web": on(COMPLETED, "job"), "next": {"depends_on": ["web"]}})
    scene.apply()
    scene.declare(
        {
            "job": BROKEN,
            "web": {**on(COMPLETED, "job"), "user": "nobody"},
            "next": {"depends_on": ["web"], "user": "nobody"},
        }
    )
    held = unattended(scene)
    assert changes(held) == {
        "p-job-1": ("hold", ["state"]),
        "p-web-1": ("hold", ["user"]),
        "p-next-1": ("replace", ["user"]),
    }


# --- gates -----------------------------------------------------------------------------------------------------------


def test_a_gate_stands_only_where_something_would_wait() -> None:
    scene = a_scene()
    spec: dict[str, dict[str, Any]] = {
        "db": {"image": "app:checked"},
        "job": JOB,
        "web": {"depends_on": {**on(HEALTHY)["depends_on"], **on(COMPLETED, "job")["depends_on"]}},
    }
    scene.declare(spec)
    plan = scene.plan()
    assert gates(plan) == ["p-db-1:healthy", "p-job-1:completed"]
    assert {"p-db-1:healthy", "p-db-1:start", "p-job-1:completed"} <= needs(plan, "p-web-1:start")
    scene.converge()

    scene.declare(spec | {"more": spec["web"]})
    assert gates(scene.plan()) == [], "healthy and completed already"
    scene.converge()
    scene.hand("POST", f"/containers/{scene.id('db')}/stop")
    assert gates(scene.plan()) == [], "nobody starts who waits for it"
    scene.hand("POST", f"/containers/{scene.id('web')}/stop")
    assert gates(scene.plan()) == ["p-db-1:healthy"]
    scene.converge()

    scene.declare(spec | {"db": {"image": "app:checked", "user": "nobody"}, "new": spec["web"], "newer": spec["web"]})
    plan = scene.plan()
    assert gates(plan) == ["p-db-1:healthy"], "one for all that wait"
    assert {"p-db-1:prove", "p-db-1:healthy"} <= needs(plan, "p-new-1:start")
    scene.converge()


def test_who_is_there_but_not_healthy_yet_is_waited_for_by_its_id() -> None:
    scene = applied({"db": {"image": "app:checked", "command": ["slow"]}})
    scene.declare({"db": {"image": "app:checked", "command": ["slow"]}, "web": on(HEALTHY)})
    [gate] = [action for action in scene.plan().actions if isinstance(action, AwaitHealthy)]
    assert (gate.container, gate.needs) == (scene.id("db"), ())


def test_the_old_one_serves_until_the_gate_is_passed() -> None:
    scene = applied({"web": {}})
    scene.declare({"db": {"image": "app:checked"}, "web": {**on(HEALTHY), "user": "nobody"}})
    assert "p-db-1:healthy" in needs(scene.plan(), "p-web-1:stop old")


def test_what_is_not_required_is_followed_and_not_needed() -> None:
    scene = a_scene()
    scene.declare(
        {
            "db": {"image": "app:checked"},
            "web": on("service_started", required=False),
            "api": on(HEALTHY, required=False),
        }
    )
    plan = scene.plan()
    by_id = {action.id.partition("/")[2]: action for action in plan.actions}
    assert by_id["p-web-1:start"].after == ("container/p-db-1:start",)
    gate = by_id["p-db-1:healthy if it can be"]
    assert isinstance(gate, AwaitHealthy)
    assert (gate.needs, gate.after, gate.required) == ((), ("container/p-db-1:start",), False)
    assert gate.id in by_id["p-api-1:start"].needs
    scene.converge()


# --- restarts --------------------------------------------------------------------------------------------------------


def web(**more: Any) -> dict[str, Any]:
    return {"web": on("service_started", restart=True) | more}


def test_a_restart_after_a_replacement_and_after_a_start() -> None:
    scene = applied(
        {"db": {}, **web(), "next": on("service_started", "web", restart=True), "calm": {"depends_on": ["db"]}}
    )
    spec = {**web(), "next": on("service_started", "web", restart=True), "calm": {"depends_on": ["db"]}}
    scene.declare({"db": {"user": "nobody"}, **spec})
    plan = scene.plan()
    expected = {"p-db-1": ("replace", ["user"]), "p-web-1": ("restart", []), "p-next-1": ("restart", [])}
    assert changes(plan) == expected
    assert [change.note for change in plan.changes if change.operation == "restart"] == [
        "container p-web-1 starts anew",
        "container p-db-1 starts anew",
    ]
    assert "p-db-1:prove" in needs(plan, "p-web-1:stop")
    assert "p-web-1:start" in needs(plan, "p-next-1:stop")
    scene.converge()
    scene.hand("POST", f"/containers/{scene.id('db')}/stop")
    assert changes(scene.plan())["p-web-1"] == ("restart", [])
    scene.converge()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (web(restart="always"), ("restart", ["restart"])),
        (web(user="nobody"), ("replace", ["user"])),
        (web(state="stopped"), ("stop", ["state"])),
        (web(state="paused"), ("pause", ["state"])),
        (web(state="completed"), None),
    ],
)
def test_what_is_started_anyway_or_is_not_to_run_is_not_restarted(now: Any, expected: Any) -> None:
    scene = applied({"db": {}, **web()})
    scene.declare({"db": {"user": "nobody"}, **now})
    assert changes(scene.plan()).get("p-web-1") == expected
    scene.converge()


def test_a_restart_that_was_cut_off_is_made_up_for() -> None:
    scene = applied({"db": {}, **web()})
    scene.declare({"db": {"user": "nobody"}, "web": {}})
    scene.converge()
    scene.declare({"db": {"user": "nobody"}, **web()})
    assert changes(scene.plan()) == {"p-web-1": ("restart", [])}
    scene.converge()


def test_a_replica_more_is_no_reason_for_a_restart() -> None:
    scene = applied({"db": {}, **web()})
    scene.declare({"db": {"replicas": 2}, **web()})
    assert changes(scene.plan()) == {"p-db-2": ("create", [])}
    scene.converge()


def test_one_that_is_paused_by_hand_and_to_be_restarted_goes_on_once() -> None:
    scene = applied({"db": {}, **web()})
    scene.hand("POST", f"/containers/{scene.id('web')}/pause")
    scene.declare({"db": {"user": "nobody"}, **web()})
    assert changes(scene.plan())["p-web-1"] == ("restart", ["state"])
    scene.converge()
