"""The way back from a replacement that failed: its steps are taken back, until what was there serves again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.planning.actions import (
    Action,
    ConnectNetwork,
    CreateContainer,
    CreateNetwork,
    DisconnectNetwork,
    RemoveContainer,
    RemoveNetwork,
    RenameContainer,
    StartContainer,
    StopContainer,
)

_UNDO = ":undo"


def is_undo(action: Action) -> bool:
    """Whether an action takes another one back."""
    return action.id.endswith(_UNDO)


def rollback(done: Iterable[Action]) -> Mapping[str, Action]:
    """What takes the steps of a replacement back, in the order in which it must be done.

    The names go back first, the latest rename before the earlier. Then the new container is removed, and with it its
    start and its connections: it may hold a host port that the old one needs. Then the old one starts; of several that
    were replaced together, the last one that was stopped first, since the others live in its namespaces. A network that
    was to be made anew is made as it was, and its containers are connected to it again.

    Args:
        done: the steps that were done, in the order in which they were.

    Returns:
        By the ID of the step that is taken back, the action that does it.
    """
    renames: dict[str, Action] = {}
    removals: dict[str, Action] = {}
    starts: dict[str, Action] = {}
    networks: dict[str, Action] = {}
    connections: dict[str, Action] = {}
    steps = list(done)
    new = {step.id for step in steps if isinstance(step, CreateContainer)}
    for step in steps:
        common: dict[str, Any] = {
            "id": f"{step.id}{_UNDO}",
            "resource": step.resource,
            "reason": "the replacement failed",
            "group": step.group,
        }
        match step:
            case RenameContainer():
                back = RenameContainer(container=step.container, old_name=step.name, name=step.old_name, **common)
                renames = {step.id: back, **renames}
            case CreateContainer():
                removals[step.id] = RemoveContainer(container=step.id, expected_name=step.name, **common)
            case StopContainer():
                starts = {step.id: StartContainer(container=step.container, **common), **starts}
            case RemoveNetwork():
                networks[step.id] = CreateNetwork(payload=step.back, **common)
            case DisconnectNetwork() if step.container not in new:
                connections[step.id] = ConnectNetwork(
                    container=step.container, network=step.resource.name, endpoint=step.back, **common
                )
    return {**renames, **removals, **starts, **networks, **connections}
