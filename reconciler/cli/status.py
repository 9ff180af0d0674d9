"""`reconciler status`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import Options, engine_options, spec_options
from reconciler.cli.printing import note, print_json, style, width
from reconciler.cli.wiring import connected, load_spec, spec_files
from reconciler.errors import ExitCode, ReconcilerError, SpecError, UsageError

if TYPE_CHECKING:
    from reconciler.engine.engine import DockerEngine
    from reconciler.spec.model import Spec


@dataclass(frozen=True, slots=True)
class _Status:
    """What is there now.

    Attributes:
        text: it, for so many columns.
        data: it, for a program.
        exit_code: what `--exit-code` makes of it.
    """

    text: Callable[[int], str]
    data: dict[str, Any]
    exit_code: ExitCode


@click.command()
@spec_options
@engine_options
@click.option("--images", is_flag=True, help="Show the images, and ask their registries for newer ones.")
@click.option("--exit-code", is_flag=True, help="Exit with 2 where something is not as declared, or in trouble.")
@click.option("--watch", is_flag=True, help="Show it again and again, until stopped.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Of --watch: how often to look. [default: 2; 60 with --images]",
)
def command(images: bool, exit_code: bool, watch: bool, interval: float | None, **given: Any) -> int:
    """Show every resource, wanted beside actual."""
    options = Options(**given)
    look = _images if images else _resources
    try:
        spec = load_spec(options)
    except SpecError:
        _tell_who_keeps(options)
        raise
    if not watch:
        with connected(options) as engine:
            found = look(engine, spec)
        if options.output == "json":
            print_json(found.data)
        else:
            click.echo(found.text(width()))
        return found.exit_code if exit_code else ExitCode.OK
    if exit_code:
        raise UsageError("--watch and --exit-code don't go together", "leave one of them out: --watch does not end")
    if "-" in options.file:
        raise UsageError("--watch can't read standard input again and again", "name a file or a folder with -f")
    return _watch(options, look, interval or (60.0 if images else 2.0))


def _tell_who_keeps(options: Options) -> None:
    """The spec can't be used: say so of each `watch` that keeps the last good one."""
    from reconciler.cli.resting import watchers_of

    try:
        found = watchers_of(spec_files(options))
    except ReconcilerError:
        return  # which files that are is what is wrong
    for watcher in found:
        since = f" since {watcher.broken_since}" if watcher.broken_since else ""
        note(f"the last good spec is kept{since} by {watcher}", "mend the spec, and it takes that")


def _resources(engine: DockerEngine, spec: Spec) -> _Status:
    from reconciler.cli.resting import rests_of, watcher_on
    from reconciler.planning.planner import plan  # a wrong spec should not wait for it
    from reconciler.planning.takeover import take_over
    from reconciler.report.project_status import ProjectStatus, project_dict, project_lines
    from reconciler.report.status import status_dict, status_rows, status_text

    snapshot = engine.observe(spec.name, spec)
    rests = rests_of(spec.name)
    found = plan(spec, snapshot, holds=rests.holds, attended=False)  # as `watch` sees it
    whole = ProjectStatus(watcher_on(spec.name, engine.identity), rests, spec.settings.suspend)
    rows = status_rows(found, spec, take_over(snapshot, spec.name, spec))
    return _Status(
        lambda columns: status_text(
            found,
            rows,
            style(),
            columns,
            engine.host_name,
            project_lines(whole, spec.name, style(), columns),
        ),
        status_dict(found, rows) | project_dict(whole),
        ExitCode.CHANGES_PENDING if whole.needs_a_look or any(row.needs_a_look for row in rows) else ExitCode.OK,
    )


def _images(engine: DockerEngine, spec: Spec) -> _Status:
    from reconciler.report.image_status import asked_for, image_rows, image_status_dict, image_status_text

    rows = image_rows(spec, engine.observe(spec.name), engine.offers(asked_for(spec)))
    return _Status(
        lambda columns: image_status_text(spec.name, rows, style(), columns),
        image_status_dict(spec.name, rows),
        ExitCode.CHANGES_PENDING if any(row.needs_a_look for row in rows) else ExitCode.OK,
    )


def _watch(options: Options, look: Callable[[DockerEngine, Spec], _Status], interval: float) -> int:
    from reconciler.cli.status_watch import watch_lines, watch_screen

    def now() -> _Status:
        # Everything anew each time: the spec may have been edited, the Engine restarted.
        with connected(options) as engine:
            return look(engine, load_spec(options, quiet=True))

    if options.output == "json":
        return watch_lines(lambda: json.dumps(now().data, ensure_ascii=False), interval)
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return watch_lines(lambda: now().text(width()) + "\n", interval)
    return watch_screen(lambda: now().text, style(), interval)
