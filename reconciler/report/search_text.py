"""What was found on Docker Hub, or of a repository, for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.report.layout import Cell, Row, table, wrap
from reconciler.report.style import Style, one_line, visible

_LEAST_FLOW = 30


@dataclass(frozen=True, slots=True)
class Found:
    """An image on Docker Hub.

    Attributes:
        name: its repository.
        description: in its owner's words.
        stars: how many people like it.
        official: whether Docker itself looks after it.
    """

    name: str
    description: str
    stars: int
    official: bool


def found_text(term: str, found: Sequence[Found], style: Style, width: int) -> str:
    """The images as a table. Without a line break at the end."""
    if not found:
        return f'Docker Hub has nothing for "{visible(term)}".'
    stars = max(len(str(one.stars)) for one in found)
    words = [Cell("STARS", style.dim), Cell("NAME", style.dim), Cell("OFFICIAL", style.dim)]
    rows = [Row(Cell(""), words, lambda _room: [Cell("DESCRIPTION", style.dim)])]
    for one in found:
        cells = [
            Cell(str(one.stars).rjust(stars)),
            Cell(visible(one.name), style.bold),
            Cell("official" if one.official else "", style.good),
        ]
        rows.append(Row(Cell("✓" if one.official else "", style.good), cells, _description(one, style)))
    return "\n".join(table(rows, width, _LEAST_FLOW))


def _description(found: Found, style: Style) -> Callable[[int], list[Cell]]:
    return lambda room: [Cell(line, style.plain) for line in wrap(one_line(found.description), room)]


def tags_text(repository: str, tags: Sequence[str], total: int, style: Style) -> str:
    """The tags, a line each. Without a line break at the end.

    Args:
        repository: whose, with the registry.
        tags: those that are shown.
        total: how many there are.
        style: how to paint.
    """
    if not tags:
        return f"{visible(repository)} has no tags."
    lines = [f"{style.dim(visible(repository) + ':')}{style.bold(visible(tag))}" for tag in tags]
    if total > len(tags):
        lines.append(style.dim(f"… and {total - len(tags)} more: say --limit {total}"))
    return "\n".join(lines)
