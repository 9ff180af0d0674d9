"""What a watch shows of itself: options, and the observers that they ask for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.ports import Clock
    from reconciler.watch.log import Level, Logging
    from reconciler.watch.observing import Observer
    from reconciler.watch.systemd import Systemd

Command = TypeVar("Command", bound=Callable[..., Any])

_KINDS = ("mended", "failure", "rollback", "recovery")


@dataclass(frozen=True, slots=True)
class Outside:
    """What the person asked for.

    Attributes:
        log_level: what is less grave is not logged.
        listen: where HTTP is served; None for nowhere.
        token_file: the file with the token that callers must have.
        notify: whom to tell, as `parse_target` reads it.
        notify_on: of what; all of it without it.
    """

    log_level: Level = "info"
    listen: str | None = None
    token_file: str | None = None
    notify: tuple[str, ...] = ()
    notify_on: tuple[str, ...] = ()

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> Outside:
        """What is of it in a command's options; it is no longer there afterwards."""
        return cls(**{one.name: given.pop(one.name) for one in fields(cls)})


@dataclass(frozen=True, slots=True)
class Observation:
    """Who is told.

    Attributes:
        observer: of everything.
        systemd: of reloads and the end; None where it did not start us.
    """

    observer: Observer
    systemd: Systemd | None

    def reloading(self) -> None:
        """Everything is read anew; called from the signal handler."""
        if self.systemd:
            self.systemd.reloading()

    def stopping(self) -> None:
        """The end begins; called from the signal handler."""
        if self.systemd:
            self.systemd.stopping()


def outside_options(command: Command) -> Command:
    """--log-level, --listen, --token-file, --notify and --notify-on."""
    level = click.option(
        "--log-level",
        type=click.Choice(("debug", "info", "warning", "error")),
        default="info",
        help="Log this, and what is graver.",
    )
    listen = click.option("--listen", metavar="HOST:PORT", help="Serve probes, metrics and an API over HTTP.")
    token = click.option(
        "--token-file", metavar="PATH", help="The file with the token that callers must have; else RECONCILER_TOKEN."
    )
    notify = click.option(
        "--notify",
        metavar="FORM=URL",
        multiple=True,
        help="Tell webhook=URL or slack=URL of what is mended, fails, or is well again; @FILE has the URL.",
    )
    notify_on = click.option(
        "--notify-on", type=click.Choice(_KINDS), multiple=True, help="Tell of this; without it of everything."
    )
    return level(listen(token(notify(notify_on(command)))))


@contextmanager
def observed(outside: Outside, logging: Logging, clock: Clock, ask: Callable[[str], None]) -> Iterator[Observation]:
    """Who is told of everything, for a while.

    Args:
        outside: what is asked for.
        logging: where they say what they do.
        clock: for durations.
        ask: asks for a cycle of a project, or of all for an empty name, because somebody asked over HTTP.

    Raises:
        UsageError: it can't be done as asked.
    """
    from reconciler.watch.observing import Observers
    from reconciler.watch.systemd import Systemd

    log = logging.log

    def defect(error: Exception) -> None:
        log.error("observer_defect", error=f"{type(error).__name__}: {error}")

    with ExitStack() as stack:
        observers: list[Observer] = []
        if systemd := Systemd.of(os.environ):
            observers.append(stack.enter_context(closing(systemd)))
        if outside.notify:
            observers.append(stack.enter_context(_notified(outside, logging)))
        elif outside.notify_on:
            raise UsageError(
                "--notify-on says of what to tell, and nobody is to be told", "name somebody with --notify"
            )
        if outside.listen:
            observers += stack.enter_context(_served(outside, logging, clock, ask))
        elif outside.token_file:
            raise UsageError("--token-file is for callers over HTTP, and nothing is served", "say where with --listen")
        yield Observation(Observers(observers, defect), systemd)


@contextmanager
def _served(outside: Outside, logging: Logging, clock: Clock, ask: Callable[[str], None]) -> Iterator[list[Observer]]:
    from reconciler.watch.overview import Overview  # who does not listen pays for none of it
    from reconciler.web.access import Access, parse_address, read_token
    from reconciler.web.metrics import Metrics
    from reconciler.web.server import serving
    from reconciler.web.site import Site

    log = logging.log
    address = parse_address(outside.listen or "")
    access = Access.to(address, read_token(outside.token_file, os.environ))
    overview = Overview(clock, time.time)
    metrics = Metrics(time.time, lambda: logging.output.dropped)
    with serving(address, Site(overview, metrics, access, ask), log) as where:
        log.info("listening", address=where, token=access.token is not None)
        yield [overview, metrics]


@contextmanager
def _notified(outside: Outside, logging: Logging) -> Iterator[Observer]:
    from reconciler.notify.news import NewsKind  # who tells nobody pays for none of it
    from reconciler.notify.notifier import Notifier
    from reconciler.notify.sending import Sender
    from reconciler.notify.targets import parse_target
    from reconciler.report.json_form import moment

    targets = [parse_target(text) for text in outside.notify]
    kinds = frozenset(NewsKind(kind) for kind in outside.notify_on or _KINDS)
    senders = [Sender(target, kinds, logging.log, lambda: moment(time.time())) for target in targets]
    with closing(Notifier(senders)) as notifier:
        yield notifier
