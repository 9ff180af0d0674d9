"""`reconciler rollback`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import (
    Options,
    applying_options,
    engine_options,
    pause_option,
    show_sensitive_option,
    turn_option,
    yes_option,
)
from reconciler.cli.wiring import connected, load_spec, spec_files

if TYPE_CHECKING:
    from reconciler.spec.model import Spec


@click.command()
@click.argument("number", type=click.IntRange(1), required=False)
@applying_options
@engine_options
@turn_option
@pause_option
@yes_option
@show_sensitive_option
def command(number: int | None, **given: Any) -> int:
    """Go back to the spec of an earlier apply, with the images of that time and today's secrets.

    NUMBER is that of `history`; without it, the last good one before the newest. It is planned, agreed to and applied
    like any other. The spec's file stays as it is: the next apply of it goes forward again.
    """
    options = Options(**given)
    today = load_spec(options)
    from reconciler.cli.carry_out import carry_out  # a wrong spec should not wait for it
    from reconciler.cli.recording import Recorder
    from reconciler.cli.resting import holds_of
    from reconciler.cli.turns import my_turn
    from reconciler.journal.going_back import run_to_go_back_to, spec_of
    from reconciler.journal.journal import Journal
    from reconciler.planning.planner import plan
    from reconciler.spec.writing import native
    from reconciler.state_folder import state_folder

    files = spec_files(options)
    with connected(options) as engine, my_turn("rollback", today.name, files, engine, options) as turns:
        identity = engine.identity()
        runs = [run for run in Journal(state_folder(os.environ)).runs(today.name) if run.engine == identity]
        run = run_to_go_back_to(runs, number)
        spec = _read(spec_of(run, native(today), engine.observe(today.name)), options)
        snapshot = engine.observe(spec.name, spec)
        if options.output == "text" and not options.quiet:
            click.echo(f"Going back to {run.number} in the history, of {run.began}.\n")
        holds = holds_of(spec.name)
        record = Recorder("rollback", spec, files, snapshot, engine)
        found = plan(spec, snapshot, holds=holds)
        settled = f"is as {run.number} in the history declared it"
        again = lambda: plan(spec, engine.observe(spec.name, spec), holds=holds)  # noqa: E731
        return carry_out(found, engine, options, record, turns, again, settled)


def _read(data: dict[str, Any], options: Options) -> Spec:
    from reconciler.spec.loader import Asked, load_text
    from reconciler.spec.writing import spec_json

    files = spec_files(options)
    asked = Asked(
        project=options.project, environ=os.environ, env_files=tuple(Path(one).absolute() for one in options.env_file)
    )
    # Beside the spec, where its `.env` is.
    return load_text(spec_json(data).encode(), files[0].parent if files else Path.cwd(), asked).spec
