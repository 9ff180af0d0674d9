"""`reconciler down`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import (
    Options,
    applying_options,
    engine_options,
    orphans_option,
    pause_option,
    turn_option,
    yes_option,
)
from reconciler.cli.wiring import connected, load_spec, observing, spec_files
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.state.snapshot import Snapshot


@click.command()
@applying_options
@engine_options
@orphans_option
@turn_option
@pause_option
@yes_option
@click.option("--volumes", is_flag=True, help="Remove the project's volumes too, with all data in them.")
@click.option("--images", is_flag=True, help="Remove the images too that the spec names and nothing else uses.")
def command(*, volumes: bool, images: bool, **given: Any) -> int:
    """Remove the project's containers and networks; its volumes and images stay, unless asked for.

    With --project and no --file it needs no spec.
    """
    options = Options(**given)
    spec = None if options.project and not options.file else load_spec(options)
    if spec is None and (volumes or images):
        raise UsageError(
            "--volumes and --images need the spec: only it says what is protected, and which images are meant",
            "name it with -f",
        )
    project = spec.name if spec else options.project or ""
    from reconciler.cli.turns import my_turn  # a wrong spec should not wait for it

    files = spec_files(options) if spec else ()
    with connected(options) as engine, my_turn("down", project, files, engine, options) as turns:
        with observing(engine, project, spec, images=False) as observed:
            from reconciler.cli.carry_out import carry_out
            from reconciler.cli.recording import Recorder
            from reconciler.planning.planner import plan_down
            from reconciler.planning.taking_down import Besides

            snapshot = observed()
        besides = Besides(volumes, images, engine.volume_sizes() if volumes else {})

        def planned(on: Snapshot) -> Plan:
            return plan_down(project, on, spec, remove_orphans=options.remove_orphans, besides=besides)

        todo = planned(snapshot)
        if todo.in_sync and not todo.notices and options.output == "text" and not options.quiet:
            stay = f" but its volumes: {', '.join(todo.kept_volumes)}" if todo.kept_volumes else ""
            click.echo(f"Nothing of {project} is here{stay}.")
            return 0
        record = Recorder("down", spec, files, snapshot, engine)
        again = lambda: planned(engine.observe(project, spec, images=False))  # noqa: E731
        return carry_out(todo, engine, options, record, turns, again, settled="is down")
