"""An observer that nobody is behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import ReconcilerError
    from reconciler.watch.observing import Cycle


class Nobody:
    """An observer that nobody is behind."""

    def began(self, project: str, reasons: Sequence[str]) -> None:
        """A cycle begins."""

    def ended(self, cycle: Cycle) -> None:
        """A cycle has ended."""

    def read(self, file: str, project: str, error: ReconcilerError | None) -> None:
        """A spec was read."""

    def gone(self, project: str) -> None:
        """A project is watched no more."""

    def engine(self, error: ReconcilerError | None) -> None:
        """The Engine answers, or why it does not."""

    def missed(self, count: int) -> None:
        """A full list found so many objects of which no event had told."""

    def alive(self) -> None:
        """The daemon's own loop goes round."""
