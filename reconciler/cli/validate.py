"""`reconciler validate`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import Options, spec_options
from reconciler.cli.wiring import load_spec, print_json
from reconciler.errors import SpecError


@click.command()
@spec_options
def command(**given: Any) -> int:
    """Check a spec, without an Engine."""
    options = Options(**given)
    if options.output == "json":
        return _as_json(options)
    spec = load_spec(options)
    counts = {
        "image": len(spec.images),
        "container": len(spec.containers),
        "network": len(spec.networks),
        "volume": len(spec.volumes),
    }
    shown = ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items() if count)
    click.echo(f"{spec.name} is valid: {shown}.")
    return 0


def _as_json(options: Options) -> int:
    from reconciler.report.json_form import error_dict  # only where asked for

    try:
        spec = load_spec(options)
    except SpecError as error:
        print_json({"valid": False, **error_dict(error)})
        return int(error.exit_code)
    print_json({"valid": True, "project": spec.name})
    return 0
