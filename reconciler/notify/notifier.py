"""Tells the targets what is worth telling of a watch."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from reconciler.notify.news import Failing, News, of_cycle, of_engine, of_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.errors import ReconcilerError
    from reconciler.notify.sending import Sender
    from reconciler.watch.observing import Cycle

LEAVE_SECONDS = 3.0
"""For what is still to be told at the end."""


class Notifier:
    """An `Observer`."""

    def __init__(self, senders: Sequence[Sender]) -> None:
        """Begin with nothing failing.

        Args:
            senders: one for each target.
        """
        self._senders = senders
        self._lock = threading.Lock()
        self._failing = Failing({})

    def close(self) -> None:
        """Send what is left, within a moment."""
        for sender in self._senders:
            sender.end()
        deadline = time.monotonic() + LEAVE_SECONDS
        for sender in self._senders:
            sender.join(max(0.0, deadline - time.monotonic()))

    def began(self, project: str, reasons: Sequence[str]) -> None:
        """A cycle begins."""

    def ended(self, cycle: Cycle) -> None:
        """A cycle has ended."""
        self._tell(lambda failing: of_cycle(cycle, failing))

    def read(self, file: str, project: str, error: ReconcilerError | None) -> None:
        """A spec was read."""
        self._tell(lambda failing: of_spec(file, project, error, failing))

    def gone(self, project: str) -> None:
        """A project is watched no more: nothing of it fails any longer, and that is no recovery."""
        self._tell(lambda failing: ([], failing.having(project, {})))

    def engine(self, error: ReconcilerError | None) -> None:
        """The Engine answers, or why it does not."""
        self._tell(lambda failing: of_engine(error, failing))

    def missed(self, count: int) -> None:
        """A full list found so many objects of which no event had told."""

    def alive(self) -> None:
        """The loop goes round."""

    def _tell(self, look: Callable[[Failing], tuple[list[News], Failing]]) -> None:
        with self._lock:
            news, self._failing = look(self._failing)
        for sender in self._senders if news else ():
            sender.tell(news)
