"""`reconciler watch`."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import Options, engine_options, image_options, source_options
from reconciler.cli.outside import Outside, observed, outside_options
from reconciler.cli.wiring import interruptible
from reconciler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.engine.engine import DockerEngine
    from reconciler.errors import EngineError


@click.command(context_settings={"auto_envvar_prefix": "RECONCILER"})
@source_options
@engine_options
@image_options
@click.option(
    "--resync",
    "--interval",
    "resync",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Look at everything after so long, even if nothing asked for it; otherwise what the spec says, or 300.",
)
@click.option("--prune-projects", is_flag=True, help="Take a project down whose spec is removed from a folder.")
@click.option("--take-over", is_flag=True, help="Take projects from a watch on another machine that is gone.")
@outside_options
def command(resync: float | None, prune_projects: bool, **given: Any) -> int:
    """Keep the Engine as the spec declares it, until stopped.

    A cycle runs at once, when the spec or the Engine changes, on SIGHUP, and now and then. It removes and replaces
    without asking. In a folder without a default file each spec is a project of its own.

    Each option can also be given by the environment, as RECONCILER_ and its name: RECONCILER_LOG_LEVEL.
    """
    outside = Outside.taken_from(given)
    options = Options(**given)
    if "-" in options.file:
        raise UsageError("watch can't watch standard input", "name a file or a folder with -f")
    from reconciler.cli.garbage import collect_steadily
    from reconciler.cli.kept import Keeper
    from reconciler.cli.leaving import leave_in_time
    from reconciler.cli.watching import Maker, Source  # each command pays for what it needs
    from reconciler.engine.engine import connect
    from reconciler.engine.feed import Feed
    from reconciler.execution.clock import SystemClock
    from reconciler.report.style import Style
    from reconciler.watch.daemon import Daemon, seconds_between
    from reconciler.watch.log import configure
    from reconciler.watch.saying import Sayings

    source = Source(options)
    if prune_projects and not source.folders:
        raise UsageError("--prune-projects is for a folder of specs", "name one with -f")
    reads = source()
    specs = [read.spec for read in reads if read.spec]
    if not specs:  # what is wrong from the start is better said here, with its exit code
        raise next(read.error for read in reads if read.error)
    keeper = Keeper(options)
    keeper.begin(reads)
    clock, said = SystemClock(), Sayings()
    logging = configure(colours=Style.for_stream(sys.stderr, os.environ).colours, level=outside.log_level)
    log = logging.log

    def follow(
        changed: Callable[[str | None], None], away: Callable[[EngineError], None], back: Callable[[], None]
    ) -> Feed:
        def there() -> DockerEngine:
            return connect(options.host, options.context, os.environ)

        return Feed(there, clock, changed=changed, away=away, back=back)

    with (
        closing(logging.output),
        interruptible("Stopping after the calls under way; again to leave at once.") as interruption,
        observed(outside, logging, clock, lambda project: daemon.ask("request", project)) as seen,
    ):
        daemon = Daemon(
            source=source,
            folders=source.folders,
            follow=follow,
            watch=Maker(options, clock, log, said, seen.observer, keeper),
            clock=clock,
            log=log,
            said=said,
            observer=seen.observer,
            resync=resync,
            prune=prune_projects,
        )

        def stop() -> None:
            daemon.ask("stop")
            seen.stopping()

        def reload() -> None:
            seen.reloading()
            daemon.ask("signal")

        # A write of our own could wait for ever, in the signal handler, for somebody to read what was written before.
        interruption.say = lambda message: logging.output.write(f"\n{message}\n")
        interruption.on_stop = stop
        leave_in_time(interruption)
        signal.signal(signal.SIGHUP, lambda *_: reload())
        log.info("watching", file=", ".join(read.file for read in reads), resync=seconds_between(resync, specs))
        collect_steadily()
        ended = daemon.run()
        if ended:
            log.info("stopped")
    if not ended:
        os._exit(interruption.exit_code)
    return ExitCode.OK
