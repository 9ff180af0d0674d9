"""`reconciler logs`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.completing import complete_containers
from reconciler.cli.moments import period_options, unix_moment
from reconciler.cli.options import Options, engine_options, source_options
from reconciler.cli.printing import note, style
from reconciler.cli.wiring import connected, load_spec
from reconciler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.engine.engine import DockerEngine
    from reconciler.logs.follow import Asked, Trouble
    from reconciler.logs.reader import Line
    from reconciler.report.log_text import LogText
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import ContainerState


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_containers)
@source_options
@engine_options
@click.option("--follow", is_flag=True, help="Go on with what is written, through restarts and replacements.")
@period_options
@click.option("-n", "--tail", metavar="LINES", default="all", help="Only so many lines of each container's end.")
@click.option("-t", "--timestamps", is_flag=True, help="Say when each line was written.")
@click.option("--no-log-prefix", is_flag=True, help="Don't say whose each line is.")
def command(
    names: tuple[str, ...],
    follow: bool,
    since: str | None,
    until: str | None,
    tail: str,
    timestamps: bool,
    no_log_prefix: bool,
    **given: Any,
) -> int:
    """Show what containers wrote: all of the project's, or those that are named.

    NAME is a container's name in the spec or on the Engine. With --project and no --file it needs no spec.
    """
    options = Options(**given)
    if tail != "all" and not tail.isdecimal():
        raise UsageError(f"--tail {tail}: that is no number of lines", "write a number, or all")
    now = time.time()
    spec = None if options.project and not options.file else load_spec(options, quiet=True)
    from reconciler.logs.follow import Asked  # a wrong spec should not wait for it
    from reconciler.report.log_text import LogText

    asked = Asked(
        spec.name if spec else options.project or "",
        since=unix_moment(since, now, "--since") if since else "",
        until=unix_moment(until, now, "--until") if until else "",
        tail=tail,
        spec=spec,
    )
    text = LogText(
        sys.stdout.buffer,
        style(),
        terminal=sys.stdout.isatty(),
        prefix=not no_log_prefix,
        timestamps=timestamps,
    )
    try:
        with connected(options) as engine:
            here = engine.containers(asked.project, spec)
            asked = _only(asked, names, spec, here, follow=follow)
            wanted = [one for one in here if asked.wants(one)]
            text.expect(sorted({f"{one.resource}-{one.replica}" for one in wanted}))
            seconds = float(asked.until) - now if until else None
            return _write(text, _said(engine, asked, wanted, follow=follow, seconds=seconds))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED  # here, so that nothing at all is said about it


def _write(text: LogText, told: Iterator[Line | Trouble | None]) -> int:
    from reconciler.logs.follow import Trouble

    failed = False
    for said in told:
        if said is None:
            text.flush()
        elif isinstance(said, Trouble):
            text.flush()
            _tell(said)
            failed = failed or bool(said.source)
        else:
            text.write(said)
    text.flush()
    return ExitCode.FAILED if failed else ExitCode.OK


def _said(
    engine: DockerEngine, asked: Asked, containers: list[ContainerState], *, follow: bool, seconds: float | None
) -> Iterator[Line | Trouble | None]:
    from reconciler.execution.clock import SystemClock
    from reconciler.logs.follow import Follow, read

    if follow:
        return Follow(engine, asked, SystemClock(), seconds).lines()
    return read(engine, asked, containers)


def _only(
    asked: Asked, names: tuple[str, ...], spec: Spec | None, here: Sequence[ContainerState], *, follow: bool
) -> Asked:
    """What is asked for, with the names that were given."""
    from dataclasses import replace

    from reconciler.spec.diagnostics import meant

    known = {one.resource for one in here} | {one.name for one in here} | set(spec.containers if spec else ())
    for name in names:
        # Whoever follows may wait for what is not there yet, if it can ever come: that only a spec says.
        if name not in known and not (follow and spec is None):
            raise UsageError(f'project "{asked.project}" has no container "{name}"', meant(name, known))
    wanted = frozenset(names)
    return replace(asked, wants=lambda one: not wanted or bool(wanted & {one.resource, one.name}))


def _tell(trouble: Trouble) -> None:
    if trouble.source:
        note(f"what {trouble.source} wrote can't be read: {trouble.error.message}", trouble.error.hint)
    else:
        note(f"{trouble.error.message}; waiting for it", "")
