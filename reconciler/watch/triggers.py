"""What asks for a cycle. A trigger only says "look again": many of them make one cycle."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.ports import Clock

_QUIET_SECONDS = 0.1
"""An editor writes a file in several steps: a trigger is answered once it has been quiet for so long."""

_MOST_SECONDS = 1.0
"""But after so long at the latest."""


class Triggers:
    """Collects the triggers of one project. `ask` may be called from any thread and from a signal handler."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Not a lock or a Queue: a signal handler may interrupt the very thread that holds it.
        self._asked: SimpleQueue[str] = SimpleQueue()

    def ask(self, reason: str) -> None:
        """Ask for a cycle.

        Args:
            reason: a word for the log, such as `file`.
        """
        self._asked.put(reason)

    def wait(self, seconds: float) -> list[str]:
        """Wait for triggers; the different reasons, or `interval` where none came in time.

        Args:
            seconds: how long.
        """
        try:
            reasons = {self._asked.get(timeout=seconds): None}
        except Empty:
            return ["interval"]
        deadline = self._clock.monotonic() + _MOST_SECONDS
        while (left := deadline - self._clock.monotonic()) > 0:
            try:
                reasons[self._asked.get(timeout=min(_QUIET_SECONDS, left))] = None
            except Empty:
                break
        return list(reasons)
