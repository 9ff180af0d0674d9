"""A plan without what is not to be done now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.planning.plan import Operation

if TYPE_CHECKING:
    from reconciler.planning.actions import Action
    from reconciler.planning.plan import Plan
    from reconciler.state.resource import ResourceKey


def held_back(plan: Plan, resources: Collection[ResourceKey], note: str) -> Plan:
    """The plan without all actions for these resources, and without those that need them.

    What is left out is what an apply would skip had these failed: what needs them, and the rest of a replacement that
    they are a step of.

    Args:
        plan: what would be done.
        resources: which are left alone.
        note: why, in a few words: for their changes.
    """
    gone = _needing(plan, lambda action: action.resource in resources) if resources else set()
    if not gone:
        return plan
    kept = [action for action in plan.actions if action.id not in gone]
    done = {action.resource for action in kept}
    lost = {action.resource for action in plan.actions if action.id in gone} - done
    return replace(
        plan,
        actions=tuple(replace(one, after=tuple(other for other in one.after if other not in gone)) for one in kept),
        changes=tuple(
            replace(change, operation=Operation.HOLD, note=note) if change.resource in lost else change
            for change in plan.changes
        ),
    )


def _needing(plan: Plan, first: Callable[[Action], bool]) -> set[str]:
    """The IDs of these actions, of those that need them, and of all in a group with one of them."""
    needed_by: dict[str, list[str]] = defaultdict(list)
    groups: dict[str, list[str]] = defaultdict(list)
    of = {action.id: action for action in plan.actions}
    for action in plan.actions:
        if action.group:
            groups[action.group].append(action.id)
        for need in action.needs:
            needed_by[need].append(action.id)
    todo = [action.id for action in plan.actions if first(action)]
    found: set[str] = set()
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += needed_by[one]
            todo += groups[of[one].group] if of[one].group else []
    return found
