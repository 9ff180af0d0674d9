"""Runs of plans: all goes well, a step fails, a process dies, somebody interrupts, the world has changed meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import EngineError, ExitCode, NotFound, Stale
from reconciler.execution.executor import apply
from reconciler.execution.outcome import ActionOutcome, Advance, Result, Started, Told
from reconciler.planning.gates import AwaitProof
from reconciler.planning.planner import plan
from tests.support.simulated import IDLE, NEW, OLD, Daemon, FakeClock, Killed, Scene, SimulatedEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.execution.outcome import Outcome
    from reconciler.planning.actions import Action
    from reconciler.ports import Tell
    from reconciler.state.identity import EngineIdentity


def running(container: dict[str, Any] | None = None, about: EngineIdentity = NEW) -> Scene:
    """A service with a published port, a volume and a second network, and one that depends on it."""
    daemon = Daemon(about)
    daemon.add_image("app:1", Cmd=IDLE, Volumes={"/data": {}})
    daemon.add_image("app:checked", Cmd=IDLE, Healthcheck={"Test": ["CMD", "probe"]})
    scene = Scene(daemon)
    declare(scene, container or {})
    scene.converge()
    return scene


def declare(scene: Scene, container: dict[str, Any], **user: Any) -> None:
    web = {"ports": ["8080:80"], "volumes": ["pages:/p"], "networks": ["default", "back"], **container}
    scene.declare({"web": web, "user": {"depends_on": ["web"], **user}}, volumes={"pages": {}}, networks={"back": {}})


def results(outcome: Outcome) -> dict[str, str]:
    return {one.action.id.partition("/")[2]: one.result.value for one in outcome.actions}


def expect_the_old_one_serves(scene: Scene, old: str) -> None:
    assert scene.id("web") == old
    assert scene.status("web") == "running"
    assert scene.inspect("web")["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"] == "8080"
    assert scene.names() == ["p-user-1", "p-web-1"]


# --- a step of a replacement fails -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "failed", "says"),
    [
        ({"command": ["exit", "3"]}, "prove", "the new container exited with code 3"),
        (
            {"command": ["exit", "3"], "restart": "always"},
            "prove",
            "the new container exited with code 3 and is restarted",
        ),
        ({"command": ["no-such-command"]}, "start", "no-such-command"),
        ({"image": "app:checked", "command": ["unhealthy"]}, "prove", "the new container is unhealthy"),
        ({"image": "app:checked", "command": ["slow"]}, "prove", "the new container was not healthy within 120 s"),
    ],
    ids=["exits", "restarts", "no command", "unhealthy", "never healthy"],
)
def test_a_new_one_that_fails_gives_the_place_back(change: dict[str, Any], failed: str, says: str) -> None:
    scene = running()
    old = scene.id("web")
    declare(scene, change)
    outcome = scene.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert outcome.rolled_back
    [failure] = outcome.failed
    assert failure.action.id == f"container/p-web-1:{failed}"
    assert failure.error
    assert says in failure.error.message
    if failed == "prove":
        assert failure.log == (f"I am {' '.join(change['command'])}",)
    assert (
        results(outcome).items()
        >= {
            "p-web-1:create": "undone",
            "p-web-1:stop old": "undone",
            "p-web-1:remove old": "skipped",
        }.items()
    )
    expect_the_old_one_serves(scene, old)
    declare(scene, {})
    scene.expect_in_sync()


@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
def test_whichever_call_fails_the_old_one_or_the_new_one_serves(about: EngineIdentity, after: bool) -> None:
    for call in range(1, 9):
        scene = running(about=about)
        old = scene.id("web")
        declare(scene, {"user": "nobody"})
        engine = SimulatedEngine(scene.daemon)
        engine.fail_at(call, after=after)
        outcome = scene.apply(engine)
        if call > len(engine.calls):
            assert outcome.exit_code is ExitCode.OK
            break
        serving = [
            row
            for row in scene.daemon.has.containers.values()
            if row["State"]["Status"] == "running" and row["NetworkSettings"]["Ports"]
        ]
        assert len(serving) == 1, engine.calls
        if outcome.rolled_back:
            assert (serving[0]["Id"], serving[0]["Name"]) == (old, "/p-web-1"), engine.calls
        assert outcome.exit_code in {ExitCode.FAILED, ExitCode.PARTLY_FAILED}
        scene.converge()
        assert scene.names() == ["p-user-1", "p-web-1"]
        assert scene.id("web") != old
    else:
        pytest.fail("it never came to an end")


def test_what_depends_on_a_replacement_that_failed_is_skipped_and_taken_back() -> None:
    scene = running()
    old = {key: scene.id(key) for key in ("web", "user")}
    declare(scene, {"command": ["exit", "1"]}, user="nobody")
    outcome = scene.apply()
    assert (outcome.exit_code, outcome.rolled_back) == (ExitCode.PARTLY_FAILED, True)
    assert results(outcome)["p-user-1:start"] == "skipped"
    assert {key: scene.id(key) for key in old} == old
    assert {scene.status(key) for key in old} == {"running"}
    skipped = next(one for one in outcome.actions if one.action.id == "container/p-user-1:start")
    assert skipped.error
    assert "container p-web-1" in skipped.error.message
    assert scene.names() == ["p-user-1", "p-web-1"]


def test_what_has_nothing_to_do_with_a_failure_is_done() -> None:
    scene = Scene()
    scene.declare({"a": {"image": "missing:1"}, "b": {}})
    outcome = scene.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert not outcome.rolled_back
    assert (
        results(outcome).items()
        >= {
            "missing:1:pull": "failed",
            "p-a-1:create": "skipped",
            "p-a-1:start": "skipped",
            "p-b-1:start": "done",
        }.items()
    )
    assert scene.status("b") == "running"


def test_all_failed_is_not_partly() -> None:
    scene = Scene()
    scene.declare({"a": {}})
    engine = SimulatedEngine(scene.daemon)
    engine.fail_at(1)
    assert scene.apply(engine).exit_code is ExitCode.FAILED


def test_a_port_that_somebody_else_has() -> None:
    scene = Scene()
    body = {
        "Image": "app:1",
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}},
        "NetworkingConfig": {"EndpointsConfig": {}},
    }
    scene.hand("POST", "/containers/create", {"name": "theirs"}, body)
    scene.hand("POST", "/containers/theirs/start")
    scene.declare({"web": {"ports": ["8080:80"]}})
    [failed] = scene.apply().failed
    assert failed.error
    assert failed.error.message == "host port 8080 is already in use by container theirs"
    scene.hand("POST", "/containers/theirs/stop")
    scene.converge()


# --- the way back fails too ------------------------------------------------------------------------------------------


def test_a_way_back_that_fails_is_said_and_mended_by_the_next_apply() -> None:
    scene = running()
    old = scene.id("web")
    declare(scene, {"command": ["exit", "1"]})
    engine = SimulatedEngine(scene.daemon)
    engine.fail_at(5)  # create, stop, start; then the removal, and the start of the old one
    outcome = scene.apply(engine)
    assert not outcome.rolled_back
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert {one.action.id for one in outcome.failed} == {
        "container/p-web-1:prove",
        "container/p-web-1:stop old:undo",
    }
    declare(scene, {})
    scene.converge()
    assert scene.id("web") == old


# --- killed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
def test_killed_at_each_call_of_a_replacement(about: EngineIdentity, after: bool) -> None:
    """Forward to the new definition, or back to the old one: both converge, nothing is doubled, no data is lost."""
    finished = running(about=about)
    declare(finished, {"user": "nobody"})
    counted = SimulatedEngine(finished.daemon)
    finished.apply(counted)
    assert [call.rpartition("/")[2] for call in counted.calls if "connect" not in call][:5] == [
        "create",
        "stop",
        "start",
        "rename",
        "rename",
    ]
    for call in range(1, len(counted.calls) + 1):
        for then in ({"user": "nobody"}, {}):
            scene = running(about=about)
            old = scene.inspect("web")
            engine = SimulatedEngine(scene.daemon)
            engine.kill_at(call, after=after)
            declare(scene, {"user": "nobody"})
            with pytest.raises(Killed):
                scene.apply(engine)
            declare(scene, then)
            scene.converge()
            assert scene.names() == ["p-user-1", "p-web-1"]
            assert volumes(scene.inspect("web")) == volumes(old)


def volumes(inspect: dict[str, Any]) -> dict[str, str]:
    return {mount["Destination"]: mount["Name"] for mount in inspect["Mounts"]}


def test_one_that_serves_under_another_name_stays_until_the_new_one_is_proven() -> None:
    """Name and definition change together, and the process dies early: the old one is not given up for a broken one."""
    for call in (1, 2, 3):
        scene = running()
        old = scene.id("web")
        engine = SimulatedEngine(scene.daemon)
        engine.kill_at(call, after=True)
        declare(scene, {"container_name": "site", "command": ["exit", "1"]})
        with pytest.raises(Killed):
            scene.apply(engine)
        outcome = scene.apply()
        assert outcome.exit_code is ExitCode.PARTLY_FAILED
        assert old in scene.daemon.has.containers, f"killed at call {call}"


class Defective(SimulatedEngine):
    """One of whose actions fails in a way that nobody expected."""

    def __init__(self, daemon: Daemon, action_id: str) -> None:
        super().__init__(daemon)
        self._action_id = action_id

    def perform(self, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
        if action.id == self._action_id:
            raise KeyError("Id")
        return super().perform(action, created, tell)


@pytest.mark.parametrize("step", ["start", "rename old", "rename new"])
def test_a_defect_in_a_replacement_is_a_failure_and_the_old_one_serves_again(step: str) -> None:
    scene = running()
    old = scene.id("web")
    declare(scene, {"user": "nobody"})
    outcome = scene.apply(Defective(scene.daemon, f"container/p-web-1:{step}"))
    [failure] = outcome.failed
    assert failure.error
    assert failure.error.message == "this is a defect of reconciler: KeyError: 'Id'"
    assert isinstance(failure.error.__cause__, KeyError)
    expect_the_old_one_serves(scene, old)
    scene.converge()


# --- interrupted -----------------------------------------------------------------------------------------------------


class StopAt:
    """Progress that asks to stop when an action ends."""

    def __init__(self, action_id: str) -> None:
        self.stop = threading.Event()
        self._action_id = action_id

    def __call__(self, event: Told) -> None:
        if isinstance(event, ActionOutcome) and event.action.id == self._action_id:
            self.stop.set()


@pytest.mark.parametrize("step", ["create", "stop old", "start", "prove", "rename old"])
def test_interrupted_in_a_replacement_the_old_one_serves_again(step: str) -> None:
    scene = running()
    old = scene.id("web")
    declare(scene, {"user": "nobody"})
    progress = StopAt(f"container/p-web-1:{step}")
    engine = SimulatedEngine(scene.daemon)
    outcome = apply(scene.plan(), engine, FakeClock(), progress=progress, stop=progress.stop)
    assert outcome.interrupted
    assert outcome.exit_code is ExitCode.INTERRUPTED
    assert not outcome.failed
    expect_the_old_one_serves(scene, old)
    scene.converge()
    assert scene.id("web") != old


def test_interrupted_before_it_began_nothing_is_done() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    stop = threading.Event()
    stop.set()
    engine = SimulatedEngine(scene.daemon)
    outcome = scene.apply(engine, stop=stop)
    assert engine.calls == []
    assert set(results(outcome).values()) == {"skipped"}
    assert outcome.exit_code is ExitCode.INTERRUPTED


def test_interrupted_when_all_was_done_is_no_interruption() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    progress = StopAt("container/p-web-1:start")
    engine = SimulatedEngine(scene.daemon)
    outcome = apply(scene.plan(), engine, FakeClock(), progress=progress, stop=progress.stop)
    assert (outcome.interrupted, outcome.exit_code) == (False, ExitCode.OK)


# --- the world has changed since the plan ----------------------------------------------------------------------------


def test_a_container_that_has_another_name_by_now_is_left_alone() -> None:
    scene = running()
    old = scene.id("web")
    scene.declare({})
    stale = scene.plan()
    scene.hand("POST", f"/containers/{old}/rename", {"name": "precious"})
    outcome = apply(stale, SimulatedEngine(scene.daemon), FakeClock(), concurrency=1)
    [failure] = (one for one in outcome.failed if "p-web-1" in one.action.id)
    assert isinstance(failure.error, Stale)
    assert scene.daemon.container("precious")["State"]["Status"] == "running"


def test_what_is_done_already_counts_as_done() -> None:
    scene = running()
    scene.hand("POST", f"/containers/{scene.id('web')}/stop")
    again = scene.plan()
    scene.apply()
    assert apply(again, SimulatedEngine(scene.daemon), FakeClock()).exit_code is ExitCode.OK

    scene.declare({})
    removal = scene.plan()
    scene.hand("DELETE", "/containers/p-web-1", {"force": "1"})
    outcome = apply(removal, SimulatedEngine(scene.daemon), FakeClock(), concurrency=1)
    assert all(isinstance(one.error, NotFound) for one in outcome.failed), "at most: it is gone"
    scene.converge()


def test_a_source_that_changed_since_the_plan_is_not_imported(tmp_path: Any) -> None:
    source = tmp_path / "root"
    source.mkdir()
    scene = Scene(folder=tmp_path)
    scene.declare({}, images={"site:1": {"import": "root"}})
    stale = scene.plan()
    (source / "new").write_text("x")
    engine = SimulatedEngine(scene.daemon)
    [failure] = apply(stale, engine, FakeClock()).failed
    assert isinstance(failure.error, Stale)
    assert engine.calls == []


# --- several at once, and what is told of it -------------------------------------------------------------------------


# --- gates, and what is not required ---------------------------------------------------------------------------------

COMPLETED = "service_completed_successfully"


def waiting(job: list[str], *, required: bool) -> Scene:
    scene = Scene()
    depends_on = {"job": {"condition": COMPLETED, "required": required}}
    scene.declare({"job": {"state": "completed", "command": job}, "web": {"depends_on": depends_on}})
    return scene


def test_who_needs_a_job_that_failed_is_skipped_and_says_which() -> None:
    scene = waiting(["exit", "3"], required=True)
    outcome = scene.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    [failed] = outcome.failed
    assert (failed.action.id, failed.log) == ("container/p-job-1:completed", ("I am exit 3",))
    [skipped] = outcome.having(Result.SKIPPED)
    assert skipped.error
    assert (skipped.action.id, skipped.error.message) == (
        "container/p-web-1:start",
        "it needs container p-job-1, which failed",
    )


@pytest.mark.parametrize(("job", "says"), [(["exit", "3"], "exited with code 3"), (["exit", "0"], "")])
def test_a_gate_that_is_not_required_is_passed_with_a_warning(job: list[str], says: str) -> None:
    scene = waiting(job, required=False)
    outcome = scene.apply()
    assert outcome.exit_code is ExitCode.OK
    assert [one.error.message for one in outcome.having(Result.DONE) if one.error] == ([says] if says else [])
    assert scene.status("web") == "running"


@pytest.mark.parametrize("condition", ["service_started", COMPLETED])
@pytest.mark.parametrize("verb", ["create", "start"])
def test_what_is_not_required_may_fail_in_any_way(condition: str, verb: str) -> None:
    class Failing(SimulatedEngine):
        def perform(self, action: Any, created: Any, tell: Any = None) -> str | None:
            if action.id == f"container/p-job-1:{verb}":
                raise EngineError("the connection broke off")
            return super().perform(action, created, tell)

    scene = Scene()
    depends_on = {"job": {"condition": condition, "required": False}}
    scene.declare({"job": {"state": "completed", "command": ["exit", "0"]}, "web": {"depends_on": depends_on}})
    outcome = scene.apply(Failing(scene.daemon))
    assert [one.action.id for one in outcome.failed] == [f"container/p-job-1:{verb}"]
    assert scene.status("web") == "running"
    scene.converge()


def test_gates_hold_up_nothing_that_does_not_need_them() -> None:
    """More gates than calls at once, and what they wait for is done by a call that comes later."""
    daemon = Daemon()
    daemon.add_image("app:1", Cmd=IDLE)
    daemon.add_image("app:slow", Cmd=["slow"], Healthcheck={"Test": ["CMD", "probe"]})
    scene = Scene(daemon)
    databases = {f"db{number}": {"image": "app:slow"} for number in range(4)}
    users = {f"z{key}": {"depends_on": {key: {"condition": "service_healthy"}}} for key in databases}

    class Healed(SimulatedEngine):
        """Every container is healthy once the last one that nobody waits for has started."""

        def perform(self, action: Any, created: Any, tell: Any = None) -> str | None:
            found = super().perform(action, created, tell)
            if action.id == "container/p-zz-1:start":
                for row in daemon.has.containers.values():
                    if "Health" in row["State"]:
                        row["State"]["Health"]["Status"] = "healthy"
            return found

    class Patient(FakeClock):
        def sleep(self, seconds: float) -> None:
            threading.Event().wait(0.001)

    scene.declare({**databases, **users, "zz": {}})
    outcome = apply(scene.plan(), Healed(daemon), Patient(), concurrency=1)
    assert outcome.exit_code is ExitCode.OK, [str(one.error) for one in outcome.failed]


def test_a_long_chain_that_is_skipped() -> None:
    scene = Scene()
    scene.declare({"web": {"replicas": 300}})
    scene.converge()
    scene.declare({"web": {"replicas": 300, "command": ["exit", "3"]}})
    outcome = scene.apply()
    assert len(outcome.failed) == 1
    assert len(outcome.having(Result.SKIPPED)) > 2000


def test_several_at_once_come_to_the_same() -> None:
    scene = Scene()
    scene.declare({f"c{number}": {"depends_on": [f"c{number - 4}"] if number > 3 else []} for number in range(12)})
    events: list[Told] = []
    todo = scene.plan()
    outcome = apply(todo, SimulatedEngine(scene.daemon), FakeClock(), progress=events.append)
    assert outcome.exit_code is ExitCode.OK
    scene.expect_in_sync()
    ended: set[str] = set()
    for event in events:
        if isinstance(event, Started):
            assert set(event.action.needs) <= ended
        elif isinstance(event, ActionOutcome):
            ended.add(event.action.id)
    assert ended == {action.id for action in todo.actions}
    assert sum(not isinstance(event, Advance) for event in events) == 2 * len(ended)


def test_the_old_one_is_proven_by_time_without_waiting_for_real() -> None:
    scene = running()
    declare(scene, {"user": "nobody"})
    clock = FakeClock()
    todo = plan(scene.spec, scene.snapshot())
    [gate] = (action for action in todo.actions if isinstance(action, AwaitProof))
    outcome = apply(todo, SimulatedEngine(scene.daemon), clock)
    assert outcome.exit_code is ExitCode.OK
    assert gate.monitor_seconds <= clock.now < gate.monitor_seconds + 1
    assert next(one for one in outcome.actions if one.action == gate).result is Result.DONE
