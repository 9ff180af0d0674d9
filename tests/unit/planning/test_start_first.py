"""Start-first, hooks, and what becomes of an update: what is planned, and what is left where it is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ExitCode
from reconciler.execution.outcome import Result
from reconciler.planning.actions import CreateContainer, RunCommand
from reconciler.planning.failures import unproven
from reconciler.planning.gates import AwaitProof, Drain
from reconciler.planning.planner import plan_down
from reconciler.report.tally import Tally
from tests.support.simulated import IDLE, NEW, OLD, Daemon, Killed, Scene, SimulatedEngine, changes

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan

FIRST = {"order": "start-first", "drain": "3s", "monitor": "1s"}
HOOKS = {"post_start": [{"command": "up"}, {"command": "up"}], "pre_stop": [{"command": "down"}]}
BROKEN = ["exit", "3"]


def web(about: Any = NEW, **container: Any) -> Scene:
    """A service in two networks, as the next `declare` finds it."""
    daemon = Daemon(about)
    daemon.add_image("app:1", Cmd=IDLE)
    scene = Scene(daemon)
    declare(scene, **container)
    scene.converge()
    return scene


def declare(scene: Scene, **container: Any) -> None:
    scene.declare({"web": {"networks": ["default", "back"], **container}}, networks={"back": {}})


def verbs(plan: Plan) -> list[str]:
    return [action.id.rpartition(":")[2] for action in plan.actions]


def aliases(scene: Scene, container: str) -> dict[str, list[str]]:
    row = scene.daemon.container(container)
    own = {row["Id"][:12], row["Config"]["Hostname"]}
    networks = row["NetworkSettings"]["Networks"]
    return {name: sorted(set(place.get("Aliases") or ()) - own) for name, place in networks.items()}


def test_the_steps_in_their_order() -> None:
    scene = web()
    declare(scene, user="nobody", update={**FIRST, "before": ["backup"]}, **HOOKS)
    plan = scene.plan()
    assert verbs(plan) == [
        "before",
        "create",
        "start",
        "post_start 1",
        "post_start 2",
        "prove",
        "disconnect new p_back",
        "connect new p_back with aliases",
        "disconnect new p_default",
        "connect new p_default with aliases",
        "rename old",
        "rename new",
        "disconnect old p_back",
        "connect old p_back without aliases",
        "disconnect old p_default",
        "connect old p_default without aliases",
        "drain old",
        "pre_stop 1",
        "stop old",
        "remove old",
    ]
    for before, after in zip(plan.actions, plan.actions[1:], strict=False):
        assert after.needs == (before.id,), "each needs the one before"
    assert [bool(action.group) for action in plan.actions] == [True] * 12 + [False] * 8
    [proof] = [action for action in plan.actions if isinstance(action, AwaitProof)]
    [drain] = [action for action in plan.actions if isinstance(action, Drain)]
    assert (proof.monitor_seconds, drain.seconds) == (1.0, 3.0)


@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
def test_the_new_one_has_no_alias_until_it_is_proven(about: Any) -> None:
    scene = web(about)
    declare(scene, user="nobody", update=FIRST)
    [created] = [action for action in scene.plan().actions if isinstance(action, CreateContainer)]
    assert [one["Aliases"] for one in created.payload["NetworkingConfig"]["EndpointsConfig"].values()][:1] == [[]]
    old = scene.id("web")
    scene.converge()
    assert scene.id("web") != old
    assert aliases(scene, "p-web-1") == {"p_back": ["web"], "p_default": ["web"]}


@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_call_somebody_has_the_aliases_and_the_next_apply_finishes(about: Any, after: bool) -> None:
    for call in range(1, 40):
        scene = web(about, **HOOKS)
        declare(scene, user="nobody", update={**FIRST, "before": ["backup"]}, **HOOKS)
        engine = SimulatedEngine(scene.daemon)
        engine.kill_at(call, after=after)
        try:
            scene.apply(engine)
        except Killed:
            up = [name for name in scene.names() if scene.daemon.container(name)["State"]["Status"] == "running"]
            for network in ("p_default", "p_back"):
                assert any(aliases(scene, name).get(network) == ["web"] for name in up), engine.calls
            scene.converge()
            assert scene.names() == ["p-web-1"]
            assert scene.inspect("web")["Config"]["User"] == "nobody"
        else:
            assert call > 15
            return
    pytest.fail("it never came to an end")


def test_what_is_left_of_a_run_that_was_cut_off_leaves_before_it_stops() -> None:
    scene = web()
    declare(scene, user="nobody", update=FIRST)
    engine = SimulatedEngine(scene.daemon)
    engine.kill_at(7)  # the new one has its aliases, and no name yet
    with pytest.raises(Killed):
        scene.apply(engine)
    assert scene.names() == ["p-web-1", "p-web-1.next"]
    plan = scene.plan()
    assert changes(plan)["p-web-1.next"] == ("remove", [])
    removal = [action.id.rpartition(":")[2] for action in plan.actions if action.resource.name == "p-web-1.next"]
    assert removal[0].startswith("disconnect old")
    assert removal[-2:] == ["stop old", "remove old"]


@pytest.mark.parametrize("action", ["rollback", "pause", "continue"])
def test_a_broken_one_leaves_the_old_one_as_it_was(action: str) -> None:
    scene = web()
    before = scene.daemon.copy().container(scene.id("web"))
    declare(scene, command=BROKEN, update={**FIRST, "failure_action": action})
    outcome = scene.apply()
    assert (outcome.exit_code, outcome.rolled_back) == (ExitCode.PARTLY_FAILED, True)
    assert scene.inspect("web") == before
    assert scene.names() == ["p-web-1"]


@pytest.mark.parametrize(
    "container",
    [
        {"ports": ["8080:80"]},
        {"state": "stopped"},
        {"state": "paused"},
        {"command": ["exit", "0"], "state": "completed"},
    ],
    ids=["a fixed port", "stopped", "paused", "a job"],
)
def test_where_it_can_not_be_the_old_one_stops_first(container: dict[str, Any]) -> None:
    """The first is an error of a spec that is read from a file; the others have nothing to go on serving."""
    scene = web(**container)
    declare(scene, user="nobody", update=FIRST, **container)
    assert not [verb for verb in verbs(scene.plan()) if "aliases" in verb or verb == "drain old"]


# --- parallelism and failure_action ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["stop-first", "start-first"])
@pytest.mark.parametrize(("action", "replaced"), [("rollback", 0), ("pause", 1), ("continue", 3)])
def test_what_becomes_of_the_other_replicas(order: str, action: str, replaced: int) -> None:
    scene = Scene()
    scene.declare({"web": {"replicas": 3}})
    scene.converge()
    before = {name: scene.daemon.container(name)["Id"] for name in scene.names()}
    scene.declare({"web": {"replicas": 3, "command": BROKEN, "update": {"order": order, "failure_action": action}}})
    outcome = scene.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    after = {name: scene.daemon.container(name)["Id"] for name in scene.names()}
    assert after.keys() == before.keys()
    new = [name for name in after if after[name] != before[name]]
    assert len(new) == (replaced if order == "stop-first" else 0), "what serves does not give way to what failed"
    tried = [one for one in outcome.actions if isinstance(one.action, AwaitProof) and one.result is Result.FAILED]
    assert len(tried) == (3 if action == "continue" else 1)


@pytest.mark.parametrize("parallelism", [1, 2, 0])
def test_while_an_old_one_is_out_of_a_network_no_other_comes_into_one(parallelism: int) -> None:
    """It would be given the address, and what is under way there with it."""
    scene = Scene()
    scene.declare({"web": {"replicas": 3}})
    scene.converge()
    scene.declare({"web": {"replicas": 3, "user": "nobody", "update": {**FIRST, "parallelism": parallelism}}})
    plan = scene.plan()
    waits = {action.id: {*action.needs, *action.after} for action in plan.actions}

    def comes_after(action: str, other: str) -> bool:
        return action == other or any(comes_after(need, other) for need in waits[action])

    leaving = [action.id for action in plan.actions if action.id.endswith(":disconnect old p_default")]
    back = [action.id for action in plan.actions if action.id.endswith(" without aliases")]
    starting = [action.id for action in plan.actions if action.id.endswith((":start", " with aliases"))]
    assert (len(leaving), len(back), len(starting)) == (3, 3, 6)
    for left, there in zip(leaving, back, strict=True):
        for other in (*starting, *(one for one in leaving if one != left)):
            assert comes_after(left, other) or comes_after(other, there), (left, other)


@pytest.mark.parametrize("order", ["stop-first", "start-first"])
def test_those_that_are_replaced_at_once_are_taken_back_at_once(order: str) -> None:
    """The second replica can't have its port, whatever is done; the first has its place by then, the third no turn."""
    scene = Scene()
    scene.declare({"web": {"replicas": 3}})
    scene.converge()
    before = {name: scene.daemon.container(name)["Id"] for name in scene.names()}
    taken = {"HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8081"}]}}}
    body = {"Image": "app:1", **taken, "NetworkingConfig": {"EndpointsConfig": {}}}
    scene.hand("POST", "/containers/create", {"name": "theirs"}, body)
    scene.hand("POST", "/containers/theirs/start")
    update = {"parallelism": 2, "order": order}
    scene.declare({"web": {"replicas": 3, "ports": ["8080-8081:80"], "update": update}})
    outcome = scene.apply()
    assert (outcome.exit_code, outcome.rolled_back) == (ExitCode.PARTLY_FAILED, True)
    scene.hand("DELETE", "/containers/theirs", {"force": "1"})
    assert {name: scene.daemon.container(name)["Id"] for name in scene.names()} == before
    assert {scene.daemon.container(name)["State"]["Status"] for name in before} == {"running"}
    assert {tuple(aliases(scene, name)["p_default"]) for name in before} == {("web",)}
    told = {resource.name for resource, _, _ in Tally(outcome).old_containers()}
    assert told == {"p-web-1", "p-web-2"}


def test_what_did_not_prove_itself_is_known_also_where_it_stays() -> None:
    scene = web()
    declare(scene, command=BROKEN, update={"failure_action": "pause"})
    outcome = scene.apply()
    assert not outcome.rolled_back
    [failed] = unproven(outcome.unproven)
    assert (failed.container, failed.image) == ("web", "app:1")


# --- hooks -----------------------------------------------------------------------------------------------------------


def test_a_command_says_all_that_its_call_sends() -> None:
    scene = Scene()
    hook = {
        "command": "up --all",
        "user": "root",
        "privileged": True,
        "working_dir": "/srv",
        "environment": {"B": "2", "A": "1"},
    }
    scene.declare({"web": {"post_start": [hook]}})
    [command] = [action for action in scene.plan().actions if isinstance(action, RunCommand)]
    assert command.payload == {
        "AttachStdout": True,
        "AttachStderr": True,
        "Cmd": ["up", "--all"],
        "User": "root",
        "Privileged": True,
        "WorkingDir": "/srv",
        "Env": ["A=1", "B=2"],
    }


def test_those_that_depend_on_it_wait_for_post_start_and_stop_before_pre_stop() -> None:
    scene = Scene()
    scene.declare({"web": HOOKS, "user": {"depends_on": ["web"]}})
    by_id = {action.id: action for action in scene.plan().actions}
    assert "container/p-web-1:post_start 2" in by_id["container/p-user-1:start"].needs
    scene.converge()
    by_id = {action.id: action for action in plan_down("p", scene.snapshot(), scene.spec).actions}
    assert by_id["container/p-web-1:stop"].needs == ("container/p-web-1:pre_stop 1",)
    assert by_id["container/p-web-1:pre_stop 1"].needs == ("container/p-user-1:stop",)
    assert not [action for action in plan_down("p", scene.snapshot()).actions if isinstance(action, RunCommand)]


def test_a_port_is_handed_over_between_those_that_run_commands_before_they_stop() -> None:
    scene = Scene()
    scene.declare({"a": {**HOOKS, "ports": ["8080:80"]}, "b": {**HOOKS, "ports": ["8081:80"], "depends_on": ["a"]}})
    scene.converge()
    scene.declare({"a": {**HOOKS, "ports": ["8081:80"]}, "b": {**HOOKS, "ports": ["8080:80"], "depends_on": ["a"]}})
    scene.converge()


def test_a_container_that_was_renamed_meanwhile_is_left_alone() -> None:
    scene = web(**HOOKS)
    scene.declare({})
    spec_with_hooks = web(**HOOKS).spec.model_copy(deep=True)
    todo = plan_down("p", scene.snapshot(), spec_with_hooks)
    scene.hand("POST", "/containers/p-web-1/rename", {"name": "precious"})
    engine = SimulatedEngine(scene.daemon)
    for action in todo.actions:
        if isinstance(action, RunCommand):
            with pytest.raises(Exception, match="left alone"):
                engine.perform(action, {})
    assert engine.calls == []
