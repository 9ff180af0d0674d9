"""`reconciler snapshot`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import Options, engine_options, spec_options
from reconciler.cli.printing import print_json
from reconciler.cli.wiring import connected, load_spec


@click.command()
@spec_options
@engine_options
@click.option("--out", metavar="FILE", required=True, help="Where to write it, for `plan --snapshot`.")
@click.option("--with-values", is_flag=True, help="Write what may be secret too, rather than digests of it.")
def command(out: str, with_values: bool, **given: Any) -> None:
    """Write what is there to a file, for a plan without an Engine."""
    from reconciler.cli.snapshot_file import write_snapshot  # a wrong spec should not wait for it

    options = Options(**given)
    spec = load_spec(options)
    with connected(options) as engine:
        snapshot = engine.observe(spec.name, spec)
    sensitive = spec.settings.sensitive
    write_snapshot(Path(out), snapshot, spec.name, with_values=with_values, sensitive=sensitive)
    if options.output == "json":
        print_json({"project": spec.name, "file": out, "taken_at": snapshot.taken_at, "with_values": with_values})
    else:
        values = "with all values" if with_values else "without values that may be secret"
        click.echo(f"Wrote what is there of {spec.name} to {out}, {values}.")
