"""The guard: what is removed in numbers is left to a person, since it is more often a mistake than meant."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.fields import ownership
from reconciler.planning.plan import Change, Notice, Operation
from reconciler.planning.slots import NEXT, OLD
from reconciler.spec.model import Spec
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import Snapshot

_LEAST = 3
"""So many removals at once are never too many, unless the spec says so: in a small project half is soon reached."""

_HINT = "look at the plan, and run `reconciler apply` if it is meant"


def needs_person(changes: Iterable[Change], spec: Spec, snapshot: Snapshot) -> Notice | None:
    """Why a plan is not to be carried out where nobody is there to agree; None where it may be.

    What a replacement left behind is none of the project's containers: its removal is no loss.

    Args:
        changes: what would be done.
        spec: what is wanted.
        snapshot: what is there.
    """
    gone = [change.resource for change in changes if change.operation is Operation.REMOVE]
    if not gone:
        return None
    project = ResourceKey(Kind.CONTAINER, spec.name)  # it is of no resource; what is said names the project
    containers = {container.name for container in snapshot.containers if not container.name.endswith((NEXT, OLD))}
    networks = {network.name for network in snapshot.networks if ownership.project(network.labels) == spec.name}
    counted = {Kind.CONTAINER: containers, Kind.NETWORK: networks}
    removed = {one for one in gone if one.name in counted.get(one.kind, ())}
    if not spec.containers and any(one.kind is Kind.CONTAINER for one in removed):
        message = f'the spec of "{spec.name}" has no containers any more: all of them would be removed'
        return Notice(project, f"{message}, and that needs a person", _HINT)
    there = len(containers) + len(networks)
    given = spec.settings.max_removals
    most = max(_LEAST, there // 2) if given is None else given
    if len(removed) <= most:
        return None
    return Notice(
        project,
        f"{len(removed)} of {there} containers and networks would be removed: more than {most} at once need a person",
        f"{_HINT}; `settings.max_removals` sets the number",
    )
