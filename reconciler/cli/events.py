"""`reconciler events`."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.moments import period_options, unix_moment
from reconciler.cli.options import Options, engine_options, source_options
from reconciler.cli.printing import note, print_json, style
from reconciler.cli.wiring import connected, load_spec
from reconciler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.engine.engine import DockerEngine
    from reconciler.spec.model import Spec
    from reconciler.state.output import Event

_START = "0.000000000"


@click.command()
@source_options
@engine_options
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "ndjson"]),
    default="text",
    help="For a person, or for a program: all at the end, or a line each.",
)
@click.option("--follow/--no-follow", default=True, help="Go on with what happens, or end with what happened.")
@period_options
@click.option("--all", "everything", is_flag=True, help="Of everything on the Engine, and every sort. Needs no spec.")
def command(output: str, follow: bool, since: str | None, until: str | None, everything: bool, **given: Any) -> int:
    """Show what happens to the project's containers, images, networks and volumes, and what reconciler did.

    What happened before is shown from --since on, or with --no-follow, as far as the Engine remembers it: the last
    256 events since it was started. With --project and no --file it needs no spec.
    """
    options = Options(**given)
    follow = follow and not until
    if output == "json" and follow:
        raise UsageError("-o json prints at the end, and there is none", "say --no-follow or --until, or -o ndjson")
    now = time.time()
    start = unix_moment(since, now, "--since") if since else f"{now:.9f}" if follow else _START
    end = unix_moment(until, now, "--until") if until else "" if follow else f"{now:.9f}"
    spec = None if everything or (options.project and not options.file) else load_spec(options, quiet=True)
    try:
        with connected(options) as engine:
            names, found = _events(engine, options.project, spec, start, end, everything=everything)
            return _show(found, output, names)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED  # here, so that nothing at all is said about it


def _events(
    engine: DockerEngine, project: str | None, spec: Spec | None, since: str, until: str, *, everything: bool
) -> tuple[dict[str, str], Iterator[Event]]:
    from reconciler.execution.clock import SystemClock
    from reconciler.logs.events import resumed
    from reconciler.logs.ours import with_runs
    from reconciler.planning.takeover import take_over
    from reconciler.state.belonging import ACTIONS, belongings

    filters = {} if everything else {"event": ACTIONS}
    found = resumed(
        engine,
        filters,
        SystemClock(),
        lambda error: note(f"{error.message}; waiting for it", ""),
        since=since,
        until=until,
    )
    if everything:
        return {}, with_runs(found, _Runs(engine, None, since, until))
    name = spec.name if spec else project or ""
    snapshot = take_over(engine.observe(name, spec, images=False), name, spec, orphans=spec is None)
    ours = belongings(name, spec, snapshot)
    of_project = (event for event in found if ours.has(event))
    names = {one.id: one.name for one in snapshot.containers}
    return names, with_runs(of_project, _Runs(engine, name, since, until))


class _Runs:
    """Our runs on an Engine, by time: each call tells those that have ended since the one before."""

    def __init__(self, engine: DockerEngine, project: str | None, since: str, until: str) -> None:
        from reconciler.journal.journal import Journal
        from reconciler.state_folder import state_folder

        self._journal: Journal | None = Journal(state_folder(os.environ))
        self._engine = engine.identity()
        self._project = project
        self._first = _nanoseconds(since)
        self._last = _nanoseconds(until) if until else None
        self._number = 0

    def __call__(self) -> list[Event]:
        from reconciler.journal.journal import JournalError
        from reconciler.report.history import run_event

        if self._journal is None:
            return []
        try:
            runs = self._journal.runs(self._project, after=self._number)
        except JournalError as error:
            note(f"{error.message}: what reconciler did is not shown", error.hint)
            self._journal = None
            return []
        self._number = max([self._number, *(run.number for run in runs)])
        events = [run_event(run) for run in reversed(runs) if run.engine == self._engine]
        return [
            event
            for event in events
            if event.nanoseconds >= self._first and (self._last is None or event.nanoseconds <= self._last)
        ]


def _nanoseconds(moment: str) -> int:
    """Seconds since 1970, with nine digits after the point."""
    return int(moment.replace(".", ""))


def _show(found: Iterator[Event], output: str, names: dict[str, str]) -> int:
    from reconciler.report.event_text import EventText, event_dict

    if output == "json":
        print_json({"events": [event_dict(event) for event in found]})
        return ExitCode.OK
    text = EventText(style(), names=names)
    for event in found:
        lines = [json.dumps(event_dict(event), ensure_ascii=False)] if output == "ndjson" else text.lines(event)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
    return ExitCode.OK
