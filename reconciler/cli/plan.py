"""`reconciler plan`, also as `reconciler diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.ahead import Ahead
from reconciler.cli.locking import load_locked
from reconciler.cli.options import (
    Options,
    engine_options,
    image_options,
    orphans_option,
    plan_options,
    show_sensitive_option,
    target_option,
)
from reconciler.cli.printing import style, width
from reconciler.cli.pruning import used_for
from reconciler.cli.wiring import connected, observing
from reconciler.errors import ExitCode, UsageError


@click.command()
@plan_options
@engine_options
@orphans_option
@target_option
@image_options
@show_sensitive_option
@click.option("--out", metavar="FILE", help="Save the plan, for apply --plan FILE.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where changes are pending.")
@click.option("--snapshot", metavar="FILE", help="Plan on what `snapshot` wrote, without an Engine.")
def command(detailed_exitcode: bool, out: str | None, snapshot: str | None, **given: Any) -> int:
    """Show what apply would do, and change nothing."""
    options = Options(**given)
    ahead = Ahead(options) if snapshot is None else None
    locked = load_locked(options)
    spec = locked.spec
    if snapshot is None:
        with connected(options, ahead) as engine:
            with observing(engine, spec.name, spec) as observed:
                from reconciler.cli.resting import holds_of  # a wrong spec should not wait for it
                from reconciler.execution.lost import with_lost
                from reconciler.planning.planner import plan
                from reconciler.report.plan_forms import plan_form

                holds = holds_of(spec.name)
                used = used_for(options, spec.name, engine.identity)
                there = observed()
            found = plan(
                spec, there, targets=options.target, remove_orphans=options.remove_orphans, prune=used, holds=holds
            )
            found = with_lost(locked.with_moved(found, engine), there, engine)
            if out and not found.conflicts:
                from reconciler.cli.saved_plan import save_plan

                save_plan(out, found, spec, engine)
    elif options.host or options.context or out or options.prune_images:
        raise UsageError(
            "--snapshot takes the place of an Engine: leave --host, --context, --out and --prune-images out"
        )
    else:
        from reconciler.cli.snapshot_file import read_snapshot
        from reconciler.planning.planner import plan
        from reconciler.report.plan_forms import plan_form

        there = read_snapshot(Path(snapshot), spec)
        found = plan(spec, there, targets=options.target, remove_orphans=options.remove_orphans)

    closing = "Nothing has been changed or saved." if out and found.conflicts else "Nothing has been changed."
    click.echo(plan_form(options.to_show(found), options.output, style(), width(), closing=closing))
    if found.conflicts:
        return ExitCode.REFUSED
    return ExitCode.CHANGES_PENDING if detailed_exitcode and found.is_pending else ExitCode.OK
