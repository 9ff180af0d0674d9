"""A terminal that shows one text after the other in the same place, without flicker."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Terminals that know it show what is between them at once; the others ignore it."""


class Screen:
    """The terminal's other screen: what was there before is there again at the end.

    Each line is written over the one that was there, and only then is cleared what is left of that: nothing is ever
    empty for a moment, so nothing flickers.
    """

    def __init__(self, out: TextIO, size: Callable[[], tuple[int, int]] | None = None) -> None:
        """A screen on a terminal.

        Args:
            out: the terminal.
            size: its columns and lines, now.
        """
        self._out = out
        self._size = size or (lambda: tuple(shutil.get_terminal_size((80, 24))))  # type: ignore[return-value]

    def __enter__(self) -> Self:
        self._out.write(_ENTER)
        self._out.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.write(_LEAVE)
        self._out.flush()

    @property
    def width(self) -> int:
        """The columns, now."""
        return self._size()[0]

    def show(self, text: str) -> None:
        """Show a text in place of the one before; where it has too many lines, its last line says how many more."""
        height = max(2, self._size()[1])
        lines = text.split("\n")
        if len(lines) > height:
            hidden = len(lines) - height + 1
            lines = [*lines[: height - 1], f"… {hidden} more lines: make the window taller"]
        rows = "\r\n".join(f"{line}\x1b[K" for line in lines)
        self._out.write(f"{_BEGIN}\x1b[H{rows}\x1b[J{_END}")
        self._out.flush()
