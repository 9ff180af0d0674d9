"""Text in columns, measured in a terminal's cells: a CJK character takes two, a combining mark none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

GAP = 2
"""Spaces between columns."""

INDENT = 4
"""Before the first column: two spaces, the sign, a space."""

_NAME = 1
"""The column that may be too long for the table: the names."""

_LEAST_NAME = 12
_MOST_NAME = 48
"""One long image reference should not push everything else to the right, however wide the terminal."""

_LEAST_LINE = 20
"""On a terminal too narrow for this, lines are too long: better than one word a line."""

_UNLIMITED = 1 << 30

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
        flow: the lines of the last column, made for a width. Where they don't fit beside the other columns without
            being broken, they stand below, from the column of the names on.
        under: more lines below.
    """

    sign: Cell
    cells: Sequence[Cell]
    flow: Callable[[int], Sequence[Cell]]
    under: Sequence[Cell] = ()


def table(rows: Sequence[Row], width: int, least_flow: int) -> list[str]:
    """The rows as lines.

    A name that is too long, or would leave the last column less than `least_flow`, stands on a line of its own, and
    what follows it on the next: so it does not push the other rows apart, and is not cut.
    """
    widths = [max(cells(row.cells[column].text) for row in rows) for column in range(len(rows[0].cells))]
    others = INDENT + sum(width + GAP for column, width in enumerate(widths) if width and column != _NAME)
    most = min(_MOST_NAME, max(_LEAST_NAME, width - others - GAP - least_flow))
    names = [cells(row.cells[_NAME].text) for row in rows]
    widths[_NAME] = max((name for name in names if name <= most), default=0)
    starts = [INDENT]
    for column, column_width in enumerate(widths):
        starts.append(starts[-1] + (column_width + GAP if column_width or column == _NAME else 0))
    below, beside = max(_LEAST_LINE, width - starts[_NAME]), max(0, width - starts[-1])
    lines: list[str] = []
    for row, name in zip(rows, names, strict=True):
        first = [(2, row.sign), *zip(starts, row.cells, strict=False)]
        if name > widths[_NAME]:
            long = row.cells[_NAME]
            pieces = [[(starts[_NAME], Cell(piece, long.paint))] for piece in wrap(long.text, below)]
            lines += [_line([*first[: _NAME + 1], *pieces[0]]), *map(_line, pieces[1:])]
            first = first[_NAME + 2 :]
        flow, under = row.flow(_UNLIMITED), row.under
        if any(cells(cell.text) > beside for cell in flow):
            flow, under = (), [*row.flow(below), *under]
        lines += [line for line in [_line([*first, *((starts[-1], cell) for cell in flow[:1])])] if line]
        lines += [_line([(starts[-1], cell)]) for cell in flow[1:]]
        lines += [_line([(starts[_NAME], cell)]) for cell in under]
    return lines


def needs(rows: Sequence[Row]) -> int:
    """How wide the terminal must be for each row to stand on one line; the first row has the headings."""
    widths = [max(cells(row.cells[column].text) for row in rows) for column in range(len(rows[0].cells))]
    filled = [any(row.cells[column].text for row in rows[1:]) for column in range(len(widths))]
    last = max(cells(line.text) for row in rows for line in row.flow(_UNLIMITED))
    return INDENT + sum(width + GAP for width, is_filled in zip(widths, filled, strict=True) if is_filled) + last


def without_empty(rows: Sequence[Row]) -> list[Row]:
    """The table without columns that have only a heading."""
    kept = [column for column in range(len(rows[0].cells)) if any(row.cells[column].text for row in rows[1:])]
    return [replace(row, cells=[row.cells[column] for column in kept]) for row in rows]


def _line(placed: Sequence[tuple[int, Cell]]) -> str:
    """Cells at their columns, without spaces at the end."""
    line, at = "", 0
    for start, cell in placed:
        if text := cell.text.rstrip():
            line += " " * (start - at) + cell.paint(text)
            at = start + cells(text)
    return line


def paragraph(text: str, width: int, *, indent: int = 0) -> list[str]:
    """The text, broken between words, on lines that fit."""
    return [" " * indent + line for line in wrap(text, max(_LEAST_LINE, width - indent)) if line]


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


def excerpts(texts: Sequence[str], room: int) -> list[str]:
    """The texts in at most `room` cells each, cut at the same place, so that the first difference is to be seen."""
    if all(cells(text) <= room for text in texts):
        return list(texts)
    alike = zip(*texts, strict=False)
    differs = next((index for index, chars in enumerate(alike) if len(set(chars)) > 1), min(map(len, texts)))
    # Not later than where all their ends fit.
    start = min(max(0, differs - room // 3), max(len(text) - len(tail(text, room - 1)) for text in texts))
    return [_cut(text, start, room) for text in texts]


def _cut(text: str, start: int, room: int) -> str:
    before, rest = "…" if start else "", text[start:]
    if cells(rest) <= room - len(before):
        return before + rest
    return f"{before}{head(rest, room - len(before) - 1)}…"


def cells(text: str) -> int:
    """How many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # only where it is needed: most text is ASCII

    return sum(
        0 if category(char) in {"Mn", "Me"} else 2 if east_asian_width(char) in {"W", "F"} else 1 for char in text
    )
