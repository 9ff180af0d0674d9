"""What the Engine did and what we did, in one stream: the runs of the journal among the Engine's events, by time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.state.output import Event

POLL_SECONDS = 1.0
"""How often the journal is looked at: another process writes it, and tells nobody."""

_END = None


def with_runs(events: Iterator[Event], runs: Callable[[], Sequence[Event]]) -> Iterator[Event]:
    """The events, and our runs among them, each when it ended.

    Args:
        events: the Engine's, for ever or to their end; read by a thread of its own.
        runs: those that ended since it was called last, by time.

    Raises:
        ReconcilerError: what reading the events or the runs raised.
    """
    heard: SimpleQueue[Event | Exception | None] = SimpleQueue()
    # Of no use to anybody once the program ends: it does not wait for it.
    threading.Thread(target=_hear, args=(events, heard), name="events", daemon=True).start()
    waiting: deque[Event] = deque()
    while True:
        try:
            event = heard.get(timeout=POLL_SECONDS)
        except Empty:
            waiting.extend(runs())
            yield from waiting
            waiting.clear()
            continue
        if isinstance(event, Exception):
            raise event
        waiting.extend(runs())
        while waiting and (event is _END or waiting[0].nanoseconds <= event.nanoseconds):
            yield waiting.popleft()
        if event is _END:
            return
        yield event


def _hear(events: Iterator[Event], heard: SimpleQueue[Event | Exception | None]) -> None:
    try:
        for event in events:
            heard.put(event)
        heard.put(_END)
    except Exception as error:  # whoever shows them raises it
        heard.put(error)
