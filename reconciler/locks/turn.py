"""A turn: while somebody has it, nobody else on this machine changes the project."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.errors import Locked
from reconciler.locks.file_lock import FileLock, LockFileError, holder_of, last_holder
from reconciler.locks.folder import all_lock_files, lock_file
from reconciler.locks.holder import Holder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_PAUSE = 0.02
"""Seconds between two tries."""

_PURPOSE = "turn"

_UNTOLD = 1.0
"""Seconds of waiting that are not worth a word."""


def last_turns(folder: Path) -> dict[Path, str | None]:
    """Whose turn it was last, of all projects: by lock file, the holder's token; None where somebody has it now.

    One of which nobody can tell counts as somebody's.
    """
    return {path: _last_token(path) for path in all_lock_files(folder, _PURPOSE)}


def _last_token(path: Path) -> str | None:
    try:
        last = last_holder(path)
    except LockFileError:
        return None
    return last.token if last else None


@dataclass(slots=True)
class Turn:
    """The turns of one process on one project and Engine. All methods raise `LockFileError`.

    Whoever wants the next turn stands in a queue of one: so a watcher that takes turn after turn lets others in.

    Attributes:
        folder: of the lock files.
        project: its name.
        engine: the Engine's ID.
        holder: who we are.
        clock: seconds since some moment.
        sleep: waits so many seconds.
    """

    folder: Path
    project: str
    engine: str
    holder: Holder
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _turn: FileLock = field(init=False)
    _next: FileLock = field(init=False)

    def __post_init__(self) -> None:
        self._turn = FileLock(lock_file(self.folder, self.project, self.engine, _PURPOSE))
        self._next = FileLock(lock_file(self.folder, self.project, self.engine, "next"))

    def take(
        self,
        seconds: float | None = None,
        *,
        waiting: Callable[[Holder], None] = lambda _holder: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Take the turn; False where it was asked to stop first.

        Args:
            seconds: how long to wait for it; None for as long as it takes.
            waiting: told once whose turn it is, where that takes longer than a moment.
            stopped: whether to give up.

        Raises:
            Locked: it was not free in that time.
        """
        began, told = self.clock(), False
        try:
            for lock in (self._next, self._turn):
                while not lock.take(self.holder):
                    if stopped():
                        return False
                    waited = self.clock() - began
                    if not told and waited >= _UNTOLD:
                        told = True
                        waiting(self._other())
                    if seconds is not None and waited >= seconds:
                        raise self._taken(self._other(), seconds)
                    self.sleep(_PAUSE)
            return True
        finally:
            self._next.release()

    def release(self) -> None:
        """Let the next one have it."""
        self._turn.release()

    @property
    def is_undisturbed(self) -> bool:
        """Whether nobody else had a turn between our last one and this one."""
        return self._turn.before.token == self.holder.token

    def was_nobodys_since(self, turns: Mapping[Path, str | None]) -> bool:
        """Whether nobody else had a turn between that moment and this one of ours.

        Args:
            turns: of `last_turns`, at that moment.
        """
        return turns.get(self._turn.path, "") == self._turn.before.token

    def _other(self) -> Holder:
        return holder_of(self._turn.path) or holder_of(self._next.path) or Holder()

    def _taken(self, other: Holder, seconds: float) -> Locked:
        return Locked(
            f'"{self.project}" is being changed by {other}, and was not free within {seconds:g} s',
            "wait for its end, or give --lock-timeout more time",
        )
