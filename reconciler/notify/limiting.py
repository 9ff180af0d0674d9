"""No more than one of a kind a resource in ten minutes; what is held back is summed up when they are over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.notify.news import News, NewsKind

WINDOW = 600.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something that is told now.

    Attributes:
        news: it, or the last of several.
        count: how many it stands for.
    """

    news: News
    count: int = 1


@dataclass(slots=True)
class _Window:
    ends: float
    held: int = 0
    last: News | None = None


class Limiter:
    """Decides what is told now, and what later."""

    def __init__(self, window: float = WINDOW) -> None:
        self._window = window
        self._windows: dict[tuple[NewsKind, str, str], _Window] = {}

    def admit(self, news: Iterable[News], now: float) -> list[Told]:
        """What of it is told now; the rest is held back.

        Args:
            news: what there is to tell.
            now: seconds on any clock that does not go back.
        """
        admitted = []
        for one in news:
            key = (one.kind, one.project, one.resource)
            window = self._windows.get(key)
            # One that is over but has something to sum up is ended by `due`, so that nothing is told twice.
            if window is None or (window.ends <= now and not window.held):
                self._windows[key] = _Window(now + self._window)
                admitted.append(Told(one))
            else:
                window.held += 1
                window.last = one
        return admitted

    def hold(self, told: Iterable[Told]) -> None:
        """Take back what was admitted and could not be told: it comes with the next summary."""
        for one in told:
            window = self._windows.get((one.news.kind, one.news.project, one.news.resource))
            if window:
                window.held += one.count
                window.last = window.last or one.news

    def due(self, now: float, *, everything: bool = False) -> list[Told]:
        """What is summed up now.

        Args:
            now: as in `admit`.
            everything: do not wait for the end of the ten minutes: there is no later.
        """
        found = []
        for key, window in list(self._windows.items()):
            if window.ends > now and not everything:
                continue
            if window.last is None:
                del self._windows[key]
                continue
            found.append(Told(window.last, window.held))
            self._windows[key] = _Window(now + self._window)
        return found

    @property
    def next_due(self) -> float | None:
        """When something is to be summed up next; None while nothing is held back."""
        return min((window.ends for window in self._windows.values() if window.held), default=None)
