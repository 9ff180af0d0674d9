"""`reconciler apply`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.ahead import Ahead
from reconciler.cli.locking import load_locked
from reconciler.cli.moments import Period
from reconciler.cli.options import (
    Options,
    applying_options,
    engine_options,
    image_options,
    orphans_option,
    pause_option,
    show_sensitive_option,
    target_option,
    turn_option,
    yes_option,
)
from reconciler.cli.pruning import used_for
from reconciler.cli.wiring import connected, observing, spec_files
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.state.snapshot import Snapshot


@click.command()
@applying_options
@engine_options
@orphans_option
@target_option
@image_options
@turn_option
@pause_option
@yes_option
@show_sensitive_option
@click.option("--wait", is_flag=True, help="Wait until everything is healthy, or stable.")
@click.option("--timeout", metavar="TIME", type=Period(), help="How long --wait may take: 90s, 10m; else 5m.")
@click.option("--plan", "agreed", metavar="FILE", help="Only if it comes to what plan --out saved there; asks nothing.")
def command(agreed: str | None, **given: Any) -> int:
    """Make the Engine what the spec declares.

    On a terminal it asks before it removes or replaces; elsewhere such a plan needs --yes.
    """
    options = Options(**given)
    if options.timeout is not None and not options.wait:
        raise UsageError("--timeout says how long --wait may take: say --wait, too")
    saved = None
    if agreed:
        from reconciler.cli.saved_plan import expect_same_actions, expect_same_place, read_plan

        saved = read_plan(agreed)
    ahead = Ahead(options)
    locked = load_locked(options)
    spec = locked.spec
    from reconciler.cli.turns import my_turn  # a wrong spec should not wait for it

    files = spec_files(options)
    with (
        connected(options, ahead) as engine,
        my_turn("apply", spec.name, files, engine, options, declares=True) as turns,
    ):
        if not turns.was_nobodys_since(ahead.turns):
            engine.look_again()
        if agreed and saved:
            expect_same_place(agreed, saved, spec, engine)
        with observing(engine, spec.name, spec) as observed:
            from reconciler.cli.carry_out import carry_out
            from reconciler.cli.recording import Recorder
            from reconciler.cli.resting import holds_of
            from reconciler.planning.planner import plan

            holds = holds_of(spec.name)
            used = used_for(options, spec.name, engine.identity)
            snapshot = observed()

        def planned(on: Snapshot) -> Plan:
            return plan(
                spec, on, targets=options.target, remove_orphans=options.remove_orphans, prune=used, holds=holds
            )

        todo = locked.with_moved(planned(snapshot), engine)
        if agreed and saved:
            code = expect_same_actions(agreed, saved, todo, spec, engine, options)
            if code is not None:
                return code
            options = replace(options, yes=True)  # that was agreed to
        record = Recorder("apply", spec, files, snapshot, engine)
        again = lambda: planned(engine.observe(spec.name, spec))  # noqa: E731
        return carry_out(todo, engine, options, record, turns, again)
