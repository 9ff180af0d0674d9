"""What `watch` leaves alone for now: a project that is paused or suspended, what is held, what waits for its window."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.journal.journal import Journal, JournalError, Stamp
from reconciler.journal.rests import Rests
from reconciler.planning.held_back import held_back
from reconciler.planning.plan import Operation
from reconciler.planning.windows import opens_at
from reconciler.watch.loop import Restrained

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.planning.left_alone import Hold
    from reconciler.planning.plan import Plan
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot

_LATE = 0.05
"""Seconds after a moment: it should be over by then, on whatever clock."""


@dataclass(slots=True)
class Resting:
    """What is left alone of one project.

    Where the journal can't be read, what was last known goes on.

    Attributes:
        project: its name.
        journal: where it is kept what a person has paused and held.
        now: the time, with its zone.
        warn: told why the journal can't be read.
    """

    project: str
    journal: Journal
    now: Callable[[], datetime]
    warn: Callable[[JournalError], None]
    _known: Rests = field(default_factory=Rests)
    """What the last cycle went by."""
    _read: tuple[Stamp | None, Rests] = field(default_factory=lambda: (None, Rests()))
    """The latest reading, and the journal's stamp before it."""

    def holds(self) -> tuple[Hold, ...]:
        """What a person holds now, by which the next plan is made."""
        self._known = self._look()
        return self._known.holds

    def stirs(self) -> str:
        """The command by which a person has asked for something else since the last cycle; empty for none."""
        before, now = self._known, self._look()
        if now.pause != before.pause:
            return "pause" if now.pause else "resume"
        if now.held != before.held:
            return "hold" if set(now.held).difference(before.held) else "unhold"
        return ""

    def restrain(self, found: Plan, spec: Spec, snapshot: Snapshot) -> Restrained:
        """The plan without what is not to be done now, and the seconds until that may change.

        Args:
            found: what would be done; what is held is left out of it already.
            spec: what is wanted.
            snapshot: what is there.
        """
        now = self.now()
        moments = [self._known.next_end(now)]
        if any(change.operation is Operation.HOLD for change in found.changes):
            opening = opens_at(spec.settings.windows, snapshot.taken_at)
            moments.append((opening - now).total_seconds() if opening else None)
        seconds = min((moment for moment in moments if moment is not None), default=None)
        if why := self._rests(spec, now):
            found = held_back(found, {action.resource for action in found.actions}, why)
        return Restrained(found, None if seconds is None else max(0.0, seconds) + _LATE, why)

    def _rests(self, spec: Spec, now: datetime) -> str:
        """Why nothing at all is done now; empty where something may be."""
        pause = self._known.pause
        if pause and pause.lasts(now):
            return f"the project is paused until {pause.until}" if pause.until else "the project is paused"
        return "the spec suspends the project" if spec.settings.suspend else ""

    def _look(self) -> Rests:
        # Asked every few seconds, of each project: a look at the file is cheap, a look into it is not.
        stamp = self.journal.stamp()
        read_at, found = self._read
        if stamp is None or stamp != read_at:
            try:
                found = self.journal.rests(self.project)
            except JournalError as error:
                self.warn(error)
                return self._known
            self._read = stamp, found
        return found
