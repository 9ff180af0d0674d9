"""`reconciler plan`, also as `reconciler diff`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import Options, engine_options, orphans_option, spec_options, target_option
from reconciler.cli.wiring import connected, load_spec, print_json, style, width
from reconciler.errors import ExitCode


@click.command()
@spec_options
@engine_options
@orphans_option
@target_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where changes are pending.")
def command(detailed_exitcode: bool, **given: Any) -> int:
    """Show what apply would do, and change nothing."""
    options = Options(**given)
    spec = load_spec(options)
    from reconciler.execution.lost import with_lost  # a wrong spec should not wait for it
    from reconciler.planning.planner import plan

    with connected(options) as engine:
        snapshot = engine.observe(spec.name, spec)
        found = plan(spec, snapshot, targets=options.target, remove_orphans=options.remove_orphans)
        found = with_lost(found, snapshot, engine)
    if options.output == "json":
        from reconciler.report.json_form import plan_dict

        print_json(plan_dict(found))
    else:
        from reconciler.report.plan_text import plan_text

        click.echo(plan_text(found, style(), width(), closing="Nothing has been changed."))
    if found.conflicts:
        return ExitCode.REFUSED
    return ExitCode.CHANGES_PENDING if detailed_exitcode and found.is_pending else ExitCode.OK
