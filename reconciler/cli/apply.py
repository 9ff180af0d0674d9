"""`reconciler apply`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import (
    Options,
    engine_options,
    orphans_option,
    spec_options,
    target_option,
    yes_option,
)
from reconciler.cli.wiring import connected, load_spec, spec_files


@click.command()
@spec_options
@engine_options
@orphans_option
@target_option
@yes_option
def command(**given: Any) -> int:
    """Make the Engine what the spec declares.

    On a terminal it asks before it removes or replaces; elsewhere such a plan needs --yes.
    """
    options = Options(**given)
    spec = load_spec(options)
    from reconciler.cli.carry_out import carry_out  # a wrong spec should not wait for it
    from reconciler.cli.recording import Recorder
    from reconciler.execution.lost import with_lost
    from reconciler.planning.planner import plan

    with connected(options) as engine:
        snapshot = engine.observe(spec.name, spec)
        record = Recorder("apply", spec, spec_files(options), snapshot, engine)
        found = plan(spec, snapshot, targets=options.target, remove_orphans=options.remove_orphans)
        return carry_out(with_lost(found, snapshot, engine), engine, options, record)
