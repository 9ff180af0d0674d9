"""Who may change a project now: what commands by hand share with a `watch` that keeps it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.printing import note
from reconciler.cli.resting import rest_now
from reconciler.errors import Locked
from reconciler.locks.file_lock import LockFileError
from reconciler.locks.folder import lock_folder
from reconciler.locks.holder import Holder
from reconciler.locks.turn import Turn
from reconciler.locks.watch_lock import watcher
from reconciler.state_folder import state_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
        to_pause: who watches the project, and is paused before anything is done; None for nobody.
    """

    turn: Turn | None
    options: Options
    to_pause: Holder | None = None

    def begin(self, project: str) -> None:
        """Pause who would undo what is done now.

        Raises:
            JournalError: their journal can't be written to; nothing has been changed.
        """
        if self.to_pause is None:
            return
        from reconciler.journal.journal import Journal

        Journal(Path(self.to_pause.state)).rest(project, rest_now())
        note(f"{project} is paused: {self.to_pause} leaves it alone", f"`reconciler resume {project}` ends that")

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

    def was_nobodys_since(self, turns: Mapping[Path, str | None]) -> bool:
        """Whether nobody else had a turn since that moment; see `reconciler.locks.turn.last_turns`."""
        return self.turn is None or self.turn.was_nobodys_since(turns)

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
    lasts: bool = True,
) -> Iterator[Turns]:
    """While this lasts, nobody else on this machine changes the project.

    Args:
        command: what was called, such as `apply`.
        project: its name.
        files: of the spec.
        engine: where.
        options: of the command.
        lasts: whether it leaves anything that one who watches the project would undo.
        declares: whether it makes the project what the spec says: one who watches the same spec is no obstacle then.

    Raises:
        Locked: somebody who watches the project would undo it, or somebody else has the turn for too long.
    """
    if options.dry_run:
        yield Turns(None, options)
        return
    me, folder, key = this_process(command, options, files), lock_folder(os.environ), engine.identity()
    try:
        found = watcher(folder, project, key, me, engine) if lasts else None
        to_pause = None
        if found and not (declares and found.reads_the_same(me)) and not _is_paused(project, found, me):
            if not options.pause or found.place != me.place or not found.state:
                raise _kept(project, found, me)
            to_pause = found
        turns = Turns(Turn(folder, project, key, me), options, to_pause)
        turns.take()
    except LockFileError as error:
        # Where nothing can be locked nobody watches either: that is no reason not to work by hand.
        note(error.message, error.hint)
        turns = Turns(None, options)
    try:
        yield turns
    finally:
        turns.release()


def _is_paused(project: str, watcher: Holder, me: Holder) -> bool:
    if watcher.place != me.place or not watcher.state:
        return False
    from reconciler.journal.journal import Journal, JournalError

    try:
        return Journal(Path(watcher.state)).rests(project).is_paused(datetime.now(UTC))
    except JournalError:
        return False  # another user's


def _kept(project: str, watcher: Holder, me: Holder) -> Locked:
    if watcher.place != me.place:
        hint = f"pause it there (reconciler pause {project}), or call {me.command} there"
    elif me.command == "apply":
        hint = "apply the spec that it keeps; or say --pause, to pause it first"
    else:
        hint = "it would undo this: say --pause, to pause it first"
    return Locked(f'"{project}" is kept by {watcher}', hint)
