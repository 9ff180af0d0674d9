"""Changes → actions: the fewest that bring the snapshot to the spec, in an order that is safe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from itertools import chain

from reconciler.fields import ownership
from reconciler.fields.base import Instance
from reconciler.fields.payload import digest
from reconciler.fields.table import DATED
from reconciler.planning.absent_images import plan_absent
from reconciler.planning.actions import (
    ConnectNetwork,
    CreateContainer,
    DisconnectNetwork,
    RemoveContainer,
    RemoveNetwork,
    StopContainer,
)
from reconciler.planning.batch import as_one, leave_in_turns
from reconciler.planning.bind_sources import bound_on
from reconciler.planning.containers import plan_container, plan_removal
from reconciler.planning.contents import content_conflicts, put_contents, remove_unused
from reconciler.planning.digests import unknown
from reconciler.planning.draft import Draft
from reconciler.planning.failures import Failure
from reconciler.planning.guard import needs_person
from reconciler.planning.handover import hand_over_names, hand_over_ports, hand_over_ranges
from reconciler.planning.hooks import begin_of_stop
from reconciler.planning.images import ImagePlan, plan_images
from reconciler.planning.networks import networks_going_down, plan_networks, without_gone
from reconciler.planning.peers import find_peers, peer_conflicts, replace_together
from reconciler.planning.places import PlacesPlan
from reconciler.planning.plan import Change, Conflict, Notice, Operation, Plan
from reconciler.planning.pruning import UsedImage, prune_images
from reconciler.planning.scope import limited, without_undeclared
from reconciler.planning.slots import Slot, find_slot, key_of
from reconciler.planning.steps import ContainerPlan
from reconciler.planning.takeover import name_is_taken, orphans_stay, take_over
from reconciler.planning.taking_down import Besides, remove_besides
from reconciler.planning.volumes import plan_volumes, used_on
from reconciler.planning.waiting import Before, Replica, Waiting, precede
from reconciler.spec.model import Container, Hook, Spec, State
from reconciler.spec.reference import full_reference
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, NetworkState, Snapshot

_DOWN = "the project is taken down"


def plan(
    spec: Spec,
    snapshot: Snapshot,
    failures: frozenset[Failure] = frozenset(),
    *,
    targets: Sequence[str] = (),
    remove_orphans: bool = False,
    prune: Sequence[UsedImage] | None = None,
) -> Plan:
    """What would make the snapshot what the spec wants. Pure: the same arguments give the same plan.

    Args:
        spec: what is wanted.
        snapshot: what is there, observed for this spec.
        failures: replacements and jobs that failed before and are not to be tried again.
        targets: limits it to these and what they need, as `limited` takes them; everything where empty.
        remove_orphans: whether containers of a Compose project of this name go, where the spec has no such service.
        prune: the images that the project used, the latest first, of which those go that nothing uses now; none of them
            without it.

    Raises:
        UsageError: a target that nobody knows.
    """
    draft = Draft()
    snapshot = take_over(snapshot, spec.name, spec, orphans=remove_orphans)
    everything = snapshot
    if targets:
        spec, snapshot = limited(spec, snapshot, targets)
        draft.notices.append(_limited_to(spec, targets))
    else:
        draft.notices += orphans_stay(spec.name, snapshot)
    stay: list[str] = []
    if not spec.settings.prune:
        snapshot, stay = without_undeclared(spec, snapshot)
    spec, unseen = bound_on(used_on(spec, snapshot), snapshot.view)
    images = plan_images(spec, snapshot)
    places = PlacesPlan()
    plan_networks(spec, snapshot, places)
    if not spec.settings.prune:
        stay += [f"{Kind.NETWORK} {network.name}" for network in places.removals]
        places.removals = []
    draft.notices += [_stays(spec, name) for name in stay]
    plan_volumes(spec, snapshot, places)
    for image in images.values():
        draft.changes += [image.change] if image.change else []
        draft.conflicts += image.conflicts
        draft.notices += image.notices
        draft.actions |= {action.id: action for action in image.actions}
    draft.changes += places.changes
    draft.conflicts += [*places.conflicts, *unseen]
    draft.actions |= {action.id: action for action in places.actions}
    draft.notices += places.notices

    wanted, unwanted = _sort_out(spec, snapshot)
    for container in unwanted:
        draft.add(plan_removal(container, _why_unwanted(spec, container), _pre_stop(spec, container)))
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
    remove_unused(draft, spec.name, everything)
    draft.notices += unknown(spec, snapshot)
    plan_absent(draft, [image.wanted for image in images.values()], snapshot)
    if prune is not None:
        prune_images(draft, spec, snapshot, prune)
    found = draft.finish(spec.name, snapshot, places.kept_volumes)
    guard = None if targets else needs_person(found.changes, spec, snapshot)
    return replace(_as_set(found, spec), needs_person=guard)


def plan_down(
    project: str,
    snapshot: Snapshot,
    spec: Spec | None = None,
    *,
    remove_orphans: bool = False,
    besides: Besides | None = None,
) -> Plan:
    """What would remove the project's containers and networks; its volumes and images stay, unless asked for.

    What Compose made for a project of this name goes where the spec has it, too.

    Args:
        project: its name.
        snapshot: what is there, observed for this project.
        spec: what was wanted; also for the order: who depends on another is stopped before it.
        remove_orphans: whether all of a Compose project of this name goes, whatever the spec has.
        besides: what goes besides; needs the spec.
    """
    draft = Draft()
    snapshot = take_over(snapshot, project, spec, orphans=remove_orphans)
    draft.notices += orphans_stay(project, snapshot)
    for container in sorted(snapshot.containers, key=lambda state: state.name):
        draft.add(plan_removal(container, _DOWN, _pre_stop(spec, container) if spec else ()))
    if spec:
        whose = {container.id: container for container in snapshot.containers}
        stops = defaultdict(list)
        for action in draft.actions.values():
            if isinstance(action, StopContainer):
                stops[key_of(spec, whose[action.container])].append(action.id)
        for key in spec.containers:
            for dependency in sorted(precede(spec.containers[key])):
                for stop in stops[dependency]:
                    draft.add_needs(begin_of_stop(draft, stop), stops[key])
    networks = networks_going_down(project, snapshot, spec, draft.notices, whole=remove_orphans)
    _remove_networks(draft, networks, snapshot, _DOWN)
    remove_unused(draft, project, snapshot)
    if spec and besides:
        remove_besides(draft, spec, snapshot, besides)
    goes = {change.resource.name for change in draft.changes if change.resource.kind is Kind.VOLUME}
    ours = {volume.name for volume in snapshot.volumes if ownership.project(volume.labels) == project}
    kept = sorted(ours - goes)
    found = draft.finish(project, snapshot, kept)
    return _as_set(found, spec) if spec else found


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


def _as_set(plan: Plan, spec: Spec) -> Plan:
    """The plan, carried out as the settings say."""
    return replace(plan, parallelism=spec.settings.parallelism, on_failure=spec.settings.on_failure)


def _limited_to(spec: Spec, targets: Sequence[str]) -> Notice:
    project = ResourceKey(Kind.CONTAINER, spec.name)  # it is of no resource; what is said names the project
    return Notice(project, f"limited to {', '.join(targets)} and what they need: the rest of {spec.name} is left alone")


def _stays(spec: Spec, name: str) -> Notice:
    message = f"{name} is no longer declared, and stays: `settings.prune` is false"
    return Notice(ResourceKey(Kind.CONTAINER, spec.name), message)


def _why_unwanted(spec: Spec, container: ContainerState) -> str:
    declared = spec.containers.get(key_of(spec, container))
    if declared and declared.state is State.ABSENT:
        return "declared absent"
    if declared and container.replica not in range(1, declared.replicas + 1):
        return f"replicas: {declared.replicas}"
    return "no longer declared"


def _pre_stop(spec: Spec, container: ContainerState) -> tuple[Hook, ...]:
    """What is run in a container before it is stopped; nothing where the spec does not know it any more."""
    declared = spec.containers.get(key_of(spec, container))
    return declared.pre_stop if declared else ()


def _dependency_order(spec: Spec) -> list[str]:
    graph = {key: sorted(precede(container)) for key, container in sorted(spec.containers.items())}
    return list(TopologicalSorter(graph).static_order())


def _needs(spec: Spec, key: str, images: dict[str, ImagePlan], places: PlacesPlan) -> tuple[str, ...]:
    """The actions that the creation of a container needs: its image, networks, volumes."""
    container = spec.containers[key]
    image = images[full_reference(container.image)]
    mounts = [images[full_reference(mount.source)] for mount in container.volumes if mount.type == "image"]
    needs = list(dict.fromkeys(one.action.id for one in (image, *mounts) if one.action))
    if not places.ready:
        return tuple(needs)
    joined = [ResourceKey(Kind.NETWORK, spec.network_name(network)) for network in container.joined]
    mounted = [
        ResourceKey(Kind.VOLUME, spec.volume_name(mount.source))
        for mount in container.volumes
        if mount.type == "volume" and mount.source
    ]
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
    batch: list[ContainerPlan] = []
    before = shared.waiting.before(key)
    held_by = shared.waiting.held_by(key)
    for number in range(1, container.replicas + 1):
        slot = find_slot(shared.spec.container_name(key, number), wanted[key, number])
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
            batch.append(part)
            if len(batch) == container.update.parallelism:
                turn, batch = _in_one(container, batch), []
    _in_one(container, batch)
    shared.waiting.replicas[key] = replicas
    return parts


def _in_one(container: Container, batch: list[ContainerPlan]) -> tuple[str, ...]:
    """The replicas that are replaced at once; the actions after which all of them are."""
    if not batch:
        return ()
    if container.update.failure_action == "rollback" and container.state is not State.COMPLETED and len(batch) > 1:
        as_one(batch)
    if container.update.order == "start-first":
        leave_in_turns(batch)
    return tuple(chain.from_iterable(part.replaced for part in batch))


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
    names = {spec.network_name(network) for network in spec.containers[key].joined}
    current = without_gone(slot.current, names, shared.snapshot, shared.places.gone)
    if current is slot.current:
        return slot, {}
    left = names & (slot.current.networks.keys() - current.networks.keys())
    rejoin = {name: shared.places.ready.get(ResourceKey(Kind.NETWORK, name), ()) for name in sorted(left)}
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
    instance = Instance(
        spec, key, number, image_id, platform=platform, peers=peers.ids, digests=snapshot.content_digests
    )
    resource = ResourceKey(Kind.CONTAINER, instance.name)
    conflicts = [
        *_name_conflict(instance, slot, snapshot),
        *_too_new(instance, snapshot),
        *peer_conflicts(spec, key, resource, snapshot),
        *content_conflicts(instance, snapshot),
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
    part = plan_container(
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
    return put_contents(part, instance, slot.current, snapshot)


def _name_conflict(instance: Instance, slot: Slot, snapshot: Snapshot) -> Iterator[Conflict]:
    if slot.current and slot.current.name == instance.name:
        return
    for other in snapshot.others_by_name.get(instance.name, ()):
        yield name_is_taken(ResourceKey(Kind.CONTAINER, instance.name), other.id, other.project, snapshot)


def _too_new(instance: Instance, snapshot: Snapshot) -> Iterator[Conflict]:
    """What this Engine would drop without a word."""
    api = snapshot.engine.api
    for row in DATED:
        if row.newest <= api or not row.is_declared(instance):
            continue
        for what, since in row.since(instance.canonical(row)).items():
            if since > api:
                needed = ".".join(map(str, since))
                yield Conflict(
                    ResourceKey(Kind.CONTAINER, instance.name),
                    f"`{what}` needs API version {needed}, and this Engine speaks {snapshot.engine.api_version}",
                    "leave it out, or upgrade the Engine",
                )


def _remove_networks(draft: Draft, networks: list[NetworkState], snapshot: Snapshot, why: str) -> None:
    """Remove networks, each once our containers have left it."""
    if not networks:
        return
    members = {container.id: container.networks for container in snapshot.containers}
    left: dict[str, list[str]] = defaultdict(list)
    for leaves in draft.actions.values():
        if isinstance(leaves, RemoveContainer):
            for name in members.get(leaves.container, ()):
                left[name].append(leaves.id)
        elif isinstance(leaves, DisconnectNetwork):
            left[leaves.network].append(leaves.id)
    for network in networks:
        resource = ResourceKey(Kind.NETWORK, network.name)
        action = RemoveNetwork(
            id=f"{Kind.NETWORK}/{network.name}:remove {network.id[:12]}",
            resource=resource,
            reason=why,
            needs=tuple(left[network.name]),
            network=network.id,
        )
        draft.actions[action.id] = action
        draft.changes.append(Change(resource, Operation.REMOVE, why))
