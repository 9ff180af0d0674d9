"""Plans networks and volumes: the places that containers join and keep their data in."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.fields import compose_labels, ownership
from reconciler.fields.payload import labels
from reconciler.planning.actions import Action, CreateNetwork, CreateVolume
from reconciler.planning.plan import Change, Conflict, Operation
from reconciler.spec.model import DEFAULT_NETWORK, Network, Spec, State
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import NetworkState, Snapshot


@dataclass(slots=True)
class PlacesPlan:
    """What becomes of the networks and volumes.

    Attributes:
        creates: the actions that make one, by its resource.
        removals: networks of ours that nothing wants any more.
        kept_volumes: volumes of ours that the spec does not name; they stay.
    """

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    creates: dict[ResourceKey, Action] = field(default_factory=dict)
    removals: list[NetworkState] = field(default_factory=list)
    kept_volumes: list[str] = field(default_factory=list)


def plan_places(spec: Spec, snapshot: Snapshot) -> PlacesPlan:
    """Every network and volume that the spec names, and ours that it does not."""
    plan = PlacesPlan()
    _networks(spec, snapshot, plan)
    _volumes(spec, snapshot, plan)
    return plan


def _networks(spec: Spec, snapshot: Snapshot, plan: PlacesPlan) -> None:
    wanted = dict(spec.networks)
    if any(
        DEFAULT_NETWORK in container.joined and container.state is not State.ABSENT
        for container in spec.containers.values()
    ):
        wanted.setdefault(DEFAULT_NETWORK, Network())
    # Older Engines make two of one name: ours counts, and the same one whatever the order of the reply.
    mine = ownership.PROJECT
    ranked = sorted(snapshot.networks, key=lambda state: (state.labels.get(mine) != spec.name, state.id), reverse=True)
    here = {network.name: network for network in ranked}
    names = set()
    for key, network in sorted(wanted.items()):
        name = spec.network_name(key)
        names.add(name)
        found = here.get(name)
        owner = found.labels.get(ownership.PROJECT) if found else None
        if _settle(Kind.NETWORK, name, plan, spec.name, owner, external=network.external, exists=bool(found)):
            resource = ResourceKey(Kind.NETWORK, name)
            bears = compose_labels.of_network(spec, key) | labels(spec.name, key)
            payload = {"Name": name, "CheckDuplicate": True, "Labels": bears}
            plan.creates[resource] = CreateNetwork(
                id=f"{Kind.NETWORK}/{name}:create", resource=resource, reason="not here yet", payload=payload
            )
    for network_state in sorted(snapshot.networks, key=lambda state: (state.name, state.id)):
        if network_state.labels.get(ownership.PROJECT) == spec.name and network_state.name not in names:
            plan.removals.append(network_state)


def _volumes(spec: Spec, snapshot: Snapshot, plan: PlacesPlan) -> None:
    here = {volume.name: volume for volume in snapshot.volumes}
    names = set()
    for key, volume in sorted(spec.volumes.items()):
        name = spec.volume_name(key)
        names.add(name)
        found = here.get(name)
        owner = found.labels.get(ownership.PROJECT) if found else None
        if _settle(Kind.VOLUME, name, plan, spec.name, owner, external=volume.external, exists=bool(found)):
            resource = ResourceKey(Kind.VOLUME, name)
            plan.creates[resource] = CreateVolume(
                id=f"{Kind.VOLUME}/{name}:create",
                resource=resource,
                reason="not here yet",
                payload={"Name": name, "Labels": compose_labels.of_volume(spec, key) | labels(spec.name, key)},
            )
    plan.kept_volumes = sorted(
        volume.name
        for volume in snapshot.volumes
        if volume.labels.get(ownership.PROJECT) == spec.name and volume.name not in names
    )


def _settle(
    kind: Kind, name: str, plan: PlacesPlan, project: str, owner: str | None, *, external: bool, exists: bool
) -> bool:
    """Note what is to be said of a network or volume; whether it is to be created."""
    resource = ResourceKey(kind, name)
    if external:
        if not exists:
            plan.conflicts.append(
                Conflict(
                    resource,
                    f'{kind} "{name}" is declared external, but does not exist',
                    f"create it (docker {kind} create {name}), or leave `external` out",
                )
            )
        return False
    if exists:
        if owner != project:
            whose = f'belongs to project "{owner}"' if owner else "exists and is not ours"
            plan.conflicts.append(
                Conflict(
                    resource,
                    f'{kind} "{name}" {whose}',
                    "declare it `external: true` to use it as it is, or give it another `name`",
                )
            )
        return False
    plan.changes.append(Change(resource, Operation.CREATE))
    return True
