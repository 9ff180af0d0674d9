"""What becomes of the places that containers join and keep their data in: networks and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.fields import ownership
from reconciler.planning.actions import Action
from reconciler.planning.plan import Change, Conflict, Notice
from reconciler.state.resource import ResourceKey
from reconciler.state.snapshot import NetworkState


@dataclass(slots=True)
class PlacesPlan:
    """What becomes of the networks and volumes.

    Attributes:
        actions: what makes them as they should be.
        ready: of each that is not ready as it is, the actions after which it can be used.
        gone: the IDs of networks that these actions remove.
        removals: networks of ours that nothing wants any more.
        kept_volumes: volumes of ours that the spec does not name; they stay.
        notices: what to know besides.
    """

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    ready: dict[ResourceKey, tuple[str, ...]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    removals: list[NetworkState] = field(default_factory=list)
    kept_volumes: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def add(self, action: Action) -> str:
        """Append an action; its ID."""
        self.actions.append(action)
        return action.id


def missing(resource: ResourceKey) -> Conflict:
    """An external network or volume is not there."""
    return Conflict(
        resource,
        f'{resource.kind} "{resource.name}" is declared external, but does not exist',
        f"create it (docker {resource.kind} create {resource.name}), or leave `external` out",
    )


def not_ours(resource: ResourceKey, labels: Mapping[str, str]) -> Conflict:
    """Somebody else's has the name."""
    owner = ownership.project(labels)
    whose = f'belongs to project "{owner}"' if owner else "exists and is not ours"
    return Conflict(
        resource,
        f'{resource.kind} "{resource.name}" {whose}',
        "declare it `external: true` to use it as it is, or give it another `name`",
    )
