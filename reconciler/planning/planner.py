"""Changes → actions: the fewest that bring the snapshot to the spec, in an order that is safe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from reconciler.fields import ownership
from reconciler.fields.base import Instance
from reconciler.fields.payload import digest
from reconciler.fields.table import TABLE
from reconciler.planning.absent_images import plan_absent
from reconciler.planning.actions import (
    ConnectNetwork,
    CreateContainer,
    DisconnectNetwork,
    RemoveContainer,
    RemoveNetwork,
    StopContainer,
)
from reconciler.planning.containers import plan_container, plan_removal
from reconciler.planning.draft import Draft
from reconciler.planning.failures import Failure
from reconciler.planning.handover import hand_over_names, hand_over_ports, hand_over_ranges
from reconciler.planning.images import ImagePlan, plan_images
from reconciler.planning.networks import plan_networks, without_gone
from reconciler.planning.not_yet import not_yet
from reconciler.planning.peers import find_peers, peer_conflicts, replace_together
from reconciler.planning.places import PlacesPlan
from reconciler.planning.plan import Change, Conflict, Operation, Plan
from reconciler.planning.slots import Slot, find_slot, key_of
from reconciler.planning.steps import ContainerPlan
from reconciler.planning.volumes import plan_volumes, used_on
from reconciler.planning.waiting import Before, Replica, Waiting, precede
from reconciler.spec.model import Spec, State
from reconciler.spec.reference import full_reference
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, NetworkState, Snapshot

_DOWN = "the project is taken down"


def plan(spec: Spec, snapshot: Snapshot, failures: frozenset[Failure] = frozenset()) -> Plan:
    """What would make the snapshot what the spec wants. Pure: the same arguments give the same plan.

    Args:
        spec: what is wanted.
        snapshot: what is there, observed for this spec.
        failures: replacements and jobs that failed before and are not to be tried again.
    """
    draft = Draft()
    spec = used_on(spec, snapshot)
    images = plan_images(spec, snapshot)
    places = PlacesPlan()
    plan_networks(spec, snapshot, places)
    plan_volumes(spec, snapshot, places)
    for image in images.values():
        draft.changes += [image.change] if image.change else []
        draft.conflicts += image.conflicts
        draft.notices += image.notices
        draft.actions |= {action.id: action for action in image.actions}
    draft.changes += places.changes
    draft.conflicts += [*places.conflicts, *not_yet(spec)]
    draft.actions |= {action.id: action for action in places.actions}
    draft.notices += places.notices

    wanted, unwanted = _sort_out(spec, snapshot)
    for container in unwanted:
        draft.add(plan_removal(container, _why_unwanted(spec, container)))
    waiting = Waiting(spec)
    for key in _dependency_order(spec):
        if key not in spec.containers or spec.containers[key].state is State.ABSENT:
            continue
        needs = _needs(spec, key, images, places)
        for part in _plan_replicas(_Planning(spec, snapshot, images, places, waiting, failures), key, wanted, needs):
            draft.add(part)
            draft.actions |= {gate.id: gate for gate in waiting.gates(part.actions)}
    replace_together(draft)
    hand_over_names(draft, snapshot)
    hand_over_ports(draft, spec, snapshot)
    _remove_networks(draft, places.removals, snapshot, "no longer declared")
    hand_over_ranges(draft, snapshot)
    absent = plan_absent([image.wanted for image in images.values()], draft.actions, snapshot)
    draft.changes += absent.changes
    draft.conflicts += absent.conflicts
    draft.actions |= {action.id: action for action in absent.actions}
    return draft.finish(spec.name, snapshot, places.kept_volumes)


def plan_down(project: str, snapshot: Snapshot, spec: Spec | None = None) -> Plan:
    """What would remove the project's containers and networks; its volumes stay.

    Args:
        project: its name.
        snapshot: what is there, observed for this project.
        spec: what was wanted, for the order: who depends on another is stopped before it.
    """
    draft = Draft()
    for container in sorted(snapshot.containers, key=lambda state: state.name):
        draft.add(plan_removal(container, _DOWN))
    if spec:
        stops = defaultdict(list)
        for action in draft.actions.values():
            if isinstance(action, StopContainer):
                stops[_key_of(spec, snapshot, action)].append(action.id)
        for key in spec.containers:
            for dependency in sorted(precede(spec.containers[key])):
                for stop in stops[dependency]:
                    draft.add_needs(stop, stops[key])
    networks = [network for network in snapshot.networks if network.labels.get(ownership.PROJECT) == project]
    _remove_networks(draft, sorted(networks, key=lambda network: (network.name, network.id)), snapshot, _DOWN)
    kept = sorted(volume.name for volume in snapshot.volumes if volume.labels.get(ownership.PROJECT) == project)
    return draft.finish(project, snapshot, kept)


def _sort_out(
    spec: Spec, snapshot: Snapshot
) -> tuple[dict[tuple[str, int], list[ContainerState]], list[ContainerState]]:
    """The project's containers: those of each wanted place, by name and number, and those that nothing wants."""
    wanted: dict[tuple[str, int], list[ContainerState]] = {
        (key, number): []
        for key, container in spec.containers.items()
        if container.state is not State.ABSENT
        for number in range(1, container.replicas + 1)
    }
    unwanted: list[ContainerState] = []
    for container in sorted(snapshot.containers, key=lambda state: (state.name, state.id)):
        wanted.get((key_of(spec, container), container.replica), unwanted).append(container)
    for (key, number), candidates in wanted.items():
        # One that was renamed in the spec is only taken over while its new name is free.
        if any(one.resource == key and one.name == spec.container_name(key, number) for one in candidates):
            unwanted += [one for one in candidates if one.resource != key]
            wanted[key, number] = [one for one in candidates if one.resource == key]
    return wanted, unwanted


def _why_unwanted(spec: Spec, container: ContainerState) -> str:
    declared = spec.containers.get(key_of(spec, container))
    if declared and declared.state is State.ABSENT:
        return "declared absent"
    if declared and container.replica not in range(1, declared.replicas + 1):
        return f"replicas: {declared.replicas}"
    return "no longer declared"


def _dependency_order(spec: Spec) -> list[str]:
    graph = {key: sorted(precede(container)) for key, container in sorted(spec.containers.items())}
    return list(TopologicalSorter(graph).static_order())


def _needs(spec: Spec, key: str, images: dict[str, ImagePlan], places: PlacesPlan) -> tuple[str, ...]:
    """The actions that the creation of a container needs: its image, networks, volumes."""
    container = spec.containers[key]
    image = images[full_reference(container.image)]
    joined = [ResourceKey(Kind.NETWORK, spec.network_name(network)) for network in container.joined]
    mounted = [
        ResourceKey(Kind.VOLUME, spec.volume_name(mount.source))
        for mount in container.volumes
        if mount.type == "volume" and mount.source
    ]
    mounts = [images[full_reference(mount.source)] for mount in container.volumes if mount.type == "image"]
    needs = list(dict.fromkeys(one.action.id for one in (image, *mounts) if one.action))
    for place in (*sorted(joined, key=str), *sorted(mounted, key=str)):
        needs += places.ready.get(place, ())
    return tuple(needs)


@dataclass(frozen=True, slots=True)
class _Planning:
    """What the plans of all containers share."""

    spec: Spec
    snapshot: Snapshot
    images: dict[str, ImagePlan]
    places: PlacesPlan
    waiting: Waiting
    failures: frozenset[Failure]


def _plan_replicas(
    shared: _Planning,
    key: str,
    wanted: dict[tuple[str, int], list[ContainerState]],
    needs: tuple[str, ...],
) -> list[ContainerPlan]:
    """All containers of one name; those that are replaced take turns."""
    container = shared.spec.containers[key]
    parts: list[ContainerPlan] = []
    replicas: list[Replica] = []
    turn: tuple[str, ...] = ()
    batch: list[str] = []
    before = shared.waiting.before(key)
    held_by = shared.waiting.held_by(key)
    for number in range(1, container.replicas + 1):
        slot = find_slot(Instance(shared.spec, key, number), wanted[key, number])
        resource = ResourceKey(Kind.CONTAINER, shared.spec.container_name(key, number))
        part = _plan_instance(shared, key, number, slot, needs, before, turn)
        held = resource if part.failed else None
        if held_by and part.starts:
            part = _held_back(resource, part, held_by, slot.current)
            held = None if slot.current and slot.current.is_up else held_by
        parts.append(part)
        created = next((action.id for action in part.actions if isinstance(action, CreateContainer)), None)
        replicas.append(
            Replica(
                resource=resource,
                container=created or (slot.current.id if slot.current else resource.name),
                current=slot.current,
                up=part.up,
                starts=part.starts,
                held=held,
                failed=part.failed,
            )
        )
        if part.replaced:
            batch.append(part.replaced)
            if len(batch) == container.update.parallelism:
                turn, batch = tuple(batch), []
    shared.waiting.replicas[key] = replicas
    return parts


def _held_back(
    resource: ResourceKey, part: ContainerPlan, cause: ResourceKey, current: ContainerState | None
) -> ContainerPlan:
    fields = tuple(field for change in part.changes for field in change.fields)
    hold = Change(resource, Operation.HOLD, f"it needs {cause}, which failed before", fields)
    # It goes on serving: also in a network that is made anew under it.
    stays = [
        action
        for action in part.actions
        if current and current.is_up and isinstance(action, ConnectNetwork) and action.container == current.id
    ]
    own = {action.id for action in part.actions}.difference(action.id for action in stays)
    return ContainerPlan(
        changes=[hold],
        actions=[replace(action, needs=tuple(need for need in action.needs if need not in own)) for action in stays],
    )


def _rejoin(shared: _Planning, key: str, slot: Slot) -> tuple[Slot, dict[str, tuple[str, ...]]]:
    """Who is there, without the networks that go; those of them that it joins again, and after which actions."""
    if not slot.current:
        return slot, {}
    spec = shared.spec
    joined = [ResourceKey(Kind.NETWORK, spec.network_name(network)) for network in spec.containers[key].joined]
    names = {place.name for place in joined}
    current = without_gone(slot.current, names, shared.snapshot, shared.places.gone)
    left = slot.current.networks.keys() - current.networks.keys()
    rejoin = {place.name: shared.places.ready.get(place, ()) for place in joined if place.name in left}
    return replace(slot, current=current), rejoin


def _plan_instance(
    shared: _Planning,
    key: str,
    number: int,
    slot: Slot,
    needs: tuple[str, ...],
    before: Before,
    turn: tuple[str, ...],
) -> ContainerPlan:
    spec, snapshot = shared.spec, shared.snapshot
    container = spec.containers[key]
    image = shared.images[full_reference(container.image)]
    image_id = image.image_id
    if slot.current and image.is_guess and full_reference(slot.current.image) == full_reference(container.image):
        # Only its tag is missing here. Whether the registry has another image by now is known once it is pulled:
        # nothing is replaced on a guess, and the next cycle sees it.
        image_id = slot.current.image_id
    platform = str(image.wanted.platform) if image.wanted.platform else ""
    peers = find_peers(container, shared.waiting.replicas, snapshot)
    instance = Instance(spec, key, number, image_id, platform=platform, peers=peers.ids)
    resource = ResourceKey(Kind.CONTAINER, instance.name)
    conflicts = [
        *_name_conflict(instance, slot, snapshot),
        *_too_new(instance, snapshot),
        *peer_conflicts(spec, key, resource, snapshot),
    ]
    if conflicts:
        return ContainerPlan(conflicts=conflicts)
    if peers.replaced:
        # It can't stay as it is, nor wait for the turn of its other replicas: all lose what they live in.
        turn = ()
    failed = (
        bool(shared.failures)
        and not peers.replaced
        and Failure(key, digest(instance), image_id or "") in shared.failures
    )
    restart = shared.waiting.restart(key, slot.current) if slot.current else ""
    slot, rejoin = _rejoin(shared, key, slot)
    return plan_container(
        instance,
        slot,
        snapshot,
        (*needs, *peers.created),
        before,
        turn=turn,
        failed=failed,
        restart=restart,
        rejoin=rejoin,
    )


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
        for what, since in row.since(row.wanted(instance)).items() if row.is_declared(instance) else ():
            if since > snapshot.engine.api:
                needed = ".".join(map(str, since))
                yield Conflict(
                    ResourceKey(Kind.CONTAINER, instance.name),
                    f"`{what}` needs API version {needed}, and this Engine speaks {snapshot.engine.api_version}",
                    "leave it out, or upgrade the Engine",
                )


def _remove_networks(draft: Draft, networks: list[NetworkState], snapshot: Snapshot, why: str) -> None:
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


def _key_of(spec: Spec, snapshot: Snapshot, action: StopContainer) -> str:
    return next(key_of(spec, container) for container in snapshot.containers if container.id == action.container)
