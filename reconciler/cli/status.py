"""`reconciler status`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import Options, engine_options, spec_options
from reconciler.cli.wiring import connected, load_spec, print_json, style, width


@click.command()
@spec_options
@engine_options
def command(**given: Any) -> None:
    """Show every resource, wanted beside actual."""
    options = Options(**given)
    spec = load_spec(options)
    from reconciler.planning.planner import plan  # a wrong spec should not wait for it
    from reconciler.planning.takeover import take_over
    from reconciler.report.status import status_dict, status_rows, status_text

    with connected(options) as engine:
        snapshot = engine.observe(spec.name, spec)
    found = plan(spec, snapshot)
    rows = status_rows(found, spec, take_over(snapshot, spec.name, spec))
    if options.output == "json":
        print_json(status_dict(found, rows))
    else:
        click.echo(status_text(found, rows, style(), width()))
