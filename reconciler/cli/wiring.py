"""Puts the real parts together: files, Engine, signals."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.printing import show
from reconciler.errors import ExitCode

if TYPE_CHECKING:
    from reconciler.cli.ahead import Ahead
    from reconciler.cli.options import Options
    from reconciler.engine.engine import DockerEngine
    from reconciler.spec.model import Spec
    from reconciler.spec.provenance import Trace
    from reconciler.state.snapshot import Snapshot


def load_spec(options: Options, *, quiet: bool = False, trace: Callable[[Trace], None] | None = None) -> Spec:
    """The spec that the options name.

    Args:
        options: of the command.
        quiet: say nothing of warnings; else they go to standard error.
        trace: told where everything was written.
    """
    from reconciler.spec.loader import load  # each command pays for what it needs

    return load(
        options.file,
        project=options.project,
        environ=os.environ,
        profiles=options.profile,
        env_files=options.env_file,
        warn=None if quiet else show,
        trace=trace,
    )


def spec_files(options: Options) -> tuple[Path, ...]:
    """The files that the options name, absolute; none for standard input."""
    from reconciler.spec.loader import files_of, is_standard_input

    if is_standard_input(options.file):
        return ()
    return tuple(files_of(options.file, os.environ, Path.cwd(), options.env_file))


@contextmanager
def connected(options: Options, ahead: Ahead | None = None) -> Iterator[DockerEngine]:
    """The Engine that the options name, for a while; the one of `ahead`, where that was begun before."""
    from reconciler.engine.engine import connect

    engine = ahead.engine() if ahead else connect(options.host, options.context, os.environ)
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def observing(
    engine: DockerEngine, project: str, spec: Spec | None, *, images: bool = True
) -> Iterator[Callable[[], Snapshot]]:
    """Look at what is there while the rest of a command is imported: an Engine may take as long to list it.

    The arguments are those of `reconciler.ports.Engine.observe`. What is yielded returns what was seen, and raises what
    `observe` does.
    """
    from reconciler.threads import threads

    with threads(1, "observing") as pool:
        yield pool.submit(engine.observe, project, spec, images=images).result


def _say_at_once(message: str) -> None:
    # Not through sys.stderr: the signal may have come in the middle of one of its writes.
    os.write(2, f"\n{message}\n".encode())


@dataclass(slots=True)
class Interruption:
    """Whether somebody asked the program to end.

    Attributes:
        stop: set once that is so.
        exit_code: how it ends then.
        on_stop: called at the first request, from the signal handler.
        say: says something, from the signal handler.
        on_leave: called at the second request, from the signal handler, before the process is gone.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    exit_code: ExitCode = ExitCode.INTERRUPTED
    on_stop: Callable[[], None] = lambda: None
    say: Callable[[str], None] = _say_at_once
    on_leave: Callable[[], None] = lambda: None


_CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.HUNG_UP,
}
"""What asks for an end, and how the command ends then."""

_ONE_REQUEST = 0.2
"""Seconds in which another signal is the same request: `timeout` tells the command, and then its whole group."""


@contextmanager
def interruptible(message: str) -> Iterator[Interruption]:
    """The first Ctrl-C or SIGTERM, or the terminal's end, asks for an end; a second one of the former leaves at once.

    Args:
        message: what to say at the first.
    """
    interruption, asked = Interruption(), 0.0

    def handle(number: int, _frame: object) -> None:
        nonlocal asked
        code = _CODES[signal.Signals(number)]
        if interruption.stop.is_set():
            # The end of a terminal comes twice, from the shell and from the terminal, and is nobody's impatience.
            if number == signal.SIGHUP or time.monotonic() - asked < _ONE_REQUEST:
                return
            with suppress(OSError):
                interruption.on_leave()
            os._exit(code)
        asked = time.monotonic()
        interruption.exit_code = code
        interruption.stop.set()
        interruption.on_stop()
        # Nobody may read it any more: the same Ctrl-C ended `tee`, or the terminal is gone. What a handler raises would
        # end the run before it has taken back what is half done.
        with suppress(OSError):
            interruption.say(message)

    # `nohup` has the terminal's end ignored: so it stays.
    heeded = [number for number in _CODES if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
