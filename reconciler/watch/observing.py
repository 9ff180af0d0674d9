"""What the loop tells of itself, to whoever shows it: the metrics, the API, notifications, systemd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.execution.outcome import Outcome
    from reconciler.planning.plan import Plan
    from reconciler.state.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle of one project, at its end.

    Attributes:
        project: its name.
        number: of the cycle, counted from 1 since the start, for each project.
        reasons: what asked for it.
        seconds: how long it took.
        plan: what was planned; None where it did not come so far.
        snapshot: what it was planned on.
        outcome: what became of it; None where nothing was to be done, or nothing may be.
        error: what ended it before its end.
    """

    project: str
    number: int
    reasons: Sequence[str]
    seconds: float
    plan: Plan | None = None
    snapshot: Snapshot | None = None
    outcome: Outcome | None = None
    error: ReconcilerError | None = None


class Observer(Protocol):
    """Told by the loop, from the threads that run cycles. It must neither raise nor block."""

    def began(self, project: str, reasons: Sequence[str]) -> None:
        """A cycle begins."""
        ...

    def ended(self, cycle: Cycle) -> None:
        """A cycle has ended."""
        ...

    def read(self, file: str, project: str, error: ReconcilerError | None) -> None:
        """A spec was read: with its project's name, or what is wrong with it (the project as last known, or empty)."""
        ...

    def gone(self, project: str) -> None:
        """A project is watched no more."""
        ...

    def engine(self, error: ReconcilerError | None) -> None:
        """The Engine answers, or why it does not."""
        ...

    def missed(self, count: int) -> None:
        """A full list found so many objects of which no event had told."""
        ...

    def alive(self) -> None:
        """The daemon's own loop goes round; at least every few seconds while nothing is wrong."""
        ...
