"""Shows a plan, asks where it must, carries it out, and says what became of it: what `apply` and `down` share."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from reconciler.cli.printing import complain, style, width
from reconciler.cli.wiring import interruptible
from reconciler.errors import ExitCode, ReconcilerError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.options import Options
    from reconciler.cli.recording import Recorder
    from reconciler.cli.turns import Turns
    from reconciler.execution.outcome import Outcome
    from reconciler.planning.plan import Plan
    from reconciler.ports import Engine
    from reconciler.state.snapshot import Snapshot


def carry_out(
    plan: Plan,
    engine: Engine,
    options: Options,
    record: Recorder,
    turns: Turns,
    again: Callable[[], Plan],
    settled: str = "is as declared",
) -> int:
    """Carry out a plan in front of a person or a program; the exit code.

    Args:
        plan: what to do; what would be lost is asked for here, where anybody is to be told.
        engine: where.
        options: how to show it, and whether to ask.
        record: remembers what became of it.
        turns: of this command, which has one.
        again: observes and plans anew, where others had a turn while a person was asked.
        settled: what the project is once it is done.

    Raises:
        Refused: something stands in the way, nobody agreed to what would be removed or replaced, or what they agreed to
            holds no more.
        Locked: after the agreement, somebody else has the turn for too long.
    """
    if options.dry_run:
        return _dry_run(_with_lost(plan, record.snapshot, engine), options)
    text = options.output == "text"
    # What somebody has to settle or to agree to is shown even where nothing else is.
    if text and (not options.quiet or plan.conflicts or (plan.destructive and not options.yes)):
        from reconciler.report.plan_text import plan_text  # each command pays for what it needs

        plan = _with_lost(plan, record.snapshot, engine)
        click.echo(plan_text(options.to_show(plan), style(), width()))
        if plan.actions or plan.conflicts or options.wait:
            click.echo()
    if text and not plan.is_pending and not options.wait:
        return ExitCode.OK
    if plan.conflicts:
        count = len(plan.conflicts)
        what = "one thing stands" if count == 1 else f"{count} things stand"
        raise Refused(f"{what} in the way; nothing has been changed", "settle it first: see above" if text else "")
    asked = _agree(plan, options, turns)
    if asked and not turns.is_undisturbed and again().actions != plan.actions:
        raise Refused(
            "what is to be done has changed while you were asked; nothing has been changed", "run it again to see it"
        )
    if plan.actions:
        turns.begin(plan.project)
    return _perform(plan, engine, options, record, settled)


def _with_lost(plan: Plan, snapshot: Snapshot, engine: Engine) -> Plan:
    """The plan, with what would be lost where it removes something."""
    if not plan.actions:
        return plan
    from reconciler.execution.lost import with_lost

    return with_lost(plan, snapshot, engine)


def _agree(plan: Plan, options: Options, turns: Turns) -> bool:
    """Whether a person was asked, and has agreed."""
    from reconciler.report.words import counted

    if not plan.destructive or options.yes:
        return False
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
    lost = sum(one.count for one in plan.lost)
    with turns.yielded():
        _forget_what_was_typed()
        question = f"Go ahead, and lose {counted(lost, 'file')}?" if lost else "Go ahead?"
        if not click.confirm(question, default=False):
            raise Refused("not agreed; nothing has been changed")
    return True


def _forget_what_was_typed() -> None:
    """What was typed before there was anything to read is no answer."""
    import termios

    with suppress(OSError, termios.error):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _dry_run(plan: Plan, options: Options) -> int:
    from reconciler.report.plan_forms import plan_form

    closing = "A dry run: nothing has been changed."
    click.echo(plan_form(options.to_show(plan), options.output, style(), width(), closing=closing))
    return ExitCode.REFUSED if plan.conflicts else ExitCode.OK


def _show_defects(outcome: Outcome) -> None:
    """Where nobody expected what made an action fail, show where that was."""
    import traceback

    for one in outcome.failed:
        cause = one.error and one.error.__cause__
        if cause and not isinstance(cause, ReconcilerError | OSError):
            complain("".join(traceback.format_exception(cause)).rstrip())


def _perform(plan: Plan, engine: Engine, options: Options, record: Recorder, settled: str) -> int:
    from concurrent.futures import ThreadPoolExecutor

    from reconciler.cli.awaiting import SECONDS, jobs, waited_for
    from reconciler.cli.showing import showing
    from reconciler.execution.clock import SystemClock
    from reconciler.execution.executor import apply
    from reconciler.execution.readiness import await_ready, look_again

    clock = SystemClock()
    began = clock.monotonic()
    shown = showing(plan, options, clock)
    ending = jobs(record.spec)
    with interruptible(shown.stopping) as interruption, ThreadPoolExecutor(1, thread_name_prefix="aside") as aside:
        shown.heed(interruption)
        about = aside.submit(record.about).result if plan.actions else None  # while the Engine works
        with shown.lasting:
            outcome = apply(plan, engine, clock, progress=shown.progress, stop=interruption.stop)
            outcome = look_again(outcome, engine, clock, jobs=ending, progress=shown.progress)
        if os.environ.get("RECONCILER_DEBUG"):
            _show_defects(outcome)
        record(outcome, clock.monotonic() - began, about)
        if options.wait and record.spec and not outcome.exit_code:
            there = waited_for(record.spec, engine, options.target)
            with shown.lasting:
                outcome = await_ready(
                    outcome,
                    there,
                    engine,
                    clock,
                    interruption.stop,
                    seconds=options.timeout or SECONDS,
                    jobs=ending,
                    progress=shown.progress,
                )
    shown.close(outcome, clock.monotonic() - began, settled)
    return interruption.exit_code if outcome.interrupted else outcome.exit_code
