"""Who may change a project now: what commands by hand share with a `watch` that keeps it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.cli.wiring import note
from reconciler.errors import Locked
from reconciler.locks.file_lock import LockFileError
from reconciler.locks.folder import lock_folder
from reconciler.locks.holder import Holder
from reconciler.locks.turn import Turn
from reconciler.locks.watch_lock import watcher
from reconciler.state_folder import state_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reconciler.cli.options import Options
    from reconciler.engine.engine import DockerEngine


def this_process(command: str, options: Options, files: Iterable[Path]) -> Holder:
    """Who we are, and which spec it is about.

    Args:
        command: what was called, such as `apply`.
        options: of the command.
        files: of the spec.
    """
    words = [
        *(f"--project {name}" for name in (options.project,) if name),
        *(f"--profile {name}" for name in sorted(options.profile)),
        *(f"--env-file {os.path.realpath(file)}" for file in options.env_file),
        *(["--locked"] if options.locked else []),
    ]
    real = tuple(os.path.realpath(file) for file in files)
    return Holder.here(command, real, tuple(words), os.path.realpath(state_folder(os.environ)))


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of a command by hand.

    Attributes:
        turn: the lock; None where there is none to take.
        options: of the command.
    """

    turn: Turn | None
    options: Options

    @contextmanager
    def yielded(self) -> Iterator[None]:
        """While a person thinks, others go on."""
        self.release()
        yield
        self.take()

    @property
    def is_undisturbed(self) -> bool:
        """Whether nobody else had a turn while it was yielded."""
        return self.turn is None or self.turn.is_undisturbed

    def take(self) -> None:
        """Wait for the turn.

        Raises:
            Locked: somebody else has it for too long.
        """
        if self.turn:
            self.turn.take(self.options.lock_timeout, waiting=self._say)

    def release(self) -> None:
        """Let the next one have it."""
        if self.turn:
            self.turn.release()

    def _say(self, other: Holder) -> None:
        if not self.options.quiet:
            note(f"waiting for {other}", "it is changing the project just now")


@contextmanager
def my_turn(
    command: str,
    project: str,
    files: Iterable[Path],
    engine: DockerEngine,
    options: Options,
    *,
    declares: bool = False,
) -> Iterator[Turns]:
    """While this lasts, nobody else on this machine changes the project.

    Args:
        command: what was called, such as `apply`.
        project: its name.
        files: of the spec.
        engine: where.
        options: of the command.
        declares: whether it makes the project what the spec says: one who watches the same spec is no obstacle then.

    Raises:
        Locked: somebody who watches the project would undo it, or somebody else has the turn for too long.
    """
    if options.dry_run:
        yield Turns(None, options)
        return
    me, folder, key = this_process(command, options, files), lock_folder(os.environ), engine.identity()
    try:
        found = watcher(folder, project, key, me, engine)
        if found and not (declares and found.reads_the_same(me)):
            raise _kept(project, found, me)
        turns = Turns(Turn(folder, project, key, me), options)
        turns.take()
    except LockFileError as error:
        # Where nothing can be locked nobody watches either: that is no reason not to work by hand.
        note(error.message, error.hint)
        turns = Turns(None, options)
    try:
        yield turns
    finally:
        turns.release()


def _kept(project: str, watcher: Holder, me: Holder) -> Locked:
    if watcher.place != me.place:
        hint = f"end it there; or call {me.command} there"
    elif me.command == "apply":
        hint = "change the spec that it keeps, or end it first"
    else:
        hint = "it would undo this: end it first"
    return Locked(f'"{project}" is kept by {watcher}', hint)
