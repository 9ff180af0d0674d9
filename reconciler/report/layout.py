"""Text in columns, measured in a terminal's cells: a CJK character takes two, a combining mark none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

GAP = 2
"""Spaces between columns."""

INDENT = 4
"""Before the first column: two spaces, the sign, a space."""

_NAME = 1
"""The column that may be too long for the table: the names."""

_LEAST_NAME = 12
_LEAST_FLOW = 20
"""On a narrower terminal than this leaves room for, lines are too long: better than one word a line."""

Paint = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """Some text without line breaks, and how to paint it once it has been measured."""

    text: str
    paint: Paint = str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        sign: one character before the first column.
        cells: the kind, the name, and whatever else; padded.
        flow: the lines of the last column, for the width that is left to it.
        under: lines below, from the column of the names on.
    """

    sign: Cell
    cells: Sequence[Cell]
    flow: Callable[[int], Sequence[Cell]]
    under: Sequence[Cell] = ()


def table(rows: Sequence[Row], width: int, least_flow: int) -> list[str]:
    """The rows as lines.

    A name that would leave the last column less than `least_flow` stands on a line of its own, and what follows it on
    the next one: so one long name does not push the other rows apart, and none is cut.
    """
    widths = [max(cells(row.cells[column].text) for row in rows) for column in range(len(rows[0].cells))]
    others = INDENT + sum(width + GAP for column, width in enumerate(widths) if width and column != _NAME)
    most = max(_LEAST_NAME, width - others - GAP - least_flow)
    names = [cells(row.cells[_NAME].text) for row in rows]
    widths[_NAME] = max((name for name in names if name <= most), default=0)
    starts = [INDENT]
    for column, column_width in enumerate(widths):
        starts.append(starts[-1] + (column_width + GAP if column_width or column == _NAME else 0))
    room = max(_LEAST_FLOW, width - starts[-1])
    lines: list[str] = []
    for row, name in zip(rows, names, strict=True):
        flow = list(row.flow(room))
        first = [(2, row.sign), *zip(starts, row.cells, strict=False)]
        rest: list[tuple[int, Cell]] = []
        if name > widths[_NAME]:
            first, rest = first[: _NAME + 1], first[_NAME + 2 :]
            long = row.cells[_NAME]
            pieces = [Cell(piece, long.paint) for piece in wrap(long.text, max(_LEAST_FLOW, width - starts[_NAME]))]
            lines.append(_line([*first, (starts[_NAME], pieces[0])]))
            lines += [_line([(starts[_NAME], piece)]) for piece in pieces[1:]]
            first = rest
        first = [*first, (starts[-1], flow[0] if flow else Cell(""))]
        if line := _line(first):
            lines.append(line)
        lines += [_line([(starts[-1], cell)]) for cell in flow[1:]]
        lines += [_line([(starts[_NAME], cell)]) for cell in row.under]
    return lines


def _line(placed: Sequence[tuple[int, Cell]]) -> str:
    """Cells at their columns, without spaces at the end."""
    line, at = "", 0
    for start, cell in placed:
        if cell.text:
            line += " " * (start - at) + cell.paint(cell.text)
            at = start + cells(cell.text)
    return line


def paragraph(text: str, width: int, *, indent: int = 0) -> list[str]:
    """The text, broken between words, on lines that fit."""
    return [" " * indent + line for line in wrap(text, max(_LEAST_FLOW, width - indent))]


def wrap(text: str, room: int) -> list[str]:
    """The text on lines of at most `room` cells: broken between words, and inside of one only where it must be."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if cells(longer := f"{line} {word}" if line else word) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        rest = word
        while cells(rest) > room:
            piece = head(rest, room)
            lines.append(piece)
            rest = rest[len(piece) :]
        line = rest
    return [*lines, line]


def head(text: str, room: int) -> str:
    """The longest beginning of at most `room` cells; a character at least."""
    used = 0
    for index, char in enumerate(text):
        used += cells(char)
        if used > room:
            return text[: max(1, index)]
    return text


def tail(text: str, room: int) -> str:
    """The longest end of at most `room` cells; a character at least."""
    return head(text[::-1], room)[::-1]


def shorten(text: str, room: int) -> str:
    """The text in at most `room` cells: its beginning and its end, where it is longer."""
    if cells(text) <= room:
        return text
    half = (room - 1) // 2
    return f"{head(text, room - 1 - half)}…{tail(text, half)}"


def excerpt(text: str, focus: int, room: int) -> str:
    """The text in at most `room` cells, the character at `focus` among them."""
    if cells(text) <= room:
        return text
    start = max(0, focus - room // 3)
    if not start:
        return f"{head(text, room - 1)}…"
    end = tail(text, room - 1)
    if len(end) >= len(text) - start:
        return f"…{end}"
    return f"…{head(text[start:], room - 2)}…"


def cells(text: str) -> int:
    """How many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # only where it is needed: most text is ASCII

    return sum(
        0 if category(char) in {"Mn", "Me"} else 2 if east_asian_width(char) in {"W", "F"} else 1 for char in text
    )
