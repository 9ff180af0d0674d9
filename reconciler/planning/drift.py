"""What was changed by hand, told from what the spec changed: what `drift` of a container is about."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.fields import ownership
from reconciler.fields.base import Instance, Mend
from reconciler.fields.payload import value_digest
from reconciler.fields.table import ROW
from reconciler.planning.plan import FieldChange
from reconciler.spec.model import State
from reconciler.state.snapshot import ContainerState

Difference = tuple[FieldChange, Mend]


def sort_out(
    instance: Instance, container: ContainerState, found: list[Difference], by_plan: Collection[str] = ()
) -> tuple[list[Difference], tuple[FieldChange, ...]]:
    """The differences that are to be mended, and those that are only to be reported.

    Args:
        instance: what is wanted.
        container: what is there.
        found: all differences.
        by_plan: the paths of fields that differ because of what the plan itself does.
    """
    drift = instance.container.drift
    found = [one for one in found if not _is_one_of(one[0].path, drift.ignore)]
    if drift.mode == "mend" or container.status == "created":
        return found, ()  # what has never run was cut off while it was made
    mended: list[Difference] = []
    drifted: list[Difference] = []
    for change, mend in found:
        by_hand = change.path not in by_plan and _by_hand(instance, container, change.path)
        (drifted if by_hand else mended).append((change, mend))
    if any(mend is Mend.REPLACE for _, mend in mended):
        return found, ()  # a new one has nothing of what was done to the old one by hand
    return mended, tuple(change for change, _ in drifted) if drift.mode == "report" else ()


def _is_one_of(path: str, ignored: Collection[str]) -> bool:
    """Whether it is one of these fields, or a key of one: `labels` stands for all labels."""
    return any(path == one or path.startswith(f"{one}.") for one in ignored)


def _by_hand(instance: Instance, container: ContainerState, path: str) -> bool:
    """Whether the field is declared as it was when the container was made, so that it was not the spec that changed.

    What only a replacement can change can't be changed by hand either. And of what the spec has changed since, nobody
    can tell who changed it last: the label stays as it was made.
    """
    if path == "state" and instance.container.state is State.COMPLETED:
        return False  # it ended by itself
    row = ROW.get(path)
    if row is None or not row.always or container.resource != instance.key:
        return False
    if (path in ownership.declared(container.labels)) != instance.declares(path):
        return False
    return ownership.in_place(container.labels).get(path) in {None, value_digest(row, instance)}
