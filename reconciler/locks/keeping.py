"""A project that one process keeps, on whichever Engine answers: the lock is taken with each connection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import Locked
from reconciler.locks.watch_lock import WatchLock

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.locks.holder import Holder
    from reconciler.ports import LockVolumes


@dataclass(slots=True)
class Keeping:
    """The lock of a watcher on one project.

    Attributes:
        folder: of the lock files.
        project: its name.
        holder: who we are.
        take_over: whether a watcher of another machine has to yield, the first time.
    """

    folder: Path
    project: str
    holder: Holder
    take_over: bool = False
    _lock: WatchLock | None = None

    def take(self, engine: LockVolumes) -> None:
        """Keep the project on this Engine, and on no other.

        Raises:
            Locked: another watcher does.
            EngineError: the Engine can't be asked.
        """
        key = engine.identity()
        if self._lock and self._lock.engine == key:
            return
        self.release(None)  # that Engine is gone, with what was on it
        lock = WatchLock(self.folder, self.project, key, self.holder)
        lock.take(engine, take_over=self.take_over)
        self._lock, self.take_over = lock, False
        if lock.holder != self.holder:  # told meanwhile
            lock.tell(self.holder)

    def tell(self, broken: str, since: str) -> None:
        """Tell whether the spec can't be used by now, so that the last good one is kept; from any thread.

        Args:
            broken: what is wrong with it; empty for nothing.
            since: when that was found, RFC 3339 in UTC; empty where nothing is.
        """
        self.holder = replace(self.holder, broken=broken, broken_since=since)
        if lock := self._lock:
            lock.tell(self.holder)

    def confirm(self, engine: LockVolumes) -> None:
        """Make sure that nobody has taken over, before something is changed.

        Raises:
            Locked: somebody has; by now it is not kept here any more.
            EngineError: the Engine can't be asked.
        """
        if self._lock is None:
            return
        try:
            self._lock.confirm(engine)
        except Locked:
            self.release(None)
            raise

    def release(self, engine: LockVolumes | None) -> None:
        """Keep it no more.

        Args:
            engine: the one that it was kept on; None where that is away.
        """
        if self._lock:
            self._lock.release(engine)
            self._lock = None
