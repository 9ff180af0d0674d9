"""What is different, and what would be done about it: plain values that print, compare and serialise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from reconciler.planning.actions import Action
from reconciler.state.identity import EngineIdentity
from reconciler.state.resource import Kind, ResourceKey


class Operation(StrEnum):
    """What becomes of a resource.

    HOLD: nothing yet, although it differs. DRIFT: nothing, since what was changed by hand is only to be reported.
    """

    PULL = "pull"
    BUILD = "build"
    IMPORT = "import"
    LOAD = "load"
    CREATE = "create"
    REPLACE = "replace"
    UPDATE = "update"
    START = "start"
    RESTART = "restart"
    PAUSE = "pause"
    STOP = "stop"
    REMOVE = "remove"
    HOLD = "hold"
    DRIFT = "drift"

    @property
    def is_destructive(self) -> bool:
        """Whether something goes, and with it what is stored nowhere else."""
        return self in {Operation.REPLACE, Operation.REMOVE}


LEFT_ALONE = frozenset({Operation.HOLD, Operation.DRIFT})
"""The operations that do nothing."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's difference.

    Attributes:
        path: the attribute in the spec, such as `environment.TZ`.
        wanted: the canonical value by the spec; None where it should not be there.
        actual: the canonical value on the Engine; None where it is not there.
        wanted_text: the wanted value, as a person reads it.
        actual_text: the actual value, as a person reads it.
        sensitive: both may be a secret: never printed.
    """

    path: str
    wanted: Any
    actual: Any
    wanted_text: str
    actual_text: str
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One resource's difference, and what becomes of the resource.

    Attributes:
        resource: which one.
        operation: what becomes of it.
        note: a few words for a person: what of, from where, why.
        fields: the differences that led here; empty where the whole resource is made or goes.
    """

    resource: ResourceKey
    operation: Operation
    note: str = ""
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that stands in the way, and that is not ours to move.

    Attributes:
        resource: the wanted resource.
        message: what stands in its way.
        hint: the ways out.
    """

    resource: ResourceKey
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know, and that keeps nothing from being done.

    Attributes:
        resource: the wanted resource.
        message: what it is.
        hint: what to do about it; may be empty.
    """

    resource: ResourceKey
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """What goes with a container's writable layer: files that were added or changed outside of its mounts.

    Attributes:
        resource: the container.
        count: how many.
        paths: the first of them, in order.
        unknown: why nobody knows; empty where it is known.
    """

    resource: ResourceKey
    count: int = 0
    paths: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True)
class Plan:
    """The changes, and the actions that bring them about: a directed acyclic graph, in an order that honours it.

    Attributes:
        project: whose plan it is.
        engine: for which Engine.
        changes: what is different, sorted as a person reads it.
        actions: what would be done; each one only needs, or follows, actions before it.
        conflicts: what forbids to carry it out.
        kept_volumes: the project's volumes that the spec does not name; they stay.
        notices: what to know besides.
        needs_person: why it is not to be carried out where nobody is there to agree; None where it may be.
        parallelism: how many calls are made at once; None for the usual number.
        on_failure: `continue`, or `stop`: once an action has failed, no other begins.
        lost: what would be lost, of those containers that go and lose something; the Engine is asked for it later.
    """

    project: str
    engine: EngineIdentity
    changes: tuple[Change, ...] = ()
    actions: tuple[Action, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    kept_volumes: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    needs_person: Notice | None = None
    parallelism: int | None = None
    on_failure: str = "continue"
    lost: tuple[Lost, ...] = ()

    @property
    def in_sync(self) -> bool:
        """Whether there is nothing to do, and nothing in the way."""
        return not self.changes and not self.conflicts

    @property
    def is_pending(self) -> bool:
        """Whether there is something to do, or in the way: more than drift that is only to be reported."""
        return bool(self.conflicts) or any(change.operation is not Operation.DRIFT for change in self.changes)

    @cached_property
    def summary(self) -> dict[str, int]:
        """How many resources of each operation, in the order in which a person reads them; without zeros."""
        counts = {operation.value: 0 for operation in Operation}
        for change in self.changes:
            counts[change.operation.value] += 1
        return {operation: count for operation, count in counts.items() if count}

    @property
    def destructive(self) -> tuple[Change, ...]:
        """The changes that a person should agree to."""
        return tuple(change for change in self.changes if change.operation.is_destructive)


def ordered(actions: Iterable[Action]) -> tuple[Action, ...]:
    """The actions in an order that honours what each needs; the same for the same set.

    Raises:
        ValueError: the graph has a cycle: a defect of the planner.
        KeyError: an action needs one that is not there: likewise.
    """
    by_id = {action.id: action for action in actions}
    graph = {action.id: (*action.needs, *action.after) for action in by_id.values()}
    return tuple(by_id[action_id] for action_id in TopologicalSorter(graph).static_order())


def change_order(change: Change) -> tuple[int, int, tuple[str, int]]:
    """The order in which a person reads changes: removals last, else by kind and name."""
    kinds = list(Kind)
    return (change.operation is Operation.REMOVE, kinds.index(change.resource.kind), by_number(change.resource.name))


def by_number(name: str) -> tuple[str, int]:
    """A name to sort by: the replicas 9 and 10 in this order."""
    rest, dash, number = name.rpartition("-")
    return (f"{rest}-", int(number)) if dash and number.isdecimal() and number.isascii() else (name, 0)
