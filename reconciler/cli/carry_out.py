"""Shows a plan, asks where it must, carries it out, and says what became of it: what `apply` and `down` share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler.cli.wiring import interruptible, print_json, style, width
from reconciler.errors import ExitCode, Refused

if TYPE_CHECKING:
    from reconciler.cli.options import Options
    from reconciler.cli.recording import Recorder
    from reconciler.planning.plan import Plan
    from reconciler.ports import Engine


def carry_out(plan: Plan, engine: Engine, options: Options, record: Recorder, settled: str = "is as declared") -> int:
    """Carry out a plan in front of a person or a program; the exit code.

    Args:
        plan: what to do.
        engine: where.
        options: how to show it, and whether to ask.
        record: remembers what became of it.
        settled: what the project is once it is done.

    Raises:
        Refused: something stands in the way, or nobody agreed to what would be removed or replaced.
    """
    from reconciler.report.plan_text import plan_text  # each command pays for what it needs

    text = options.output == "text"
    if text:
        click.echo(plan_text(options.to_show(plan), style(), width()))
        if not plan.is_pending:
            return ExitCode.OK
        click.echo()
    if plan.conflicts:
        count = len(plan.conflicts)
        what = "one thing stands" if count == 1 else f"{count} things stand"
        raise Refused(f"{what} in the way; nothing has been changed", "settle it first: see above" if text else "")
    _agree(plan, options)
    if not text:
        return _for_a_program(plan, engine, record)
    return _for_a_person(plan, engine, record, settled)


def _agree(plan: Plan, options: Options) -> None:
    if not plan.destructive or options.yes:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty() and options.output == "text"):
        parts = []
        for operation in sorted({change.operation for change in plan.destructive}):
            names = ", ".join(change.resource.name for change in plan.destructive if change.operation is operation)
            parts.append(f"{operation}s {names}")
        why = f"; {plan.needs_person.message}" if plan.needs_person else ""
        raise Refused(
            f"this {' and '.join(parts)}, and nobody is here to agree{why}; nothing has been changed",
            "look at the plan, then say --yes",
        )
    if not click.confirm("Go ahead?", default=False):
        raise Refused("not agreed; nothing has been changed")


def _for_a_person(plan: Plan, engine: Engine, record: Recorder, settled: str) -> int:
    from reconciler.execution.clock import SystemClock
    from reconciler.execution.executor import apply
    from reconciler.report.progress_text import ProgressText, outcome_text

    progress = ProgressText(sys.stdout, style())
    clock = SystemClock()
    began = clock.monotonic()
    with interruptible("Stopping after the calls under way; press again to leave at once.") as interruption:
        outcome = apply(plan, engine, clock, progress=progress, stop=interruption.stop)
        seconds = clock.monotonic() - began
        record(outcome, seconds)
    click.echo()
    click.echo(outcome_text(outcome, style(), seconds=seconds, settled=settled))
    return interruption.exit_code if outcome.interrupted else outcome.exit_code


def _for_a_program(plan: Plan, engine: Engine, record: Recorder) -> int:
    from reconciler.execution.clock import SystemClock
    from reconciler.execution.executor import apply
    from reconciler.report.json_form import outcome_dict

    with interruptible("Stopping after the calls under way.") as interruption:
        clock = SystemClock()
        began = clock.monotonic()
        outcome = apply(plan, engine, clock, stop=interruption.stop)
        record(outcome, clock.monotonic() - began)
    print_json(outcome_dict(outcome))
    return interruption.exit_code if outcome.interrupted else outcome.exit_code
