"""After an apply: what died at once is not up, and `--wait` waits until all are ready."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import EngineError, ExitCode
from reconciler.execution.health import health_words
from reconciler.execution.outcome import ActionOutcome, Advance, Outcome, Result, Started, Told
from reconciler.execution.readiness import STABLE_SECONDS, Stand, await_ready, died, look_again, stand
from reconciler.planning.gates import AwaitCompleted, AwaitHealthy, AwaitProof
from reconciler.state.snapshot import ContainerState
from tests.support.simulated import IDLE, FakeClock, Scene, SimulatedEngine

if TYPE_CHECKING:
    from collections.abc import Callable


def state(status: str, code: int = 0, restart: str = "no", restarts: int = 0, **more: Any) -> ContainerState:
    health = {"Health": more} if more else {}
    return ContainerState(
        {
            "RestartCount": restarts,
            "State": {"Status": status, "ExitCode": code, **health},
            "HostConfig": {"RestartPolicy": {"Name": restart}},
            "Config": {"Healthcheck": {"Retries": 5}},
        }
    )


# --- looked at once more ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "is_job", "why"),
    [
        (state("running"), False, ""),
        (state("running", Status="starting"), False, ""),
        (state("exited", 0), False, ""),
        (state("exited", 3), False, "exited with code 3"),
        (state("exited", 0, "always"), False, "exited with code 0"),
        (state("restarting", 1, "on-failure", 1), False, "exited with code 1 and is restarted again and again"),
        (state("running", 0, "always", 2), False, "exited and was restarted"),
        (state("paused"), False, ""),
        (state("dead"), False, "is dead"),
        (state("exited", 0), True, ""),
        (state("exited", 3), True, "exited with code 3"),
        (state("restarting", 1, "on-failure", 1), True, ""),
        (state("running"), True, ""),
    ],
)
def test_who_died_at_once(seen: ContainerState, is_job: bool, why: str) -> None:
    assert died(seen, is_job=is_job, is_new=True) == why


def test_earlier_restarts_say_nothing_of_one_that_is_started_again() -> None:
    assert died(state("running", 0, "always", 2), is_job=False, is_new=False) == ""


def test_what_died_at_once_is_a_failure_with_its_last_lines() -> None:
    scene = Scene()
    scene.declare({"good": {}, "bad": {"command": ["exit", "3"]}, "job": {"command": ["exit", "0"]}})
    outcome = scene.apply()
    assert outcome.exit_code is ExitCode.OK, "the start itself went well"
    told: list[Told] = []
    clock = FakeClock()
    looked = look_again(outcome, SimulatedEngine(scene.daemon), clock, progress=told.append)
    [failed] = looked.failed
    assert told == [failed]
    assert failed.action.id == "container/p-bad-1:start"
    assert failed.error
    assert failed.error.message == "exited with code 3"
    assert failed.log == ("I am exit 3",)
    assert looked.exit_code is ExitCode.PARTLY_FAILED
    assert len(looked.actions) == len(outcome.actions)
    assert clock.now < 1, "nothing is waited for"
    assert "p-bad-1" in {change.resource.name for change in scene.plan().changes}, "the next apply tries again"


def test_only_what_was_started_and_what_has_not_failed_is_looked_at() -> None:
    scene = Scene()
    scene.declare({"job": {"command": ["exit", "3"], "state": "completed"}, "web": {"depends_on": NEEDS}})
    outcome = scene.apply()
    assert [one.action.id for one in outcome.failed] == ["container/p-job-1:completed"]
    assert look_again(outcome, SimulatedEngine(scene.daemon), FakeClock(), jobs={"job"}) is outcome
    needs = {"job": {**NEEDS["job"], "required": False}}
    scene.declare({"job": {"command": ["exit", "4"], "state": "completed"}, "web": {"depends_on": needs}})
    passed = scene.apply()
    assert passed.exit_code is ExitCode.OK
    looked = look_again(passed, SimulatedEngine(scene.daemon), FakeClock(), jobs={"job"})
    assert looked.failed == (), "the gate has told it"
    nothing = Outcome(scene.plan(), ())
    clock = FakeClock()
    assert look_again(nothing, SimulatedEngine(scene.daemon), clock) is nothing
    assert clock.now == 0


NEEDS = {"job": {"condition": "service_completed_successfully"}}


def test_an_engine_that_can_not_be_asked_takes_nothing_back() -> None:
    class Gone(SimulatedEngine):
        def inspect(self, container: str) -> ContainerState:
            raise EngineError("the connection broke off")

    scene = Scene()
    scene.declare({"web": {}})
    outcome = scene.apply()
    assert look_again(outcome, Gone(scene.daemon), FakeClock()).exit_code is ExitCode.OK


# --- waited for ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "is_job", "ran_for", "expected"),
    [
        (state("running"), False, STABLE_SECONDS, Stand(True)),
        (state("running"), False, 1.9, Stand(False, "has not run for 2 s without a restart")),
        (state("running", Status="healthy"), False, 0.0, Stand(True)),
        (state("running", Status="starting"), False, 99.0, Stand(False, "is not healthy")),
        (state("running", Status="unhealthy"), False, 99.0, Stand(False, "is unhealthy", True)),
        (state("exited", 0), False, 0.0, Stand(True)),
        (state("exited", 0, "always"), False, 0.0, Stand(False, "is exited")),
        (state("exited", 1, "on-failure"), False, 0.0, Stand(False, "exited with code 1", True)),
        (
            state("restarting", 1, "always"),
            False,
            0.0,
            Stand(False, "exited with code 1 and is restarted again and again"),
        ),
        (state("created"), False, 0.0, Stand(False, "is created")),
        (state("running"), True, 99.0, Stand(False, "has not completed")),
        (state("exited", 0, "always"), True, 0.0, Stand(True)),
        (state("exited", 2), True, 0.0, Stand(False, "exited with code 2", True)),
    ],
)
def test_who_is_ready(seen: ContainerState, is_job: bool, ran_for: float, expected: Stand) -> None:
    assert stand(seen, is_job=is_job, ran_for=ran_for) == expected


class Later(FakeClock):
    """A clock at whose moments something happens."""

    def __init__(self, *events: tuple[float, Callable[[], object]]) -> None:
        super().__init__()
        self._events = list(events)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        while self._events and self._events[0][0] <= self.now:
            self._events.pop(0)[1]()


def waited(
    scene: Scene,
    clock: FakeClock,
    *,
    stop: threading.Event | None = None,
    jobs: tuple[str, ...] = (),
    taken_at: str = "",
) -> tuple[Outcome, list[Told]]:
    outcome = scene.apply()
    told: list[Told] = []
    there = replace(scene.snapshot(), taken_at=taken_at)
    engine = SimulatedEngine(scene.daemon)
    stop = stop or threading.Event()
    return await_ready(outcome, there, engine, clock, stop, seconds=60, jobs=jobs, progress=told.append), told


def checked(scene: Scene) -> None:
    scene.daemon.add_image("app:checked", Cmd=IDLE, Healthcheck={"Test": ["CMD", "probe"]})


def test_all_are_waited_for_each_in_its_way() -> None:
    scene = Scene()
    checked(scene)
    scene.declare(
        {
            "web": {},
            "db": {"image": "app:checked", "command": ["slow"]},
            "job": {"state": "completed"},
            "well": {"image": "app:checked"},
        }
    )

    def becomes(key: str, status: str, health: str = "") -> Callable[[], object]:
        return lambda: scene.inspect(key)["State"].update(
            {"Status": status, **({"Health": {"Status": health}} if health else {})}
        )

    clock = Later((5.0, becomes("db", "running", "healthy")), (9.0, becomes("job", "exited")))
    outcome, told = waited(scene, clock, jobs=("job",))
    assert (outcome.exit_code, outcome.not_ready) == (ExitCode.OK, ())
    ended = [
        (one.action.resource.name, type(one.action), one.seconds) for one in told if isinstance(one, ActionOutcome)
    ]
    assert [(name, kind) for name, kind, _ in ended] == [
        ("p-web-1", AwaitProof),
        ("p-db-1", AwaitHealthy),
        ("p-job-1", AwaitCompleted),
    ], "who is ready at once has nothing to tell"
    assert [round(seconds) for *_, seconds in ended] == [2, 5, 9]
    assert sum(isinstance(one, Started) for one in told) == 3
    assert [one.text for one in told if isinstance(one, Advance)] == ["first check to come"]


def test_who_is_not_ready_in_time_is_named_with_its_last_lines() -> None:
    scene = Scene()
    checked(scene)
    scene.declare({"web": {}, "db": {"image": "app:checked", "command": ["slow"]}})
    clock = FakeClock()
    outcome, told = waited(scene, clock)
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert not outcome.failed, "what was to be done is done"
    [late] = outcome.not_ready
    assert late in told
    assert late.result is Result.FAILED
    assert late.error
    assert late.error.message == "was not ready within 60 s: is not healthy"
    assert late.log == ("I am slow",)
    assert 60 <= clock.now < 61


def test_nobody_waits_for_what_can_not_be_ready_any_more() -> None:
    scene = Scene()
    checked(scene)
    scene.declare({"web": {"command": ["exit", "3"]}, "db": {"image": "app:checked", "command": ["unhealthy"]}})
    clock = FakeClock()
    outcome, _ = waited(scene, clock)
    assert [one.error.message for one in outcome.not_ready if one.error] == ["is unhealthy", "exited with code 3"]
    assert clock.now == 0


def test_a_restart_begins_the_time_anew() -> None:
    scene = Scene()
    scene.declare({"web": {"restart": "always"}})

    def restarted() -> None:
        scene.inspect("web")["RestartCount"] += 1

    clock = Later((1.5, restarted))
    outcome, _ = waited(scene, clock)
    assert outcome.exit_code is ExitCode.OK
    assert 3.5 <= clock.now < 4


def test_who_has_run_for_long_is_not_waited_for() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    clock = FakeClock()
    outcome, told = waited(scene, clock, taken_at="2999-01-01T00:00:00+00:00")
    assert (outcome.exit_code, told, clock.now) == (ExitCode.OK, [], 0)


def test_who_is_removed_meanwhile_is_not_ready() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    clock = Later((1.0, scene.daemon.has.containers.clear))
    outcome, _ = waited(scene, clock)
    assert [one.error.message for one in outcome.not_ready if one.error] == ["is gone"]


def test_an_interruption_ends_it() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    stop = threading.Event()
    outcome, _ = waited(scene, Later((1.0, stop.set)), stop=stop)
    assert outcome.interrupted
    assert outcome.exit_code is ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (state("running", Status="starting"), "first check to come"),
        (state("running", Status="starting", FailingStreak=2, Log=[{}, {}]), "check failed 2 of 5 times"),
        (state("running", Status="starting", FailingStreak=0, Log=[{}]), "check failed in its start period"),
        (state("running", Status="healthy"), ""),
        (state("running"), ""),
        (state("restarting", 1, "always", 1), "restarted once"),
        (state("running", 0, "always", 4), "restarted 4 times"),
    ],
)
def test_how_a_healthcheck_stands(seen: ContainerState, words: str) -> None:
    assert health_words(seen) == words
