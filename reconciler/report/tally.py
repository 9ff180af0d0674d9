"""What became of each change of a plan, counted: a person thinks in these, not in actions."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from reconciler.execution.outcome import Result
from reconciler.planning.actions import StartContainer, StopContainer
from reconciler.planning.plan import LEFT_ALONE
from reconciler.planning.rollback import is_undo
from reconciler.state.resource import Kind

if TYPE_CHECKING:
    from reconciler.execution.outcome import ActionOutcome, Outcome
    from reconciler.planning.plan import Change
    from reconciler.state.resource import ResourceKey

ChangeResult = Literal["done", "failed", "rolled back", "skipped", "held"]


class Tally:
    """An outcome, by change instead of by action."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    @cached_property
    def _results(self) -> dict[ResourceKey, set[Result]]:
        results: dict[ResourceKey, set[Result]] = defaultdict(set)
        for outcome in self._outcome.actions:
            results[outcome.action.resource].add(outcome.result)
        return results

    def result(self, change: Change) -> ChangeResult:
        """What became of a change."""
        if change.operation in LEFT_ALONE:
            return "held"
        results = self._results.get(change.resource, set())
        if Result.UNDONE in results:
            return "rolled back"
        if Result.FAILED in results:
            return "failed"
        return "skipped" if Result.SKIPPED in results else "done"

    @property
    def total(self) -> int:
        """How many changes were to be made."""
        return sum(change.operation not in LEFT_ALONE for change in self._outcome.plan.changes)

    def having(self, *results: ChangeResult) -> list[Change]:
        """The changes that ended in one of these ways, in the plan's order."""
        return [change for change in self._outcome.plan.changes if self.result(change) in results]

    def summary(self, *results: ChangeResult) -> dict[str, int]:
        """How many changes of each operation ended in one of these ways; as `Plan.summary`."""
        counts = dict.fromkeys(self._outcome.plan.summary, 0)
        for change in self.having(*results):
            counts[change.operation.value] += 1
        return {operation: count for operation, count in counts.items() if count}

    def old_containers(self) -> list[tuple[ResourceKey, str, bool]]:
        """Of each replacement that began and failed: what became of the old one, and whether that is well."""
        # Of those that are replaced together, each for itself.
        groups: dict[tuple[str, ResourceKey], list[ActionOutcome]] = defaultdict(list)
        for outcome in self._outcome.actions:
            if outcome.action.group:
                groups[outcome.action.group, outcome.action.resource].append(outcome)
        found = []
        for steps in groups.values():
            results = {step.result for step in steps}
            if results not in ({Result.DONE}, {Result.SKIPPED}):
                found.append((steps[0].action.resource, *self._old(steps)))
        return sorted(found, key=lambda entry: entry[0].name)

    @staticmethod
    def _old(steps: list[ActionOutcome]) -> tuple[str, bool]:
        if steps[0].action.resource.kind is Kind.NETWORK:
            return _old_network(steps)
        undos = [step for step in steps if is_undo(step.action)]
        if any(isinstance(undo.action, StartContainer) for undo in undos):
            return "the old container could not be started again", False
        if undos:
            return "not everything could be taken back", False
        stop = next((step.result for step in steps if isinstance(step.action, StopContainer)), None)
        match stop:
            case Result.UNDONE:
                return "the old container serves again", True
            case Result.DONE:
                return "the old container is stopped", False
            case Result.SKIPPED:
                return "the old container still runs", True
            case Result.FAILED:
                return "the old container was not replaced", True
            case _:
                return "the old container is as it was", True


def _old_network(steps: list[ActionOutcome]) -> tuple[str, bool]:
    if any(is_undo(step.action) for step in steps):
        return "not everything could be taken back: containers may be disconnected from it", False
    if any(step.result is Result.UNDONE for step in steps):
        return "the old network serves again", True
    return "the old network is as it was", True
