"""A terminal's window, for the few sequences that the live lines use."""

from __future__ import annotations

import re

from reconciler.report.layout import cells

_PARTS = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]|\x1b\][^\x1b]*\x1b\\|[\r\n]|[^\x1b\r\n]")


class Glass:
    """What is to be seen, and what has left at the top.

    Attributes:
        size: columns and lines; may be changed: lines that are too long then are cut.
        rows: what is to be seen, from the top.
        above: what has left.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self.size = (columns, lines)
        self.rows = [""] * lines
        self.above: list[str] = []
        self.wrapped = 0
        self.line = self.column = 0
        self.shows_cursor = True
        self.wraps = True

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """What a program sends; a line feed also returns, as terminals are set."""
        for part in _PARTS.findall(text):
            self._take(part)
        return len(text)

    def fileno(self) -> int:
        raise OSError(25, "no file")

    def flush(self) -> None:
        """Nothing waits."""

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> list[str]:
        """All lines that were written and stayed, without colours."""
        return [row.rstrip() for row in (*self.above, *self.rows) if row.strip()]

    def _take(self, part: str) -> None:
        if part[0] not in "\r\n\x1b":
            self._put(part)
        elif part == "\r":
            self.column = 0
        elif part == "\n":
            self.column = 0
            self._down()
        elif part == "\x1b[K":
            self.rows[self.line] = self.rows[self.line][: self.column]
        elif part == "\x1b[J":
            self.rows[self.line] = self.rows[self.line][: self.column]
            self.rows[self.line + 1 :] = [""] * (len(self.rows) - self.line - 1)
        elif part.endswith("A"):
            self.line = max(0, self.line - int(part[2:-1]))
        elif part in {"\x1b[?25l", "\x1b[?25h"}:
            self.shows_cursor = part.endswith("h")
        elif part in {"\x1b[?7l", "\x1b[?7h"}:
            self.wraps = part.endswith("h")

    def _put(self, char: str) -> None:
        if self.column + cells(char) > self.size[0]:
            if not self.wraps:
                return
            self.wrapped += 1
            self.column = 0
            self._down()
        row = self.rows[self.line].ljust(self.column)
        self.rows[self.line] = row[: self.column] + char + row[self.column + 1 :]
        self.column += cells(char)

    def _down(self) -> None:
        self.line += 1
        if self.line >= self.size[1]:
            self.above.append(self.rows.pop(0))
            self.rows.append("")
            self.line -= 1
