"""What a terminal shows while a plan is carried out: a line for each resource that is worked on, and one below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.report.layout import cells, head, shorten
from reconciler.report.style import Style, one_line, visible
from reconciler.report.words import duration

if TYPE_CHECKING:
    from reconciler.execution.outcome import Advance
    from reconciler.state.resource import ResourceKey

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_SPINNER = "|/-\\"
_PER_SECOND = 10
"""How often it turns."""

_MOST_BAR = 24
_LEAST_BAR = 8
_VERB = 9
_COUNTED = 17
"""The cells of a bar, of what stands before it, and of what after it."""

_WIDE = 60
"""Windows that are narrower show names without their kind."""

_MOST_NAME = 48
_LEAST_NAME = 12
_LEAST_WORDS = 8

_MEGA, _GIGA = 10**6, 10**9


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A resource that is worked on.

    Attributes:
        resource: which one.
        words: what is done with it.
        seconds: since when.
        advance: how far that is; None where nothing says it.
    """

    resource: ResourceKey
    words: str
    seconds: float
    advance: Advance | None = None


def frame(
    rows: Sequence[LiveRow],
    closing: str,
    *,
    size: tuple[int, int],
    moment: float,
    style: Style,
    ascii_only: bool = False,
) -> list[str]:
    """The lines, each cut to the window's width, and at most as many as it is high.

    Args:
        rows: in the order in which they are shown.
        closing: what stands below them.
        size: the window's columns and lines.
        moment: in seconds: what turns, turns by it.
        style: how to paint.
        ascii_only: whether the terminal has nothing but ASCII.
    """
    width, height = max(1, size[0] - 1), size[1]  # a full line would leave the cursor between this one and the next
    room = max(0, height - 2)  # the line below them, and one above to know where it is
    shown = rows if len(rows) <= room else rows[:room]
    hidden = len(rows) - len(shown)
    spinner = _ASCII_SPINNER if ascii_only else SPINNER
    sign = spinner[int(moment * _PER_SECOND) % len(spinner)]
    names = [_name(row.resource, width) for row in shown]
    least = min(_LEAST_NAME, max(map(cells, names), default=0))
    name_room = max(least, min(max(map(cells, names), default=0), _MOST_NAME, width * 2 // 5))
    lines = [
        _line(sign, shorten(name, name_room), name_room, row, width, style, ascii_only)
        for name, row in zip(names, shown, strict=True)
    ]
    more = f"+ {hidden} more, " if hidden else ""
    return [*lines, style.dim(head(f"    {more}{closing}", width))] if rows else []


def _name(resource: ResourceKey, width: int) -> str:
    name = visible(resource.name)
    return f"{resource.kind} {name}" if width >= _WIDE else name


def _line(sign: str, name: str, name_room: int, row: LiveRow, width: int, style: Style, ascii_only: bool) -> str:
    took = counting(row.seconds)
    room = width - 4 - name_room - 2 - 2 - cells(took)
    before = f"  {sign} {name}"
    if room < _LEAST_WORDS:
        return head(f"{before}  {took}", width)
    padding = " " * (name_room - cells(name))
    words, bar = _words(row, room, ascii_only)
    full, empty = bar
    painted = f"{words}{' ' if full or empty else ''}{style.good(full)}{style.dim(empty)}"
    rest = _counted(row.advance) if full or empty else ""
    if rest:
        painted += f" {rest}"
    return f"{before}{padding}  {painted}  {style.dim(took)}"


def _words(row: LiveRow, room: int, ascii_only: bool) -> tuple[str, tuple[str, str]]:
    """What is said of a row, and its bar, if it has one: the full part and the empty one."""
    advance = row.advance
    if advance is None:
        return head(row.words, room), ("", "")
    bar = min(_MOST_BAR, room - _VERB - _COUNTED - 2)
    if advance.total and advance.unit == "bytes" and bar >= _LEAST_BAR:
        full = min(bar, bar * advance.done // advance.total)
        signs = ("#", "-") if ascii_only else ("━", "─")
        verb = head(advance.text or row.words, _VERB).ljust(_VERB)
        return verb, (signs[0] * full, signs[1] * (bar - full))
    if advance.total and cells(_counted(advance)) + cells(row.words) + 2 > room:
        return head(f"{row.words} {100 * advance.done // advance.total}%", room), ("", "")
    parts = [part for part in (_counted(advance), one_line(advance.text)) if part]
    return _cut(f"{row.words}: {', '.join(parts)}" if parts else row.words, room), ("", "")


def _counted(advance: Advance | None) -> str:
    """`12.3 of 45.0 MB`, `step 3 of 7`; empty where nothing is counted."""
    if advance is None or not advance.unit:
        return ""
    if advance.unit == "steps":
        return f"step {advance.done} of {advance.total}"
    scale, unit = (_GIGA, "GB") if max(advance.done, advance.total) >= _GIGA else (_MEGA, "MB")
    if not advance.total:
        return f"{advance.done / scale:.1f} {unit}" if advance.done else ""
    return f"{advance.done / scale:.1f} of {advance.total / scale:.1f} {unit}"


def _cut(text: str, room: int) -> str:
    return text if cells(text) <= room else f"{head(text, room - 1)}…"


def counting(seconds: float) -> str:
    """`12 s`: whole ones, while they count: tenths would only flicker."""
    return f"{int(seconds)} s" if seconds < 60 else duration(int(seconds))
