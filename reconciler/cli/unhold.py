"""`reconciler unhold`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import Options, source_options
from reconciler.cli.resting import journals
from reconciler.cli.wiring import load_spec


@click.command()
@click.argument("name")
@source_options
def command(name: str, **given: Any) -> None:
    """End what `hold` began."""
    project = load_spec(Options(**given)).name
    held = name.removeprefix("container/")
    found = [journal.end_rest(project, held) for journal in journals(project)]
    click.echo(f"{held} of {project} is held no more." if any(found) else f"{held} of {project} was not held.")
