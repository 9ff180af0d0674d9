"""Maintenance windows: whether one is open at a moment, and when the next one opens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.spec.model.windows import Window

_MICROSECOND = 1000
"""Nanoseconds."""


def opens_at(windows: Iterable[Window], moment: str) -> datetime | None:
    """When the next window opens, in its own time zone; None where one is open, and where there are none.

    Args:
        windows: of the project.
        moment: RFC 3339.
    """
    now = datetime.fromisoformat(moment)
    openings = []
    for window in windows:
        length = timedelta(microseconds=window.duration // _MICROSECOND)
        opening = _next(window, now - length)
        if opening is None:
            continue  # of a date that never comes
        if opening <= now:
            return None
        openings.append(opening)
    return min(openings, default=None)


def opening_text(opening: datetime) -> str:
    """A moment as a person reads it, with its time zone."""
    return f"{opening:%Y-%m-%d %H:%M} {opening.tzinfo}"


def _next(window: Window, after: datetime) -> datetime | None:
    from cronsim import CronSim  # only where there are windows

    found: datetime | None = next(CronSim(window.schedule, after.astimezone(window.zone)), None)
    return found
