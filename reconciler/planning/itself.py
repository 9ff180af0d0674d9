"""The container that the reconciler runs in: never stopped, removed or replaced; that is told instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.actions import PauseContainer, RemoveContainer, StopContainer
from reconciler.planning.plan import Change, Notice, Operation
from reconciler.planning.steps import ContainerPlan
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.state.snapshot import NetworkState, Snapshot

NOTE = "reconciler runs in it, and leaves itself alone"

_HINT = "run the same spec's `reconciler apply` from outside of it"


def leave_itself_alone(part: ContainerPlan, snapshot: Snapshot) -> ContainerPlan:
    """What becomes of one container: nothing, where that would end us; what it would have been, is told.

    Args:
        part: the plan for it.
        snapshot: says which container is ours.
    """
    ends = (StopContainer, RemoveContainer, PauseContainer)
    if not snapshot.own_container or not any(
        isinstance(action, ends) and action.container == snapshot.own_container for action in part.actions
    ):
        return part
    [name] = [one.name for one in snapshot.containers if one.id == snapshot.own_container]
    resource = ResourceKey(Kind.CONTAINER, name)
    replaced = any(change.operation is Operation.REPLACE for change in part.changes)
    what = "its new version" if replaced else f"to {_operations(part)} it"
    fields = tuple(field for change in part.changes for field in change.fields)
    return ContainerPlan(
        changes=[Change(resource, Operation.HOLD, NOTE, fields)],
        notices=[
            *part.notices,
            Notice(resource, f"{name} is the container that reconciler runs in: {what} is left to you", _HINT),
        ],
    )


def without_own_networks(
    networks: Iterable[NetworkState], snapshot: Snapshot
) -> tuple[list[NetworkState], list[Notice]]:
    """Of networks that are to go, those that do not have our own container in them; and what is said of the others."""
    own = next((one for one in snapshot.containers if one.id == snapshot.own_container), None)
    joined = {settings.get("NetworkID") for settings in own.networks.values()} if own else set()
    left = [network for network in networks if network.id not in joined]
    return left, [
        Notice(ResourceKey(Kind.NETWORK, network.name), f"network {network.name} stays: {NOTE}", _HINT)
        for network in networks
        if network.id in joined
    ]


def _operations(part: ContainerPlan) -> str:
    return " and ".join(dict.fromkeys(change.operation.value for change in part.changes))
