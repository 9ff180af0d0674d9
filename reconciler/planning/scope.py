"""A plan for a part: `--target` limits it to some resources and what they need; the rest is as if it were not ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from reconciler.errors import UsageError
from reconciler.fields import ownership
from reconciler.planning.slots import key_of
from reconciler.planning.waiting import precede
from reconciler.spec.diagnostics import meant
from reconciler.spec.model import Spec
from reconciler.spec.reference import full_reference
from reconciler.state.resource import Kind
from reconciler.state.snapshot import ContainerState, OtherContainer, Snapshot


@dataclass(slots=True)
class _Scope:
    """What a plan is limited to, by kind: keys of the spec, in full for images."""

    keys: dict[Kind, set[str]] = field(default_factory=lambda: {kind: set() for kind in Kind})

    def has(self, kind: Kind, key: str) -> bool:
        return key in self.keys[kind]


def limited(spec: Spec, snapshot: Snapshot, targets: Iterable[str]) -> tuple[Spec, Snapshot]:
    """The part of spec and snapshot that a plan for these targets sees.

    What is left out can't be changed or removed: containers count as not ours, networks and volumes bear no label.

    Args:
        spec: what is wanted.
        snapshot: what is there.
        targets: `web` or `container/web`, `network/front`, `volume/data`, `image/nginx:1.27` of those in
            `images`; by their names in the spec, or of what it no longer declares, by the name that it had there.

    Raises:
        UsageError: nothing has this name, in the spec or on the Engine.
    """
    known = dict(_known(spec, snapshot))
    scope = _Scope()
    for target in targets:
        kind, key = known.get(target) or known.get(f"{Kind.CONTAINER}/{target}") or _unknown(target, known, spec)
        scope.keys[kind].add(key)
    _close(scope, spec)
    part = spec.model_copy(
        update={
            "containers": {key: one for key, one in spec.containers.items() if scope.has(Kind.CONTAINER, key)},
            "networks": {key: one for key, one in spec.networks.items() if scope.has(Kind.NETWORK, key)},
            "volumes": {key: one for key, one in spec.volumes.items() if scope.has(Kind.VOLUME, key)},
            "images": {key: one for key, one in spec.images.items() if scope.has(Kind.IMAGE, full_reference(key))},
        }
    )
    apart = set_apart(snapshot, lambda container: not scope.has(Kind.CONTAINER, key_of(spec, container)))
    # By name too: what Compose made bears no label of ours.
    network_names = {spec.network_name(key) for key in scope.keys[Kind.NETWORK]}
    volume_names = {spec.volume_name(key) for key in scope.keys[Kind.VOLUME] & spec.volumes.keys()}
    networks = scope.keys[Kind.NETWORK] | {one.was or "" for one in part.networks.values()}
    volumes = scope.keys[Kind.VOLUME] | {one.was or "" for one in part.volumes.values()}
    return part, replace(
        apart,
        networks=tuple(
            one
            if one.name in network_names or one.labels.get(ownership.RESOURCE) in networks
            else replace(one, labels={})
            for one in snapshot.networks
        ),
        volumes=tuple(
            one
            if one.name in volume_names or one.labels.get(ownership.RESOURCE) in volumes
            else replace(one, labels={})
            for one in snapshot.volumes
        ),
    )


def without_undeclared(spec: Spec, snapshot: Snapshot) -> tuple[Snapshot, list[str]]:
    """The snapshot without containers that the spec does not name; these, as a person reads them."""
    keys = spec.containers.keys()
    stay = [one.name for one in snapshot.containers if key_of(spec, one) not in keys]
    apart = set_apart(snapshot, lambda container: key_of(spec, container) not in keys)
    return apart, [f"{Kind.CONTAINER} {name}" for name in sorted(stay)]


def set_apart(snapshot: Snapshot, is_apart: Callable[[ContainerState], bool]) -> Snapshot:
    """The snapshot, in which some of the project's containers count as not ours: they are left as they are."""
    others = tuple(_as_other(container) for container in snapshot.containers if is_apart(container))
    if not others:
        return snapshot
    return replace(
        snapshot,
        containers=tuple(container for container in snapshot.containers if not is_apart(container)),
        others=tuple(sorted((*snapshot.others, *others), key=lambda other: other.id)),
    )


def _as_other(container: ContainerState) -> OtherContainer:
    return OtherContainer(
        id=container.id,
        names=(container.name,),
        host_ports=container.held_ports if container.is_up else frozenset(),
        project=container.labels.get(ownership.PROJECT, ""),
        image_id=container.image_id,
        networks={name: str((settings or {}).get("NetworkID") or "") for name, settings in container.networks.items()},
        volumes=container.volumes,
    )


def _known(spec: Spec, snapshot: Snapshot) -> Iterator[tuple[str, tuple[Kind, str]]]:
    """What may be named, and what is meant by it; what the spec declares counts most."""
    for kind, states in ((Kind.NETWORK, snapshot.networks), (Kind.VOLUME, snapshot.volumes)):
        for state in states:
            if state.labels.get(ownership.PROJECT) == spec.name and (key := state.labels.get(ownership.RESOURCE)):
                yield f"{kind}/{key}", (kind, key)
    for container in snapshot.containers:
        key = key_of(spec, container)
        yield f"{Kind.CONTAINER}/{key}", (Kind.CONTAINER, key)
    for text in spec.images:
        yield f"{Kind.IMAGE}/{text}", (Kind.IMAGE, full_reference(text))
    joined = (name for container in spec.containers.values() for name in container.joined)
    for kind, keys in (
        (Kind.NETWORK, (*spec.networks, *joined)),
        (Kind.VOLUME, spec.volumes),
        (Kind.CONTAINER, spec.containers),
    ):
        for key in keys:
            yield f"{kind}/{key}", (kind, key)


def _unknown(target: str, known: dict[str, tuple[Kind, str]], spec: Spec) -> tuple[Kind, str]:
    spoken = [name.removeprefix(f"{Kind.CONTAINER}/") for name in known]
    raise UsageError(f'--target: project "{spec.name}" has nothing called "{target}"', meant(target, spoken))


def _close(scope: _Scope, spec: Spec) -> None:
    """Add all that the targets need."""
    todo = [key for key in scope.keys[Kind.CONTAINER] if key in spec.containers]
    seen = set(todo)
    while todo:
        container = spec.containers[todo.pop()]
        more = precede(container) & spec.containers.keys() - seen
        seen |= more
        todo += more
        scope.keys[Kind.IMAGE].add(full_reference(container.image))
        scope.keys[Kind.NETWORK] |= container.joined.keys()
        scope.keys[Kind.VOLUME] |= {mount.source for mount in container.volumes if mount.type == "volume"} - {""}
    scope.keys[Kind.CONTAINER] |= seen
