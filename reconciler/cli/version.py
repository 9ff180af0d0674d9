"""`reconciler version`."""

from __future__ import annotations

import click

from reconciler.version import __version__


@click.command()
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="For a person or a program.")
def command(output: str) -> None:
    """Show the version."""
    click.echo(f'{{"version": "{__version__}"}}' if output == "json" else f"reconciler {__version__}")
