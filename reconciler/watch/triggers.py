"""What asks for a cycle. A trigger only says "look again": many of them make one cycle."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.ports import Clock

QUIET_SECONDS = 0.02
"""A `docker rm -f` is four events: a trigger is answered once it has been quiet for so long."""

_MOST_SECONDS = 1.0
"""But after so long at the latest."""


class Triggers:
    """Collects the triggers of one who waits. `ask` may be called from any thread and from a signal handler.

    What was asked for and is asked for again is kept once: a burst of events is no queue that grows.
    """

    def __init__(self, clock: Clock, quiet: float = QUIET_SECONDS) -> None:
        """Nothing is asked for yet.

        Args:
            clock: for the wait.
            quiet: a trigger is answered once it has been quiet for so many seconds.
        """
        self._clock = clock
        self._quiet = quiet
        # Not a lock or a Queue: a signal handler may interrupt the very thread that holds it.
        self._asked: SimpleQueue[str] = SimpleQueue()
        self._waiting: set[str] = set()

    def ask(self, reason: str) -> None:
        """Ask for a cycle.

        Args:
            reason: a word for the log, such as `file`.
        """
        if reason not in self._waiting:
            self._waiting.add(reason)
            self._asked.put(reason)

    def wait(self, seconds: float | None) -> list[str]:
        """Wait for triggers; the different reasons, in the order in which they came; none where none came in time.

        Args:
            seconds: how long; None for as long as it takes.
        """
        try:
            reasons = {self._take(seconds): None}
        except Empty:
            return []
        deadline = self._clock.monotonic() + _MOST_SECONDS
        while (left := deadline - self._clock.monotonic()) > 0:
            try:
                reasons[self._take(min(self._quiet, left))] = None
            except Empty:
                break
        return list(reasons)

    def _take(self, seconds: float | None) -> str:
        reason = self._asked.get(timeout=seconds)
        # Before who waits looks: what is asked for from now on is not answered by that look.
        self._waiting.discard(reason)
        return reason
