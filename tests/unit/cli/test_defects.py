"""A defect in an action: it is a failure like any other, and RECONCILER_DEBUG shows where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.carry_out import _show_defects
from reconciler.errors import EngineError
from reconciler.execution.executor import apply
from tests.support.simulated import FakeClock, Scene, SimulatedEngine

if TYPE_CHECKING:
    import pytest

    from reconciler.planning.actions import Action


class Failing(SimulatedEngine):
    def __init__(self, scene: Scene, error: Exception) -> None:
        super().__init__(scene.daemon)
        self._error = error

    def perform(self, action: Action, *_: object) -> str | None:
        raise self._error


def test_where_it_was_is_shown_and_of_other_failures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.declare({"web": {}})
    for error, is_shown in ((KeyError("Id"), True), (EngineError("refused"), False)):
        outcome = apply(scene.plan(), Failing(scene, error), FakeClock())
        assert outcome.failed
        _show_defects(outcome)
        assert ("in perform\n    raise self._error" in capsys.readouterr().err) is is_shown
