"""Watches the files that specs are read from: the system tells at once, and a slow look finds what it does not tell.

The system tells nothing of mounts, of what is behind a link, and of a folder that another one has taken the place of.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import (
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

if TYPE_CHECKING:
    from watchdog.observers.api import ObservedWatch

_CHANGES = {EVENT_TYPE_CREATED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, EVENT_TYPE_MOVED}
"""Not the events of a plain read: reading the spec would ask for the next cycle."""

_ENDINGS = (".yaml", ".yml")
_MOST_BYTES = 2**20
"""Of a file, that are looked at: a spec is not larger."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched.

    Attributes:
        files: that were read, absolute; also those that are not there (yet).
        folders: in which a new spec may appear, absolute.
    """

    files: frozenset[Path] = frozenset()
    folders: frozenset[Path] = frozenset()

    def concerns(self, path: str) -> bool:
        """Whether something that happened to this path matters."""
        here = Path(path)
        if here in self.files or here in self.folders:
            return True
        if here.parent in self.folders:
            return not here.name.startswith(".") and (here.suffix in _ENDINGS or not here.suffix)
        # A folder that another one, or a link, has taken the place of.
        return any(here in file.parents for file in (*self.files, *self.folders))

    @property
    def places(self) -> frozenset[Path]:
        """The folders in which something happens where one of these changes."""
        own = {file.parent for file in self.files} | self.folders
        return frozenset(own | {folder.parent for folder in own})

    def behind(self) -> Watched:
        """With what links lead to: the system tells of that by its own name."""
        return Watched(self.files | set(map(_real, self.files)), self.folders | set(map(_real, self.folders)))


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def fingerprint(watched: Watched) -> Mapping[Path, str]:
    """What is there, to compare: the content of each file, and the names in each folder."""
    found = {path: _content(path) for path in watched.files}
    return found | {folder: _names(folder) for folder in watched.folders}


def _content(path: Path) -> str:
    try:
        # Without it, opening a FIFO would wait for whoever writes to it.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return f"error {error.errno}"
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return "no file"
        return hashlib.blake2b(os.read(handle, _MOST_BYTES), digest_size=16).hexdigest()
    except OSError as error:
        return f"error {error.errno}"
    finally:
        os.close(handle)


def _names(folder: Path) -> str:
    try:
        return "/".join(sorted(name for name in os.listdir(folder) if not name.startswith(".")))  # noqa: PTH208
    except OSError as error:
        return f"error {error.errno}"


class _Handler(FileSystemEventHandler):
    """Must not raise: that would end the watching without a word."""

    def __init__(self, concerns: Callable[[str], bool], changed: Callable[[], None]) -> None:
        self._concerns = concerns
        self._changed = changed

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _CHANGES or (event.is_directory and event.event_type == EVENT_TYPE_MODIFIED):
            return  # a folder in which something changed: that is an event of its own
        # An editor that writes a new file and renames it shows the name as the destination.
        paths = (event.src_path, event.dest_path)
        if any(self._concerns(os.fsdecode(path)) for path in paths if path):
            self._changed()


class Files:
    """Tells when a watched file may have changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """Nothing is watched yet.

        Args:
            changed: called from another thread; must not raise.
        """
        self._watched = Watched()
        self._seen: Mapping[Path, str] = {}
        self._armed: dict[Path, tuple[tuple[int, int], ObservedWatch]] = {}
        self._handler = _Handler(lambda path: self._watched.concerns(path), changed)  # noqa: PLW0108  another one later
        self._observer = Observer()
        self._observer.daemon = True
        self._observer.start()

    def before(self) -> Mapping[Path, str]:
        """The fingerprint of what is watched: to be taken before it is read."""
        return fingerprint(self._watched)

    def watch(self, watched: Watched, before: Mapping[Path, str]) -> None:
        """Watch these from now on.

        Args:
            watched: which.
            before: what `before` told: what has changed since then was perhaps not read.
        """
        self._watched = watched.behind()
        now = fingerprint(self._watched)
        self._seen = {path: before.get(path, text) for path, text in now.items()}
        self._arm()

    def look(self) -> bool:
        """Whether something has changed since it was read; and watch what has taken the place of a folder."""
        self._arm()
        return self.before() != self._seen

    def close(self) -> None:
        """Watch nothing any more."""
        self._observer.stop()
        self._observer.join()

    def _arm(self) -> None:
        there = {place: identity for place in self._watched.places if (identity := _identity(place))}
        for place, (identity, watch) in list(self._armed.items()):
            if there.get(place) != identity:
                del self._armed[place]
                with contextlib.suppress(OSError, KeyError):
                    self._observer.unschedule(watch)
        for place, identity in there.items():
            if place not in self._armed:
                # Where the system can't watch it, because there are too many for example, `look` finds it out.
                with contextlib.suppress(OSError):
                    self._armed[place] = identity, self._observer.schedule(self._handler, str(place))


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(folder)  # noqa: PTH116  behind links
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None
