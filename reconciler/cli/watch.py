"""`reconciler watch`."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.locking import load_locked, lock_file
from reconciler.cli.options import Options, engine_options, image_options, source_options
from reconciler.cli.pruning import used_for
from reconciler.cli.wiring import interruptible
from reconciler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.execution.outcome import Outcome
    from reconciler.planning.pruning import UsedImage
    from reconciler.ports import Engine
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot


@click.command()
@source_options
@engine_options
@image_options
@click.option("--take-over", is_flag=True, help="Take the project from a watch on another machine that is gone.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Look again after so long, even if nothing asked for it; otherwise what the spec says, or 30.",
)
def command(interval: float | None, **given: Any) -> int:
    """Keep the Engine as the spec declares it, until stopped.

    A cycle runs at once, when the spec changes, after each interval, and on SIGHUP. It removes and replaces
    without asking.
    """
    options = Options(**given)
    if "-" in options.file:
        raise UsageError("watch can't watch standard input", "name a file or a folder with -f")
    from reconciler.cli.kept import Kept  # each command pays for what it needs
    from reconciler.cli.recording import Recorder
    from reconciler.cli.turns import this_process
    from reconciler.execution.clock import SystemClock
    from reconciler.journal.journal import Journal, JournalError
    from reconciler.locks.folder import lock_folder
    from reconciler.locks.keeping import Keeping
    from reconciler.report.style import Style
    from reconciler.spec.loader import files_of
    from reconciler.state_folder import state_folder
    from reconciler.watch.files import watched
    from reconciler.watch.log import configure
    from reconciler.watch.loop import Watch, seconds_between
    from reconciler.watch.memory import Memory
    from reconciler.watch.triggers import Triggers

    files = files_of(options.file, os.environ, Path.cwd())
    spec = load_locked(options).spec  # a spec that is wrong from the start is better said here, with its exit code
    clock = SystemClock()
    triggers = Triggers(clock)

    me = this_process("watch", options, files)
    kept = Kept(Keeping(lock_folder(os.environ), spec.name, me, options.take_over), options)

    def record(spec: Spec, snapshot: Snapshot, engine: Engine, outcome: Outcome, seconds: float) -> None:
        Recorder("watch", spec, tuple(files), snapshot, engine)(outcome, seconds)

    def prune(project: str, engine: Callable[[], str]) -> tuple[UsedImage, ...] | None:
        try:
            return used_for(options, project, engine)
        except JournalError as error:
            log.warning("journal", error=error.message)
            return None

    log = configure(colours=Style.for_stream(sys.stderr, os.environ).colours)
    with interruptible("Stopping after the calls under way; again to leave at once.") as interruption:
        interruption.on_stop = lambda: triggers.ask("stop")
        signal.signal(signal.SIGHUP, lambda *_: triggers.ask("signal"))
        watch = Watch(
            load=lambda: load_locked(options, quiet=True).spec,  # it was said at the start
            connect=kept.connect,
            triggers=triggers,
            interval=interval,
            clock=clock,
            log=log,
            stop=interruption.stop,
            memory=Memory(Journal(state_folder(os.environ)), lambda error: log.warning("journal", error=error.message)),
            record=record,
            prune=prune,
        )
        with ExitStack() as stack:
            for file in [*files, lock_file(options)] if options.locked else files:
                stack.enter_context(watched(file, lambda: triggers.ask("file")))
            log.info("watching", file=", ".join(map(str, files)), interval=seconds_between(interval, spec))
            stack.callback(kept.let_go)
            watch.run()
        log.info("stopped")
    return ExitCode.OK
