"""Where the log goes: a thread of its own writes it, so that an output that nobody reads stops nothing but the log."""

from __future__ import annotations

import os
import select
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 1 << 20
"""Characters that wait to be written; lines that come on top of them are dropped, and counted."""

FLUSH_SECONDS = 2.0
"""How long the end waits for what is not written yet."""


class LogOutput:
    """A text stream for a logger. `write` never waits, and may be called from any thread and from a signal handler."""

    def __init__(self, descriptor: int, lost: Callable[[int], str], limit: int = LIMIT) -> None:
        """Begin to write.

        Args:
            descriptor: what is written to; it stays open.
            lost: the line that says how many lines were dropped; written once the output takes lines again.
            limit: how many characters may wait.
        """
        self._descriptor = descriptor
        self._lost = lost
        self._limit = limit
        # This queue, and a lock that its holder may take again: a signal handler may interrupt any line of `write`.
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._lock = threading.RLock()
        self._waiting = 0
        self._unsaid = 0
        self._dropped = 0
        self._torn = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """How many lines were dropped since the start."""
        return self._dropped

    def write(self, text: str) -> None:
        """Take a line, with its end; it is dropped where too much waits."""
        with self._lock:
            if self._waiting + len(text) > self._limit:
                self._drop()
                return
            self._waiting += len(text)
            said = self._owed()
        if said:
            self._lines.put(said)
        self._lines.put(text)

    def flush(self) -> None:
        """Nothing: each line is written as soon as it can be."""

    def close(self, seconds: float = FLUSH_SECONDS) -> None:
        """Wait until everything is written, but no longer than that."""
        self._lines.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            written = self._put(line)
            with self._lock:
                self._waiting = max(0, self._waiting - len(line))
                if not written:
                    self._drop()
                said = self._owed() if written and self._lines.empty() else ""
            if said:
                self._put(said)

    def _put(self, line: str) -> bool:
        """Write a line, however long that takes; whether it could be."""
        data = f"\n{line}" if self._torn else line
        left = memoryview(data.encode(errors="backslashreplace"))
        whole = len(left)
        try:
            while left:
                try:
                    left = left[os.write(self._descriptor, left) :]
                except BlockingIOError:  # somebody else who has it wants it so
                    select.select([], [self._descriptor], [])
        except (OSError, ValueError):  # a full disk, a reader that is gone: the next line may find it better
            self._torn = self._torn or 0 < len(left) < whole
            return False
        self._torn = False
        return True

    def _drop(self) -> None:
        self._dropped += 1
        self._unsaid += 1

    def _owed(self) -> str:
        """What is to be said of lines that were dropped; empty for nothing."""
        count, self._unsaid = self._unsaid, 0
        return self._lost(count) if count else ""
