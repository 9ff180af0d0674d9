"""How a person or a program is shown what is being carried out: live, line by line, as JSON, or hardly at all."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.printing import print_json, style, width
from reconciler.cli.wiring import Interruption

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.options import Options
    from reconciler.execution.outcome import Outcome, Progress
    from reconciler.planning.plan import Plan
    from reconciler.ports import Clock
    from reconciler.report.live import LiveProgress


@dataclass(frozen=True, slots=True)
class Showing:
    """One way to show it.

    Attributes:
        progress: told of each event; None where nobody wants to know.
        lasting: entered while something is carried out.
        close: shows the outcome: what became of it, after how many seconds, and what the project is if all is well.
        stopping: what is said when somebody asks for the end.
        live: what shows it, where that is live.
    """

    progress: Progress | None
    lasting: AbstractContextManager[Any]
    close: Callable[[Outcome, float, str], None]
    stopping: str = "Stopping after the calls under way."
    live: LiveProgress | None = None

    def heed(self, interruption: Interruption) -> None:
        """Let what is said at an interruption not come in between."""
        if self.live is not None:
            interruption.say = self.live.note
            interruption.on_leave = self.live.leave


def showing(plan: Plan, options: Options, clock: Clock) -> Showing:
    """The way that the options and the terminal ask for."""
    if options.output == "ndjson":
        from reconciler.report.progress_ndjson import ProgressNdjson

        lines = ProgressNdjson(sys.stdout, clock)
        return Showing(lines, nullcontext(), lambda outcome, *_: lines.close(outcome))
    if options.output != "text":
        return Showing(None, nullcontext(), _print_outcome)
    from reconciler.report.style import is_live

    stopping = "Stopping after the calls under way; press again to leave at once."
    is_read = is_live(sys.stdout, os.environ)
    if options.quiet or not is_read:
        from reconciler.report.progress_text import ProgressText

        text = ProgressText(sys.stdout, style(), quiet=options.quiet, width=width if is_read else None)
        return Showing(text, nullcontext(), _say_trouble if options.quiet else _say_outcome, stopping)
    from reconciler.report.live import LiveProgress

    live = LiveProgress(sys.stdout, style(), clock, plan)
    return Showing(live, live, _say_outcome, stopping, live)


def _print_outcome(outcome: Outcome, _seconds: float, _settled: str) -> None:
    from reconciler.report.json_form import outcome_dict

    print_json(outcome_dict(outcome))


def _say_outcome(outcome: Outcome, seconds: float, settled: str) -> None:
    from reconciler.report.outcome_text import outcome_text
    from reconciler.report.style import is_live

    columns = width() if is_live(sys.stdout, os.environ) else 0
    click.echo()
    click.echo(outcome_text(outcome, style(), seconds=seconds, settled=settled, width=columns))


def _say_trouble(outcome: Outcome, seconds: float, settled: str) -> None:
    if outcome.exit_code:
        _say_outcome(outcome, seconds, settled)
