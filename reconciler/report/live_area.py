"""The lowest lines of a terminal, which are written anew while what is above them stays."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TextIO

_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Terminals that know it show what is between them at once; the others ignore it."""

_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"
_CLEAR = "\r\x1b[J"

RESTORE = f"{_CLEAR}{_WRAP}{_SHOW}"
"""What puts the terminal right again, wherever it was left."""


class LiveArea:
    """Some lines at the end of what was written, in place of those before.

    Between two calls the cursor waits in the first of its lines: wherever a window that is resized breaks or moves
    them, the terminal takes the cursor along, and all that is to be cleared is below it.
    """

    def __init__(self, out: TextIO, size: Callable[[], tuple[int, int]] | None = None) -> None:
        """An area on a terminal.

        Args:
            out: the terminal.
            size: its columns and lines, now.
        """
        self._out: TextIO | None = out
        self._size = size or (lambda: _size(out))
        self._lines: Sequence[str] = ()
        self._is_drawn = False
        self.encoding = getattr(out, "encoding", None) or "utf-8"

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines, now."""
        return self._size()

    def open(self) -> None:
        """Hide the cursor: it would blink where nobody types."""
        self._emit(_HIDE)

    def close(self) -> None:
        """Take the lines away; what follows stands in their place."""
        self._lines = ()
        self._emit(RESTORE)

    def show(self, lines: Sequence[str]) -> None:
        """Show lines in place of those before; each must fit, and all of them."""
        self._lines = lines
        if lines or self._is_drawn:
            self._emit(f"{_BEGIN}{self._drawn()}{_END}")

    def hold(self, lines: Sequence[str]) -> None:
        """Have lines in place of those before, from when something is written above them."""
        self._lines = lines

    def write(self, text: str) -> int:
        """Write whole lines above the area: these stay."""
        self._emit(f"{_BEGIN}{_CLEAR}{text}{self._drawn()}{_END}")
        return len(text)

    def flush(self) -> None:
        """Everything is written at once."""

    def _drawn(self) -> str:
        self._is_drawn = bool(self._lines)
        if not self._lines:
            return _CLEAR
        rows = "\r\n".join(f"{line}\x1b[K" for line in self._lines)
        up = f"\x1b[{len(self._lines) - 1}A" if len(self._lines) > 1 else ""
        return f"\r{_NO_WRAP}{rows}\x1b[J{up}\r{_WRAP}"

    def _emit(self, text: str) -> None:
        # Who closes the terminal does not end what is under way.
        if self._out is None:
            return
        try:
            # A terminal that has no `✓` shows a question mark.
            self._out.write(text.encode(self.encoding, "replace").decode(self.encoding))
            self._out.flush()
        except (OSError, ValueError):
            self._out = None


def _size(out: TextIO) -> tuple[int, int]:
    # Not COLUMNS: where a shell exports it, it knows nothing of windows that are resized.
    try:
        columns, lines = os.get_terminal_size(out.fileno())
    except (OSError, ValueError):
        columns, lines = 0, 0
    return columns or 80, lines or 24
