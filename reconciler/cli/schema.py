"""`reconciler schema`."""

from __future__ import annotations

import click

from reconciler.cli.printing import print_json


@click.command()
@click.option("--plan", "of_plan", is_flag=True, help="Of what `plan -o json` prints instead.")
def command(of_plan: bool) -> None:
    """Print the JSON Schema of a spec, for editors and CI."""
    if of_plan:
        from reconciler.report.plan_schema import plan_schema

        print_json(plan_schema())
        return
    from reconciler.spec.schema import spec_schema  # each command pays for what it needs

    print_json(spec_schema())
