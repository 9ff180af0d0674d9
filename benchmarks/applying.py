"""What the reconciler itself takes for a large apply, with an Engine that answers at once.

Every container is replaced: once all is well, and once no new one proves itself, so that each is taken back. What a
real Engine takes for the same comes on top, and is nearly all of an apply.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from benchmarks.planning import renewed, spec, there
from reconciler.execution.executor import apply
from reconciler.planning.planner import plan
from reconciler.report.json_form import outcome_dict
from reconciler.report.outcome_text import outcome_text
from reconciler.report.plan_forms import plan_form
from reconciler.report.progress_text import ProgressText
from reconciler.report.style import Style
from reconciler.state.snapshot import ContainerState

if TYPE_CHECKING:
    from reconciler.planning.actions import Action
    from reconciler.ports import Engine

SIZES = (100, 1_000)
_STATE = {"well": "healthy", "taken back": "unhealthy"}
_WIDTH = 100


class _AtOnce:
    """An Engine that does nothing and says at once that it is done."""

    def __init__(self, health: str) -> None:
        state = {"Status": "running", "ExitCode": 0, "Health": {"Status": health}}
        self._state = ContainerState({"Id": "1", "Name": "/1", "RestartCount": 0, "State": state})

    def perform(self, action: Action, _created: Mapping[str, str]) -> str | None:
        return action.id if action.id.endswith(":create") else None

    def inspect(self, _container: str) -> ContainerState:
        return self._state

    def logs(self, _container: str, _lines: int) -> list[str]:
        return []


class _Clock:
    def monotonic(self) -> float:
        return 0.0

    def sleep(self, _seconds: float) -> None:
        return


def _parts(size: int, health: str) -> dict[str, float]:
    """The processor time of each part, in seconds."""
    found: dict[str, float] = {}
    snapshot = there(spec(size))
    wanted = renewed(spec(size))
    began = time.process_time()

    def done(part: str) -> None:
        nonlocal began
        found[part] = time.process_time() - began
        began = time.process_time()

    began = time.process_time()
    made = plan(wanted, snapshot)
    done("plan")
    style = Style(colours=False)
    for form in ("text", "json", "markdown", "dot"):
        plan_form(made, form, style, _WIDTH)
        done(form)
    progress = ProgressText(io.StringIO(), style)
    outcome = apply(made, cast("Engine", _AtOnce(health)), _Clock(), progress=progress)
    done("apply")
    outcome_text(outcome, style)
    outcome_dict(outcome)
    done("closing lines")
    return found


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure, and print."""
    before: dict[Any, float] = {}
    for size in sizes:
        for how, health in _STATE.items():
            for part, seconds in _parts(size, health).items():
                each = seconds / size
                last = before.get((how, part))
                ratio = f"  {each / last:5.2f} of the time a container" if last else ""
                before[how, part] = each
                print(f"{size:>6} replaced, {how:<11} {part:<14} {seconds * 1000:8.1f} ms{ratio}")


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
