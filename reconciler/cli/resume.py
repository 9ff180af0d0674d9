"""`reconciler resume`."""

from __future__ import annotations

import click

from reconciler.cli.resting import journals


@click.command()
@click.argument("project")
def command(project: str) -> None:
    """Let `watch` keep a project again that was paused."""
    found = [journal.end_rest(project) for journal in journals(project)]
    click.echo(f"{project} goes on." if any(found) else f"{project} was not paused.")
