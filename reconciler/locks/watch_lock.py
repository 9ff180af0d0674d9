"""One watcher for a project and Engine: a file lock on this machine, and a labelled volume for watchers elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.errors import EngineError, Locked, NotFound
from reconciler.locks.file_lock import FileLock, holder_of
from reconciler.locks.folder import lock_file
from reconciler.locks.holder import Holder, as_labels, from_labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.ports import LockVolumes

_PATIENCE = 1.0
"""Seconds: who only asks whose the lock is has it for a moment."""

_PAUSE = 0.02


def volume_name(project: str) -> str:
    """The name of the volume that is the lock: none that a project's own volume would have by itself."""
    return f"reconciler-lock.{project}"


@dataclass(slots=True)
class WatchLock:
    """The lock of one watcher on one project and Engine.

    Attributes:
        folder: of the lock files.
        project: its name.
        engine: the Engine's ID.
        holder: who we are.
        sleep: waits so many seconds.
    """

    folder: Path
    project: str
    engine: str
    holder: Holder
    sleep: Callable[[float], None] = time.sleep
    _file: FileLock = field(init=False)

    def __post_init__(self) -> None:
        self._file = FileLock(lock_file(self.folder, self.project, self.engine, "watch"))

    def take(self, volumes: LockVolumes, *, take_over: bool = False) -> None:
        """Take both.

        Args:
            volumes: of the Engine.
            take_over: whether a watcher of another machine has to yield: it ends before it would change anything.

        Raises:
            Locked: another watcher holds it.
            EngineError: the Engine can't be asked.
        """
        waited = 0.0
        while not self._file.take(self.holder):
            if waited >= _PATIENCE:
                raise watched(self.project, holder_of(self._file.path) or Holder())
            self.sleep(_PAUSE)
            waited += _PAUSE
        try:
            self._mark(volumes, take_over=take_over)
        except BaseException:
            self._file.release()
            raise

    def tell(self, holder: Holder) -> None:
        """Tell more of who we are, in the file; may be called by any thread."""
        self.holder = holder
        self._file.tell(holder)

    def confirm(self, volumes: LockVolumes) -> None:
        """Make sure that both are still ours, before something is changed: anybody can remove a file or a volume.

        Raises:
            Locked: another watcher has taken over.
            EngineError: the Engine can't be asked.
        """
        if not self._file.is_held:
            self.take(volumes)
            return
        labels = volumes.volume_labels(volume_name(self.project))
        if labels is None:
            self._mark(volumes, take_over=False)
        elif from_labels(labels).token != self.holder.token:
            raise watched(self.project, from_labels(labels))

    def release(self, volumes: LockVolumes | None) -> None:
        """Let both go. Where the Engine is away, its volume stays: of a dead watcher it holds up nobody here."""
        try:
            name = volume_name(self.project)
            if volumes and from_labels(volumes.volume_labels(name) or {}).token == self.holder.token:
                volumes.remove_volume(name)
        except EngineError:
            pass
        finally:
            self._file.release()

    def _mark(self, volumes: LockVolumes, *, take_over: bool) -> None:
        name = volume_name(self.project)
        labels = as_labels(self.project, replace(self.holder, on_engine=_is_there(self.holder.container, volumes)))
        while True:
            found = from_labels(volumes.create_volume(name, labels))
            if found.token == self.holder.token:
                return
            if not (take_over or is_dead(found, self.holder, volumes)):
                raise watched(self.project, found, elsewhere=True)
            volumes.remove_volume(name)


def watcher(folder: Path, project: str, engine: str, me: Holder, volumes: LockVolumes) -> Holder | None:
    """Who watches a project on an Engine, here or elsewhere; None for nobody.

    Args:
        folder: of the lock files.
        project: its name.
        engine: the Engine's ID.
        me: who asks.
        volumes: of the Engine.
    """
    if found := holder_of(lock_file(folder, project, engine, "watch")):
        return found
    labels = volumes.volume_labels(volume_name(project))
    if labels is None:
        return None
    marked = from_labels(labels)
    return None if is_dead(marked, me, volumes) else marked


def is_dead(marked: Holder, me: Holder, volumes: LockVolumes) -> bool:
    """Whether the watcher that left a volume on the Engine is gone for sure; the file lock here is free, or ours.

    One of this place would hold that file. One in a container of this Engine went with its container.
    """
    if not marked.token:
        return False
    if marked.place == me.place:
        return True
    if not marked.on_engine:
        return False
    return not _is_there(marked.container, volumes)


def _is_there(container: str, volumes: LockVolumes) -> bool:
    """Whether a container is one of this Engine, and up."""
    try:
        return bool(container) and volumes.inspect(container).is_up
    except NotFound:
        return False


def watched(project: str, holder: Holder, *, elsewhere: bool = False) -> Locked:
    """The error that says who watches a project."""
    hint = "end that one first"
    if elsewhere:
        hint += f"; or, where it is gone for good, say --take-over (its mark is the volume {volume_name(project)})"
    return Locked(f'"{project}" is watched by {holder}', hint)
