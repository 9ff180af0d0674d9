"""What failed and is not tried again: kept in the journal, so that a watch that is started anew knows it too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.journal.journal import Journal, JournalError
from reconciler.planning.failures import Failure, Unproven, unproven

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.execution.outcome import Outcome
    from reconciler.state.snapshot import Snapshot


@dataclass(slots=True)
class Memory:
    """The failures of one project on one Engine.

    Where the journal can't be used, what this process saw is still known.

    Attributes:
        journal: where they are kept.
        warn: told why it can't be used; once for each reason.
    """

    journal: Journal
    warn: Callable[[JournalError], None]
    _known: frozenset[Failure] = frozenset()
    _unresolved: tuple[Unproven, ...] = ()
    _said: str = ""
    _key: tuple[str, str] = field(default=("", ""))

    def recall(self, project: str, engine: str, snapshot: Snapshot) -> frozenset[Failure]:
        """What failed, by an earlier cycle or by an `apply`.

        Args:
            project: whose.
            engine: the Engine's ID.
            snapshot: tells the IDs of images that were not here yet when something failed.
        """
        if (project, engine) != self._key:
            self._key, self._known, self._unresolved = (project, engine), frozenset(), ()
        try:
            self._known, self._unresolved = self.journal.failures(project, engine)
        except JournalError as error:
            self._tell(error)
        found = {
            Failure(one.container, one.digest, image.id)
            for one in self._unresolved
            if (image := snapshot.image(one.image))
        }
        if self._unresolved:
            self._keep(self._known | found, ())
        return self._known

    def note(self, outcome: Outcome) -> None:
        """Remember what was taken back because it failed."""
        if undone := unproven(outcome.unproven):
            self._keep(self._known, (*self._unresolved, *undone))

    def forget(self) -> None:
        """Everything may be tried again."""
        if self._known or self._unresolved:
            self._keep(frozenset(), ())

    def _keep(self, known: frozenset[Failure], unresolved: tuple[Unproven, ...]) -> None:
        self._known, self._unresolved = known, unresolved
        try:
            self.journal.keep_failures(*self._key, known, unresolved)
        except JournalError as error:
            self._tell(error)

    def _tell(self, error: JournalError) -> None:
        if error.message != self._said:
            self._said = error.message
            self.warn(error)
