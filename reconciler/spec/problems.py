"""Everything that is wrong with one project, gathered while it is read, so that it can be said at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.spec.diagnostics import spec_error

if TYPE_CHECKING:
    from reconciler.errors import SpecError
    from reconciler.spec.diagnostics import Diagnostic

MOST = 500
"""Nobody reads more problems of one sort, and to explain each in a hostile file would take a minute."""


def not_listed(count: int | None = None) -> tuple[str, str]:
    """Message and hint where there are so many more than `MOST`, or where nobody has counted them."""
    many = "more problems" if count is None else f"{count} more problems"
    return f"{many} are not listed", "mend those that are, then validate it again"


class Problems:
    """What was found so far. An empty one is false."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._without_value: set[tuple[str, int, int]] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, found: Iterable[Diagnostic]) -> None:
        """Take these too, each once, but for those that only follow from a value that could not be made."""
        if not self._without_value:
            self._found.update(dict.fromkeys(found))
            return
        self._found.update({one: None for one in found if one.position not in self._without_value})

    def add_failure(self, error: SpecError) -> None:
        """Take all that this error lists."""
        self.add(error.diagnostics)

    def add_templates(self, found: Iterable[Diagnostic], values: Iterable[Diagnostic]) -> None:
        """Take what is wrong with variables.

        Args:
            found: that.
            values: something at the place of each value that could not be made for it.
        """
        self._found.update(dict.fromkeys(found))
        self._without_value.update(value.position for value in values)

    def error(self) -> SpecError:
        """The error that carries all of it, sorted by position."""
        return spec_error(self._found)
