"""What the loop tells of itself, to whoever shows it: the metrics, the API, notifications, systemd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from reconciler.planning.plan import LEFT_ALONE
from reconciler.report.tally import Tally

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.execution.outcome import Outcome
    from reconciler.planning.plan import Change, Plan
    from reconciler.state.snapshot import Snapshot


class CycleResult(StrEnum):
    """What became of a cycle.

    HELD: what differs is not mended, since it failed before, or is only to be reported. REFUSED: a conflict or the
    guard stands in the way. SKIPPED: it was not to look. ERROR: it could not be brought to its end.
    """

    IN_SYNC = "in_sync"
    DONE = "done"
    HELD = "held"
    REFUSED = "refused"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"
    ERROR = "error"

    @property
    def is_well(self) -> bool:
        """Whether everything is as declared afterwards."""
        return self in {CycleResult.IN_SYNC, CycleResult.DONE}


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
        left_alone: why nothing at all is done now, such as a pause; empty where something may be.
    """

    project: str
    number: int
    reasons: Sequence[str]
    seconds: float
    plan: Plan | None = None
    snapshot: Snapshot | None = None
    outcome: Outcome | None = None
    error: ReconcilerError | None = None
    left_alone: str = ""

    @property
    def result(self) -> CycleResult:
        """What became of it, in a word."""
        if self.error:
            return CycleResult.ERROR
        if self.outcome:
            if self.outcome.interrupted:
                return CycleResult.INTERRUPTED
            if self.outcome.failed:
                return CycleResult.ROLLED_BACK if self.outcome.rolled_back else CycleResult.FAILED
            return CycleResult.HELD if self._leaves_something(self.outcome.plan) else CycleResult.DONE
        if self.plan is None:
            return CycleResult.SKIPPED
        if self.plan.conflicts or self.plan.needs_person:
            return CycleResult.REFUSED
        return CycleResult.HELD if self.plan.changes else CycleResult.IN_SYNC

    @property
    def unfinished(self) -> Sequence[Change]:
        """What differs still, as far as this cycle knows."""
        if self.outcome:
            return Tally(self.outcome).having("failed", "rolled back", "skipped", "held")
        return self.plan.changes if self.plan else ()

    @staticmethod
    def _leaves_something(plan: Plan) -> bool:
        return any(change.operation in LEFT_ALONE for change in plan.changes)


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


class Observers:
    """Several observers as one. A defect of one is reported, and neither ends the loop nor keeps the others from it.

    An observer that blocks would stop the loop: see `Observer`.
    """

    def __init__(self, observers: Sequence[Observer], defect: Callable[[Exception], None]) -> None:
        """Combine them.

        Args:
            observers: told in this order.
            defect: told of what one of them raised.
        """
        self._observers = tuple(observers)
        self._defect = defect

    def began(self, project: str, reasons: Sequence[str]) -> None:
        """A cycle begins."""
        self._tell(lambda one: one.began(project, reasons))

    def ended(self, cycle: Cycle) -> None:
        """A cycle has ended."""
        self._tell(lambda one: one.ended(cycle))

    def read(self, file: str, project: str, error: ReconcilerError | None) -> None:
        """A spec was read."""
        self._tell(lambda one: one.read(file, project, error))

    def gone(self, project: str) -> None:
        """A project is watched no more."""
        self._tell(lambda one: one.gone(project))

    def engine(self, error: ReconcilerError | None) -> None:
        """The Engine answers, or why it does not."""
        self._tell(lambda one: one.engine(error))

    def missed(self, count: int) -> None:
        """A full list found so many objects of which no event had told."""
        self._tell(lambda one: one.missed(count))

    def alive(self) -> None:
        """The daemon's own loop goes round."""
        self._tell(lambda one: one.alive())

    def _tell(self, tell: Callable[[Observer], None]) -> None:
        for one in self._observers:
            try:
                tell(one)
            except Exception as error:
                self._defect(error)
