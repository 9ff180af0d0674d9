"""`reconciler adopt`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import Options, engine_options, spec_options
from reconciler.cli.printing import print_json, style, width
from reconciler.cli.wiring import connected, load_spec
from reconciler.errors import ExitCode, Refused, UsageError


@click.command()
@click.argument("name", nargs=-1)
@spec_options
@engine_options
def command(name: tuple[str, ...], **given: Any) -> int:
    """Show what adopting containers would change, and change nothing.

    Each NAME is a container of the spec; without one, all whose name somebody else's container has.
    """
    options = Options(**given)
    spec = load_spec(options)
    if unknown := [one for one in name if one not in spec.containers]:
        from reconciler.spec.diagnostics import meant

        hint = meant(unknown[0], spec.containers)
        raise UsageError(f'project "{spec.name}" has no container "{unknown[0]}"', hint)
    from reconciler.planning.planner import plan  # a wrong spec should not wait for it
    from reconciler.planning.takeover import adoptable, with_adopted

    with connected(options) as engine:
        snapshot = engine.observe(spec.name, spec)
    there = adoptable(spec, snapshot)
    if missing := [one for one in name if one not in there]:
        raise Refused(
            f'nothing is to be adopted for "{missing[0]}": no container that is not ours has its name',
            "reconciler plan shows what becomes of it",
        )
    keys = sorted(set(name) or there)
    found = plan(with_adopted(spec, keys), snapshot)
    if options.output == "json":
        from reconciler.report.json_form import plan_dict

        print_json({**plan_dict(found), "adopt": keys})
    elif not keys:
        click.echo("Nothing is to be adopted: no container that is not ours has a name that is wanted here.")
        return ExitCode.OK
    else:
        from reconciler.report.plan_text import plan_text

        click.echo(plan_text(found, style(), width()))
        changed = {change.resource.name for change in found.changes}
        click.echo()
        for as_it_is in sorted({one for key in keys for one in there[key]} - changed):
            click.echo(f"{as_it_is} would be taken over as it is.")
        click.echo(f"Nothing has been changed. To do this, write `adopt: true` into the spec for {', '.join(keys)}.")
    return ExitCode.REFUSED if found.conflicts else ExitCode.OK
