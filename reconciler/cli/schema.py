"""`reconciler schema`."""

from __future__ import annotations

import click

from reconciler.cli.wiring import print_json


@click.command()
def command() -> None:
    """Print the JSON Schema of a spec, for editors and CI."""
    from reconciler.spec.schema import spec_schema  # each command pays for what it needs

    print_json(spec_schema())
