"""Lines of containers for a terminal, a file or another program, each with its container before it, as Compose does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from reconciler.report.style import Style, visible

if TYPE_CHECKING:
    from reconciler.logs.reader import Line

_COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
"""Compose's, in its order: they tell containers apart, and mean nothing else."""

_RESET = b"\x1b[0m"
_OTHER_CONTROLS = re.compile(r"\x1b(?!\[[0-9;:]*m)|[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]")


class LogText:
    """Writes lines.

    Attributes:
        out: where to, in bytes: what a container wrote is not always text.
        style: whether there are colours.
        terminal: whether somebody looks at it: then a log may colour its text, and do nothing else to the terminal.
        prefix: whether each line says whose it is.
        timestamps: whether each line says when.
    """

    def __init__(
        self, out: BinaryIO, style: Style, *, terminal: bool, prefix: bool = True, timestamps: bool = False
    ) -> None:
        self._out = out
        self._style = style
        self._terminal = terminal
        self._prefix = prefix
        self._timestamps = timestamps
        self._prefixes: dict[str, bytes] = {}
        self._width = 0

    def expect(self, sources: Iterable[str]) -> None:
        """Tell whose lines may come, so that all stand in one column."""
        for source in sources:
            self._prefixes.setdefault(source, b"")
        self._width = max([self._width, *map(len, self._prefixes)])
        for number, source in enumerate(self._prefixes):
            text = f"{visible(source).ljust(self._width)}  | "
            colour = _COLOURS[number % len(_COLOURS)]
            self._prefixes[source] = (f"\x1b[{colour}m{text}\x1b[0m" if self._style.colours else text).encode()

    def write(self, line: Line) -> None:
        """Write a line."""
        if self._prefix:
            if line.source not in self._prefixes:
                self.expect([line.source])
            self._out.write(self._prefixes[line.source])
        if self._timestamps:
            self._out.write(line.moment.encode() + b" ")
        self._out.write((self._shown(line.text) if self._terminal else line.text) + b"\n")

    def flush(self) -> None:
        """Let everything be seen."""
        self._out.flush()

    def _shown(self, text: bytes) -> bytes:
        if not text.translate(None, _PRINTABLE):
            return text
        # Of a line that was written over again and again, as a progress bar is, the last counts.
        words = text.decode(errors="replace").rstrip("\r").rpartition("\r")[2].expandtabs()
        words = _OTHER_CONTROLS.sub(lambda found: visible(found[0]), words)
        if "\x1b" not in words:
            return words.encode()
        if not self._style.colours:
            return re.sub(r"\x1b\[[0-9;:]*m", "", words).encode()
        return words.encode() + _RESET


_PRINTABLE = bytes(range(32, 127))
