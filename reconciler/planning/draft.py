"""A plan while it is being made: what is known of it so far, and which action waits for which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.planning.actions import RunCommand, StopContainer
from reconciler.planning.plan import Change, Conflict, Notice, Plan, change_order, ordered

if TYPE_CHECKING:
    from reconciler.planning.actions import Action
    from reconciler.planning.steps import ContainerPlan
    from reconciler.state.snapshot import Snapshot


@dataclass(slots=True)
class Draft:
    """The parts of a plan; the actions by their IDs."""

    changes: list[Change] = field(default_factory=list)
    actions: dict[str, Action] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def add(self, part: ContainerPlan) -> None:
        """Take what becomes of one container."""
        self.changes += part.changes
        self.conflicts += part.conflicts
        self.notices += part.notices
        for action in part.actions:
            self.actions[action.id] = action

    def finish(self, project: str, snapshot: Snapshot, kept_volumes: list[str]) -> Plan:
        """The plan that came of it.

        Args:
            project: whose it is.
            snapshot: what is there.
            kept_volumes: the project's that the spec does not name.
        """
        return Plan(
            project=project,
            engine=snapshot.engine,
            changes=tuple(sorted(self.changes, key=change_order)),
            actions=ordered(self.actions.values()),
            conflicts=tuple(self.conflicts),
            kept_volumes=tuple(kept_volumes),
            notices=tuple(self.notices),
        )

    def add_needs(self, action: str, needs: Iterable[str]) -> None:
        """Let an action wait for more."""
        found = self.actions[action]
        self.actions[action] = replace(found, needs=(*found.needs, *needs))

    def begin_of_stop(self, stop: str) -> str:
        """The first action of a stop: of its `pre_stop` commands, or where there are none, the stop itself."""
        action = self.actions[stop]
        if not isinstance(action, StopContainer):
            raise TypeError(f"{stop} is no stop")
        container = action.container
        while hooks := [
            need
            for need in self.actions[stop].needs
            if isinstance(action := self.actions[need], RunCommand)
            and (action.container, action.what) == (container, "pre_stop")
        ]:
            [stop] = hooks
        return stop

    def leads_to(self, start: str, goal: str) -> bool:
        """Whether the action `start` waits for the action `goal`, at whatever remove; or is it."""
        seen, todo = set(), [start]
        while todo:
            current = todo.pop()
            if current == goal:
                return True
            if current not in seen:
                seen.add(current)
                todo += [*self.actions[current].needs, *self.actions[current].after]
        return False
