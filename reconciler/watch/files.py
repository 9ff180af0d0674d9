"""Watches a spec's file, and asks for a cycle when it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog.events import (
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

_CHANGES = {EVENT_TYPE_CREATED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, EVENT_TYPE_MOVED}
"""Not the events of a plain read: reading the spec would ask for the next cycle."""


class _Handler(FileSystemEventHandler):
    def __init__(self, name: str, changed: Callable[[], None]) -> None:
        self._name = name
        self._changed = changed

    def on_any_event(self, event: FileSystemEvent) -> None:
        # An editor that writes a new file and renames it shows the name as the destination.
        paths = (event.src_path, event.dest_path)
        if event.event_type in _CHANGES and self._name in {Path(str(path)).name for path in paths if path}:
            self._changed()


@contextmanager
def watched(file: Path, changed: Callable[[], None]) -> Iterator[None]:
    """Call `changed`, from another thread, whenever the file may have changed.

    The folder is what is watched: a file that is replaced is another file.

    Args:
        file: the spec; its folder must exist.
        changed: must not raise: that would end the watching without a word.
    """
    observer = Observer()
    observer.daemon = True
    observer.schedule(_Handler(file.name, changed), str(file.parent), recursive=False)
    observer.start()
    try:
        yield
    finally:
        observer.stop()
        observer.join()
