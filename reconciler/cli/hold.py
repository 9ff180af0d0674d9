"""`reconciler hold`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import Options, source_options
from reconciler.cli.resting import for_option, journals, rest_now, until_text
from reconciler.cli.wiring import load_spec


@click.command()
@click.argument("name")
@source_options
@for_option
def command(name: str, seconds: float | None, **given: Any) -> None:
    """Leave a container or network alone in every cycle, for maintenance by hand.

    NAME is that in the spec: web, with all its replicas, or network/front.
    """
    from reconciler.planning.left_alone import hold_of

    spec = load_spec(Options(**given))
    hold = hold_of(spec, name)
    rest = rest_now(hold.name, seconds)
    for journal in journals(spec.name):
        journal.rest(spec.name, rest)
    click.echo(f"{hold.name} of {spec.name} is held {until_text(rest)}; `reconciler unhold {hold.name}` ends that.")
