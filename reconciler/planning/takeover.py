"""Which containers are the project's although they bear no label of ours: labels can't be added to what exists.

Compose's, where the spec has their service and the project has the name of theirs; and those that the spec marks
`adopt: true`, by their name. Both are found again in each cycle, until a replacement gives them our labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.fields import compose_labels, ownership
from reconciler.planning.plan import Conflict, Notice
from reconciler.planning.slots import NEXT, key_of
from reconciler.spec.model import Spec, State
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, Snapshot

Place = tuple[str, int]
"""A container's name in the spec, and its number."""


def take_over(snapshot: Snapshot, project: str, spec: Spec | None, *, orphans: bool = False) -> Snapshot:
    """The snapshot, in which all that is the project's is among its `containers`.

    Args:
        snapshot: what is there, observed for this spec.
        project: whose.
        spec: what is wanted; None where nothing is known to be.
        orphans: whether what the project's namesake in Compose has besides is the project's too.
    """
    if not snapshot.candidates:
        return snapshot
    taken: dict[str, ContainerState] = {}
    filled: set[Place] = set()
    replaced: dict[str, Place] = {}
    for own in snapshot.containers:
        place = (key_of(spec, own) if spec else own.resource, own.replica)
        if not own.name.endswith(NEXT):
            filled.add(place)
        if forerunner := own.labels.get(ownership.REPLACES):
            replaced[forerunner] = (own.resource, own.replica)
    for candidate in snapshot.candidates:
        if candidate.id in replaced:
            taken[candidate.id] = _taken(candidate, replaced[candidate.id], snapshot)
    if spec:
        for state in (*_of_compose(spec, snapshot, filled), *_adopted(spec, snapshot, filled)):
            taken.setdefault(state.id, state)
    if orphans:
        for candidate in snapshot.candidates:
            if made_as := compose_labels.place(candidate.labels, project):
                taken.setdefault(candidate.id, replace(candidate, place=made_as))
    return replace(
        snapshot,
        containers=tuple(sorted((*snapshot.containers, *taken.values()), key=lambda one: (one.name, one.id))),
        others=tuple(other for other in snapshot.others if other.id not in taken),
        candidates=tuple(one for one in snapshot.candidates if one.id not in taken),
    )


def _taken(candidate: ContainerState, place: Place, snapshot: Snapshot) -> ContainerState:
    """A container that is the project's now, as if a label of ours told what configs and secrets it has."""
    inspect, labels = candidate.inspect, snapshot.unlabelled.get(candidate.id)
    if labels:
        config = inspect.get("Config") or {}
        inspect = {**inspect, "Config": {**config, "Labels": {**(config.get("Labels") or {}), **labels}}}
    return replace(candidate, inspect=inspect, place=place)


def _of_compose(spec: Spec, snapshot: Snapshot, filled: set[Place]) -> Iterator[ContainerState]:
    """Of each place that nobody of ours has, the one that Compose has there."""
    found: dict[Place, list[ContainerState]] = defaultdict(list)
    for candidate in snapshot.candidates:
        if place := compose_labels.place(candidate.labels, spec.name):
            state = _taken(candidate, place, snapshot)
            found[key_of(spec, state), state.replica].append(state)
    for (key, number), states in found.items():
        if key in spec.containers and (key, number) not in filled:
            # A `docker compose up` that was cut off leaves two: the one with the name is in service.
            yield min(states, key=lambda one: (one.name != spec.container_name(key, number), one.name, one.id))
            filled.add((key, number))


def _adopted(spec: Spec, snapshot: Snapshot, filled: set[Place]) -> Iterator[ContainerState]:
    named = {one.name: one for one in snapshot.candidates if can_be_adopted(one)}
    for key, container in spec.containers.items():
        for number in range(1, container.replicas + 1) if container.adopt else ():
            state = named.get(spec.container_name(key, number))
            if state and (key, number) not in filled:
                yield replace(state, place=(key, number))


def can_be_adopted(container: ContainerState) -> bool:
    """Whether `adopt: true` would take it: not what another project of ours keeps, and no `docker compose run`."""
    return ownership.PROJECT not in container.labels and not compose_labels.is_one_off(container.labels)


def adoptable(spec: Spec, snapshot: Snapshot) -> dict[str, list[str]]:
    """The containers that stand in a wanted container's way and could be adopted: key in the spec → their names."""
    left = take_over(snapshot, spec.name, spec)
    ours = {container.name for container in left.containers}
    free = {one.name for one in left.candidates if can_be_adopted(one)} - ours
    found = {
        key: [name for number in range(1, container.replicas + 1) if (name := spec.container_name(key, number)) in free]
        for key, container in sorted(spec.containers.items())
        if container.state is not State.ABSENT
    }
    return {key: names for key, names in found.items() if names}


def with_adopted(spec: Spec, keys: Iterable[str]) -> Spec:
    """The spec, as if it said `adopt: true` of these containers."""
    marked = {key: spec.containers[key].model_copy(update={"adopt": True}) for key in keys}
    return spec.model_copy(update={"containers": {**spec.containers, **marked}})


def orphans_stay(project: str, snapshot: Snapshot) -> list[Notice]:
    """What the project's namesake in Compose has besides: one notice for each service. See `take_over`."""
    services: dict[str, list[str]] = defaultdict(list)
    for candidate in snapshot.candidates:
        if place := compose_labels.place(candidate.labels, project):
            services[place[0]].append(candidate.name)
    return [
        Notice(
            ResourceKey(Kind.CONTAINER, names[0]),
            f"{', '.join(names)} {'stay' if names[1:] else 'stays'}: Compose made {'them' if names[1:] else 'it'} "
            f'for service "{service}", and the spec has no place for {"them" if names[1:] else "it"}',
            f"--remove-orphans removes {'them' if names[1:] else 'it'}",
        )
        for service, names in sorted(services.items())
    ]


def name_is_taken(resource: ResourceKey, holder: str, project: str, snapshot: Snapshot) -> Conflict:
    """A container that is not ours has a wanted name.

    Args:
        resource: what is wanted.
        holder: the ID of the one that has its name.
        project: the project that this one belongs to; empty for none.
        snapshot: what is there.
    """
    whose = f'belongs to project "{project}"' if project else "is not ours"
    adopt = any(one.id == holder and can_be_adopted(one) for one in snapshot.candidates)
    return Conflict(
        resource,
        f'container "{resource.name}" exists and {whose}',
        f"remove or rename it, {'' if adopt else 'or '}give yours another `container_name`"
        f"{', or write `adopt: true` to take it over' if adopt else ''}",
    )
