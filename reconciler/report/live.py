"""An apply on a terminal: what is done stays as a line, and below stands what is being done."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from reconciler.execution.outcome import Advance, Result, Started, Told
from reconciler.report.live_area import RESTORE, LiveArea
from reconciler.report.live_frame import LiveRow, counting, frame
from reconciler.report.progress_text import ProgressText
from reconciler.report.progress_words import doing

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.ports import Clock
    from reconciler.report.style import Style
    from reconciler.state.resource import ResourceKey

_TICK = 0.1
"""Seconds between two frames: so that seconds count, and a window that was resized is filled anew."""


class LiveProgress:
    """A line for each resource that is worked on, folded to a final one each; enter it while there is something.

    It is drawn by a thread of its own: what is waited for has nothing to tell meanwhile.
    """

    def __init__(
        self,
        out: TextIO,
        style: Style,
        clock: Clock,
        plan: Plan,
        *,
        size: Callable[[], tuple[int, int]] | None = None,
        tick: float = _TICK,
    ) -> None:
        """A display on a terminal.

        Args:
            out: the terminal.
            style: how to paint.
            clock: counts the seconds.
            plan: what is carried out.
            size: the window's columns and lines, now.
            tick: seconds between two frames.
        """
        self._out = out
        self._area = LiveArea(out, size)
        self._text = ProgressText(self._area, style, folded=plan.actions, width=lambda: self._area.size[0])
        self._style = style
        self._clock = clock
        self._tick = tick
        self._ascii = not _can_show(self._area.encoding)
        self._began = clock.monotonic()
        self._under_way: dict[str, tuple[Started, float, Advance | None]] = {}
        """By the action's ID: what has begun and not ended, when, and how far it is."""
        self._order: dict[ResourceKey, None] = {}
        """The resources in the order in which they were first worked on: no line jumps when the next step begins."""
        self._left = {action.id: action.resource for action in plan.actions}
        self._total = len(set(self._left.values()))
        self._notes: deque[str] = deque()
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._area.open()
        self._ends.clear()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock:
            self._under_way.clear()
            self._text.finish()
            self._say()
            self._area.close()

    def __call__(self, event: Told) -> None:
        """Tell of one event; a `reconciler.execution.outcome.Progress`."""
        with self._lock:
            match event:
                case Started():
                    self._under_way[event.action.id] = (event, self._clock.monotonic(), None)
                    self._order.setdefault(event.action.resource)
                case Advance():
                    if known := self._under_way.get(event.action.id):
                        self._under_way[event.action.id] = (*known[:2], event)
                case _:
                    self._under_way.pop(event.action.id, None)
                    if event.result is not Result.UNDONE:
                        self._left.pop(event.action.id, None)
                    self._area.hold(self._frame())  # what has ended does not stand below its own last line
                    self._text(event)

    def note(self, message: str) -> None:
        """Say something besides, at the next frame; may be called from a signal handler, so it waits for nothing."""
        if self._thread is None:
            os.write(2, f"\n{message}\n".encode())
        else:
            self._notes.append(message)

    def leave(self) -> None:
        """Put the terminal right, from a signal handler, where the process is about to end at once."""
        if self._thread is not None:
            os.write(self._out.fileno(), RESTORE.encode())

    def draw(self) -> None:
        """Draw a frame now."""
        with self._lock:
            self._say()
            self._area.show(self._frame())

    def _frame(self) -> list[str]:
        now = self._clock.monotonic()
        rows: dict[ResourceKey, LiveRow] = {}
        for started, began, advance in self._under_way.values():
            action = started.action
            rows[action.resource] = LiveRow(action.resource, doing(action), now - began, advance)
        done = self._total - len(set(self._left.values()))
        closing = f"{done} of {self._total} done, {counting(now - self._began)}"
        return frame(
            [rows[resource] for resource in self._order if resource in rows],
            closing,
            size=self._area.size,
            moment=now,
            style=self._style,
            ascii_only=self._ascii,
        )

    def _say(self) -> None:
        while self._notes:
            self._area.write(f"{self._style.changed(self._notes.popleft())}\n")

    def _run(self) -> None:
        while not self._ends.wait(self._tick):
            self.draw()


def _can_show(encoding: str) -> bool:
    try:
        "⠋━─…".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
