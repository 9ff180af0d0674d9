"""`reconciler restart`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import Options, applying_options, engine_options, turn_option
from reconciler.cli.wiring import connected, load_spec, spec_files


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@applying_options
@engine_options
@turn_option
def command(names: tuple[str, ...], **given: Any) -> int:
    """Restart containers as they are, one after the other, each proven before the next one stops.

    NAME is that in the spec, and means all replicas. Where the spec has changed, that is left to apply.
    """
    options = Options(**given)
    spec = load_spec(options)
    from reconciler.cli.carry_out import carry_out  # a wrong spec should not wait for it
    from reconciler.cli.recording import Recorder
    from reconciler.cli.turns import my_turn
    from reconciler.planning.restarting import plan_restart

    files = spec_files(options)
    with connected(options) as engine, my_turn("restart", spec.name, files, engine, options, lasts=False) as turns:
        snapshot = engine.observe(spec.name, spec, images=False)
        todo = plan_restart(spec, snapshot, names)
        # Without the spec: it was not carried out, and nobody goes back to it.
        record = Recorder("restart", None, files, snapshot, engine)
        again = lambda: plan_restart(spec, engine.observe(spec.name, spec, images=False), names)  # noqa: E731
        return carry_out(todo, engine, options, record, turns, again, settled="has been restarted")
