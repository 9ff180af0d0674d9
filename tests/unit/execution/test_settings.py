"""What `settings` say of how a plan is carried out: how many calls at once, and whether to go on after a failure."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ExitCode
from reconciler.execution.executor import apply
from reconciler.execution.outcome import Result
from tests.support.simulated import FakeClock, Scene, SimulatedEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.execution.outcome import Outcome, Told
    from reconciler.planning.actions import Action
    from reconciler.ports import Tell

BAD = {"command": ["no-such-command"]}


def failing(**settings: Any) -> tuple[Scene, Outcome, list[Told]]:
    """Two services, of which the first one can't start; one action at a time."""
    scene = Scene()
    scene.declare({"a": BAD, "b": {}}, settings=settings)
    told: list[Told] = []
    outcome = apply(
        scene.plan(), SimulatedEngine(scene.daemon), FakeClock(), concurrency=1, gates=0, progress=told.append
    )
    return scene, outcome, told


def test_it_goes_on_with_what_does_not_depend_on_what_failed() -> None:
    scene, outcome, _ = failing()
    assert scene.status("b") == "running"
    assert outcome.exit_code is ExitCode.PARTLY_FAILED


def test_or_begins_nothing_more() -> None:
    scene, outcome, told = failing(on_failure="stop")
    assert scene.status("b") == "created"
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert not outcome.interrupted
    [skipped] = outcome.having(Result.SKIPPED)
    assert skipped in told
    assert skipped.error
    assert skipped.error.message == "container p-a-1 failed, and `settings.on_failure` is stop"


def test_a_replacement_that_is_half_done_is_taken_back() -> None:
    scene = Scene()
    scene.declare({"a": {}, "b": {}})
    scene.converge()
    old = {key: scene.id(key) for key in "ab"}
    scene.declare({"a": {**BAD, "user": "x"}, "b": {"user": "x"}}, settings={"on_failure": "stop"})
    outcome = scene.apply()
    assert outcome.rolled_back
    assert {key: scene.id(key) for key in old} == old
    assert scene.names() == ["p-a-1", "p-b-1"]
    assert {scene.status(key) for key in old} == {"running"}


def test_what_was_only_cut_short_has_not_failed() -> None:
    """Otherwise a watch would not try it again."""
    scene = Scene()
    scene.declare({"a": {}, "b": {}})
    scene.converge()
    scene.declare({"a": {**BAD, "user": "x"}, "b": {"user": "x"}}, settings={"on_failure": "stop"})
    outcome = scene.apply()
    undone = {one.action.resource.name for one in outcome.having(Result.UNDONE)}
    assert undone == {"p-a-1", "p-b-1"}
    assert {action.resource.name for action in outcome.unproven} == {"p-a-1"}


class Crowded(SimulatedEngine):
    """Keeps each creation until so many are under way, and notes the most that ever were."""

    def __init__(self, scene: Scene, expected: int) -> None:
        super().__init__(scene.daemon)
        self.most = 0
        self._now = 0
        self._expected = expected
        self._changed = threading.Condition()

    def perform(self, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
        if action.kind == "create":
            with self._changed:
                self._now += 1
                self.most = max(self.most, self._now)
                self._changed.notify_all()
                assert self._changed.wait_for(lambda: self.most >= self._expected, 60)
                self._now -= 1
        return super().perform(action, created, tell)


@pytest.mark.parametrize(("settings", "expected"), [({}, 6), ({"parallelism": 1}, 1), ({"parallelism": 9}, 9)])
def test_so_many_calls_at_once(settings: dict[str, Any], expected: int) -> None:
    scene = Scene()
    scene.declare({f"s{number}": {"state": "stopped"} for number in range(12)}, settings=settings)
    engine = Crowded(scene, expected)
    outcome = apply(scene.plan(), engine, FakeClock())
    assert outcome.exit_code is ExitCode.OK, outcome.failed
    assert engine.most == expected
