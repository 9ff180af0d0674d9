"""`reconciler pause`."""

from __future__ import annotations

import click

from reconciler.cli.resting import for_option, journals, rest_now, until_text, watchers


@click.command()
@click.argument("project")
@for_option
def command(project: str, seconds: float | None) -> None:
    """Let `watch` leave a project alone, until `resume`.

    A cycle that runs is finished. `apply` by hand works as ever.
    """
    rest = rest_now(seconds=seconds)
    for journal in journals(project):
        journal.rest(project, rest)
    click.echo(f"{project} is paused {until_text(rest)}; `reconciler resume {project}` ends that.")
    if not watchers(project):
        click.echo("Nobody watches it on this machine now; a `watch` that starts leaves it alone.")
