"""Changes → actions: the fewest that bring the snapshot to the spec, in an order that is safe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter

from reconciler.fields import ownership
from reconciler.fields.base import Instance
from reconciler.fields.payload import digest
from reconciler.fields.table import TABLE
from reconciler.planning.actions import (
    Action,
    CreateContainer,
    CreateNetwork,
    DisconnectNetwork,
    RemoveContainer,
    RemoveNetwork,
    RenameContainer,
    StartContainer,
    StopContainer,
)
from reconciler.planning.containers import ContainerPlan, plan_container, plan_removal
from reconciler.planning.failures import Failure
from reconciler.planning.images import ImagePlan, plan_images
from reconciler.planning.networks import overlap, plan_networks, ranges, wanted_ranges, without_gone
from reconciler.planning.not_yet import not_yet
from reconciler.planning.places import PlacesPlan
from reconciler.planning.plan import Change, Conflict, Operation, Plan, change_order, ordered
from reconciler.planning.slots import Slot, find_slot, key_of
from reconciler.planning.volumes import plan_volumes, used_on
from reconciler.spec.model import Spec, State
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, NetworkState, Snapshot, full_reference, host_ports

_DOWN = "the project is taken down"


@dataclass(slots=True)
class _Draft:
    changes: list[Change] = field(default_factory=list)
    actions: dict[str, Action] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, part: ContainerPlan) -> None:
        self.changes += part.changes
        self.conflicts += part.conflicts
        self.actions |= {action.id: action for action in part.actions}

    def finish(self, project: str, snapshot: Snapshot, kept_volumes: list[str]) -> Plan:
        return Plan(
            project=project,
            engine=snapshot.engine,
            changes=tuple(sorted(self.changes, key=change_order)),
            actions=ordered(self.actions.values()),
            conflicts=tuple(self.conflicts),
            kept_volumes=tuple(kept_volumes),
            notes=tuple(self.notes),
        )


def plan(spec: Spec, snapshot: Snapshot, failures: frozenset[Failure] = frozenset()) -> Plan:
    """What would make the snapshot what the spec wants. Pure: the same arguments give the same plan.

    Args:
        spec: what is wanted.
        snapshot: what is there, observed for this spec.
        failures: replacements that failed before and are not to be tried again.
    """
    draft = _Draft()
    spec = used_on(spec, snapshot)
    images = plan_images(spec, snapshot)
    places = PlacesPlan()
    plan_networks(spec, snapshot, places)
    plan_volumes(spec, snapshot, places)
    draft.changes += [image.change for image in images.values() if image.change]
    draft.changes += places.changes
    draft.conflicts += [*places.conflicts, *not_yet(spec)]
    draft.actions |= {image.action.id: image.action for image in images.values() if image.action}
    draft.actions |= {action.id: action for action in places.actions}
    draft.notes += places.notes

    wanted, unwanted = _sort_out(spec, snapshot)
    for container in unwanted:
        draft.add(plan_removal(container, _why_unwanted(spec, container)))
    up: dict[str, str] = {}
    """The action after which a container of the spec is up, for those that depend on it."""
    for key in _dependency_order(spec):
        if key not in wanted:
            continue
        part = _plan_instance(spec, snapshot, key, wanted[key], images, places, up, failures)
        if part.up:
            up[key] = part.up
        draft.add(part)
    _hand_over_names(draft, snapshot)
    _hand_over_ports(draft, snapshot)
    _remove_networks(draft, places.removals, snapshot, "no longer declared")
    _hand_over_ranges(draft, snapshot)
    return draft.finish(spec.name, snapshot, places.kept_volumes)


def plan_down(project: str, snapshot: Snapshot, spec: Spec | None = None) -> Plan:
    """What would remove the project's containers and networks; its volumes stay.

    Args:
        project: its name.
        snapshot: what is there, observed for this project.
        spec: what was wanted, for the order: who depends on another is stopped before it.
    """
    draft = _Draft()
    for container in sorted(snapshot.containers, key=lambda state: state.name):
        draft.add(plan_removal(container, _DOWN))
    if spec:
        stops = defaultdict(list)
        for action in draft.actions.values():
            if isinstance(action, StopContainer):
                stops[_key_of(spec, snapshot, action)].append(action.id)
        for key in spec.containers:
            for dependency in sorted(_before(spec, key)):
                for stop in stops[dependency]:
                    draft.actions[stop] = _needing(draft.actions[stop], stops[key])
    networks = [network for network in snapshot.networks if network.labels.get(ownership.PROJECT) == project]
    _remove_networks(draft, sorted(networks, key=lambda network: (network.name, network.id)), snapshot, _DOWN)
    kept = sorted(volume.name for volume in snapshot.volumes if volume.labels.get(ownership.PROJECT) == project)
    return draft.finish(project, snapshot, kept)


def _sort_out(spec: Spec, snapshot: Snapshot) -> tuple[dict[str, list[ContainerState]], list[ContainerState]]:
    """The project's containers: those of each wanted place, and those that nothing wants."""
    wanted: dict[str, list[ContainerState]] = {
        key: [] for key, container in spec.containers.items() if container.state is not State.ABSENT
    }
    unwanted: list[ContainerState] = []
    for container in sorted(snapshot.containers, key=lambda state: (state.name, state.id)):
        key = key_of(spec, container)
        if key in wanted and container.replica == 1:
            wanted[key].append(container)
        else:
            unwanted.append(container)
    for key, candidates in wanted.items():
        # One that was renamed in the spec is only taken over while its new name is free.
        if any(one.resource == key and one.name == spec.container_name(key) for one in candidates):
            unwanted += [one for one in candidates if one.resource != key]
            wanted[key] = [one for one in candidates if one.resource == key]
    return wanted, unwanted


def _why_unwanted(spec: Spec, container: ContainerState) -> str:
    one = spec.containers.get(key_of(spec, container))
    return "declared absent" if one and one.state is State.ABSENT else "no longer declared"


def _dependency_order(spec: Spec) -> list[str]:
    graph = {key: sorted(_before(spec, key)) for key in sorted(spec.containers)}
    return list(TopologicalSorter(graph).static_order())


def _before(spec: Spec, key: str) -> frozenset[str]:
    """The containers that are up before this one."""
    container = spec.containers[key]
    return container.uses | container.depends_on.keys()


def _plan_instance(
    spec: Spec,
    snapshot: Snapshot,
    key: str,
    candidates: list[ContainerState],
    images: dict[str, ImagePlan],
    places: PlacesPlan,
    up: dict[str, str],
    failures: frozenset[Failure],
) -> ContainerPlan:
    container = spec.containers[key]
    slot = find_slot(Instance(spec, key), candidates)
    image = images[full_reference(container.image)]
    image_id = image.image_id
    if slot.current and image.is_pulled and full_reference(slot.current.image) == full_reference(container.image):
        # Only its tag is missing here. Whether the registry has another image by now is known once it is pulled:
        # nothing is replaced on a guess, and the next cycle sees it.
        image_id = slot.current.image_id
    instance = Instance(spec, key, image_id=image_id)
    conflicts = [*_name_conflict(instance, slot, snapshot), *_too_new(instance, snapshot)]
    if conflicts:
        return ContainerPlan(conflicts=conflicts)
    joined = [ResourceKey(Kind.NETWORK, spec.network_name(network)) for network in container.joined]
    rejoin: dict[str, tuple[str, ...]] = {}
    if slot.current:
        names = {place.name for place in joined}
        current = without_gone(slot.current, names, snapshot, places.gone)
        left = slot.current.networks.keys() - current.networks.keys()
        rejoin = {place.name: places.ready.get(place, ()) for place in joined if place.name in left}
        slot = replace(slot, current=current)
    mounted = [
        ResourceKey(Kind.VOLUME, spec.volume_name(mount.source))
        for mount in container.volumes
        if mount.type == "volume" and mount.source
    ]
    needs = [image.action.id] if image.action else []
    for place in (*sorted(joined, key=str), *sorted(mounted, key=str)):
        needs += places.ready.get(place, ())
    to_start = tuple(up[dependency] for dependency in sorted(_before(spec, key)) if dependency in up)
    failed = bool(failures) and Failure(instance.name, digest(instance), image_id or "") in failures
    return plan_container(instance, slot, snapshot, tuple(needs), to_start, failed=failed, rejoin=rejoin)


def _name_conflict(instance: Instance, slot: Slot, snapshot: Snapshot) -> Iterator[Conflict]:
    if slot.current and slot.current.name == instance.name:
        return
    for other in snapshot.others:
        if instance.name in other.names:
            whose = f'belongs to project "{other.project}"' if other.project else "is not ours"
            yield Conflict(
                ResourceKey(Kind.CONTAINER, instance.name),
                f'container "{instance.name}" exists and {whose}',
                "remove or rename it, or give yours another `container_name`",
            )


def _too_new(instance: Instance, snapshot: Snapshot) -> Iterator[Conflict]:
    """What this Engine would drop without a word."""
    for row in TABLE:
        if instance.declares(row.path) and row.since(row.wanted(instance)) > snapshot.engine.api:
            needed = ".".join(map(str, row.since(row.wanted(instance))))
            yield Conflict(
                ResourceKey(Kind.CONTAINER, instance.name),
                f"`{row.path}` needs API version {needed}, and this Engine speaks {snapshot.engine.api_version}",
                "leave it out, or upgrade the Engine",
            )


def _hand_over_names(draft: _Draft, snapshot: Snapshot) -> None:
    """A name that another of our containers has now is free once that one is removed or renamed."""
    freed: dict[str, str] = {}
    holders = {container.id: container.name for container in snapshot.containers}
    for action in draft.actions.values():
        if isinstance(action, RemoveContainer | RenameContainer) and action.container in holders:
            # Of a rename and a removal of the same container, the rename comes first.
            name = holders[action.container]
            if name not in freed or (
                isinstance(action, RenameContainer) and not isinstance(draft.actions[freed[name]], RenameContainer)
            ):
                freed[name] = action.id
    for action in list(draft.actions.values()):
        name = action.name if isinstance(action, CreateContainer | RenameContainer) else ""
        free = freed.get(name)
        if not free or free == action.id or free in action.needs:
            continue
        if _leads_to(draft, free, action.id):
            draft.conflicts.append(
                Conflict(
                    action.resource,
                    f'the name "{name}" goes round: who has it now can\'t give it up before this container has it',
                    "give one of them a third name first, apply, then the name that you want",
                )
            )
        else:
            draft.actions[action.id] = _needing(action, [free])


def _hand_over_ports(draft: _Draft, snapshot: Snapshot) -> None:
    """A host port that another of our containers holds now is free once that one is stopped."""
    freed: dict[str, list[str]] = defaultdict(list)
    holders = {container.id: container for container in snapshot.containers}
    for action in draft.actions.values():
        if isinstance(action, StopContainer):
            for port in holders[action.container].held_ports:
                freed[port].append(action.id)
    if not freed:
        return
    created = {action.id: action for action in draft.actions.values() if isinstance(action, CreateContainer)}
    for action in list(draft.actions.values()):
        if not isinstance(action, StartContainer):
            continue
        if action.container in created:
            wanted = host_ports(created[action.container].payload)
        else:
            wanted = holders[action.container].host_ports
        needs = [stop for port in sorted(wanted) for stop in freed[port] if stop not in action.needs]
        for stop in needs:
            if _leads_to(draft, stop, action.id):
                # The holder would wait for this very container: it stops earlier, before what it depends on is up.
                stopping = draft.actions[stop]
                draft.actions[stop] = replace(
                    stopping,
                    needs=tuple(n for n in stopping.needs if not (n == action.id or _leads_to(draft, n, action.id))),
                )
        draft.actions[action.id] = _needing(action, needs)


def _leads_to(draft: _Draft, start: str, goal: str) -> bool:
    seen, todo = set(), [start]
    while todo:
        current = todo.pop()
        if current == goal:
            return True
        if current not in seen:
            seen.add(current)
            todo += draft.actions[current].needs
    return False


def _remove_networks(draft: _Draft, networks: list[NetworkState], snapshot: Snapshot, why: str) -> None:
    """Remove networks, each once our containers have left it."""
    for network in networks:
        members = {container.id for container in snapshot.containers if network.name in container.networks}
        needs = [
            action.id
            for action in draft.actions.values()
            if (isinstance(action, RemoveContainer) and action.container in members)
            or (isinstance(action, DisconnectNetwork) and action.network == network.name)
        ]
        resource = ResourceKey(Kind.NETWORK, network.name)
        action = RemoveNetwork(
            id=f"{Kind.NETWORK}/{network.name}:remove {network.id[:12]}",
            resource=resource,
            reason=why,
            needs=tuple(needs),
            network=network.id,
        )
        draft.actions[action.id] = action
        draft.changes.append(Change(resource, Operation.REMOVE, why))


def _hand_over_ranges(draft: _Draft, snapshot: Snapshot) -> None:
    """The addresses of a network of ours are free once that one is removed."""
    networks = {network.id: network for network in snapshot.networks}
    removals = [action for action in draft.actions.values() if isinstance(action, RemoveNetwork)]
    creations = [action for action in draft.actions.values() if isinstance(action, CreateNetwork)]
    for creation in creations:
        asked = wanted_ranges(creation)
        for removal in removals:
            if removal.id in creation.needs or not overlap(asked, ranges(networks[removal.network])):
                continue
            # Who leaves the old network would rather wait until the new one is there: it can't.
            for leave in [need for need in removal.needs if isinstance(draft.actions[need], DisconnectNetwork)]:
                kept = [need for need in draft.actions[leave].needs if not _leads_to(draft, need, creation.id)]
                draft.actions[leave] = replace(draft.actions[leave], needs=tuple(kept))
            if _leads_to(draft, removal.id, creation.id):
                draft.conflicts.append(_taken_range(creation, networks[removal.network]))
            else:
                draft.actions[creation.id] = _needing(draft.actions[creation.id], [removal.id])


def _taken_range(creation: CreateNetwork, old: NetworkState) -> Conflict:
    name = creation.resource.name
    return Conflict(
        creation.resource,
        f'network "{name}" asks for addresses that "{old.name}" has until containers have moved from it to "{name}"',
        f"choose another `subnet`, or keep the network under its name: `name: {old.name}`",
    )


def _needing(action: Action, more: list[str]) -> Action:
    return replace(action, needs=(*action.needs, *more))


def _key_of(spec: Spec, snapshot: Snapshot, action: StopContainer) -> str:
    return next(key_of(spec, container) for container in snapshot.containers if container.id == action.container)
