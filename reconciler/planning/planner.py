"""Changes → actions: the fewest that bring the snapshot to the spec, in an order that is safe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.fields import ownership
from reconciler.planning.absent_images import plan_absent
from reconciler.planning.actions import (
    DisconnectNetwork,
    RemoveContainer,
    RemoveNetwork,
    StopContainer,
)
from reconciler.planning.bind_sources import bound_on
from reconciler.planning.containers import plan_removal
from reconciler.planning.contents import remove_unused
from reconciler.planning.digests import unknown
from reconciler.planning.draft import Draft
from reconciler.planning.failures import Failure
from reconciler.planning.guard import needs_person
from reconciler.planning.handover import hand_over_names, hand_over_ports, hand_over_ranges
from reconciler.planning.held_ports import wait_for_ports
from reconciler.planning.images import ImagePlan, plan_images
from reconciler.planning.instances import Planning, plan_replicas
from reconciler.planning.itself import leave_itself_alone, without_own_networks
from reconciler.planning.left_alone import Hold, LeftAlone, held_notices, left_alone, with_windows_told
from reconciler.planning.networks import networks_going_down, plan_networks
from reconciler.planning.peers import replace_together
from reconciler.planning.places import PlacesPlan
from reconciler.planning.plan import Change, Notice, Operation, Plan
from reconciler.planning.pruning import UsedImage, prune_images
from reconciler.planning.scope import limited, without_undeclared
from reconciler.planning.slots import key_of
from reconciler.planning.takeover import orphans_stay, take_over
from reconciler.planning.taking_down import Besides, remove_besides
from reconciler.planning.volumes import plan_volumes, used_on
from reconciler.planning.waiting import Waiting, precede
from reconciler.spec.model import Hook, Spec, State
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
    holds: Collection[Hold] = (),
    attended: bool = True,
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
        holds: what a person has asked to leave alone.
        attended: whether a person decides what is replaced and removed; else that waits for the maintenance windows.

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
    left = left_alone(spec, snapshot, holds, attended=attended)
    images = plan_images(spec, snapshot)
    places = PlacesPlan()
    plan_networks(spec, snapshot, places, left)
    if not spec.settings.prune:
        stay += [f"{Kind.NETWORK} {network.name}" for network in places.removals]
        places.removals = []
    draft.notices += [_stays(spec, name) for name in stay]
    plan_volumes(spec, snapshot, places)
    _take(draft, images.values(), places)
    draft.conflicts += unseen

    wanted, unwanted = _sort_out(spec, snapshot)
    for container in unwanted:
        if why := left.containers.get(key_of(spec, container)) or left.closed:
            draft.changes.append(Change(ResourceKey(Kind.CONTAINER, container.name), Operation.HOLD, why))
            continue
        removal = plan_removal(container, _why_unwanted(spec, container), _pre_stop(spec, container))
        draft.add(leave_itself_alone(removal, snapshot))
    waiting = Waiting(spec)
    shared = Planning(spec, snapshot, images, places, waiting, failures, left)
    for key in waiting.order():
        if key not in spec.containers or spec.containers[key].state is State.ABSENT:
            continue
        for part in plan_replicas(shared, key, wanted, _needs(shared, key)):
            draft.add(part)
            draft.actions |= {gate.id: gate for gate in waiting.gates(part.actions)}
    replace_together(draft)
    hand_over_names(draft, snapshot)
    hand_over_ports(draft, spec, snapshot)
    _remove_networks(draft, places.removals, snapshot, "no longer declared")
    hand_over_ranges(draft, snapshot)
    remove_unused(draft, spec.name, everything)
    draft.notices += unknown(spec, snapshot)
    _remove_images(draft, spec, snapshot, images, prune, left)
    draft.notices += held_notices(left, draft.changes, spec)
    found = wait_for_ports(draft.finish(spec.name, snapshot, places.kept_volumes), spec, snapshot, left)
    guard = None if targets else needs_person(found.changes, spec, snapshot)
    found = replace(_as_set(found, spec), needs_person=guard)
    return with_windows_told(found, spec, snapshot) if attended else found


def _take(draft: Draft, images: Iterable[ImagePlan], places: PlacesPlan) -> None:
    """Take what becomes of images, networks and volumes."""
    for image in images:
        draft.changes += [image.change] if image.change else []
        draft.conflicts += image.conflicts
        draft.notices += image.notices
        draft.actions |= {action.id: action for action in image.actions}
    draft.changes += places.changes
    draft.conflicts += places.conflicts
    draft.actions |= {action.id: action for action in places.actions}
    draft.notices += places.notices


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
        removal = plan_removal(container, _DOWN, _pre_stop(spec, container) if spec else ())
        draft.add(leave_itself_alone(removal, snapshot))
    if spec:
        whose = {container.id: container for container in snapshot.containers}
        stops = defaultdict(list)
        for action in draft.actions.values():
            if isinstance(action, StopContainer):
                stops[key_of(spec, whose[action.container])].append(action.id)
        for key in spec.containers:
            for dependency in sorted(precede(spec.containers[key])):
                for stop in stops[dependency]:
                    draft.add_needs(draft.begin_of_stop(stop), stops[key])
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
    renamed: set[tuple[str, int]] = set()
    for container in sorted(snapshot.containers, key=lambda state: (state.name, state.id)):
        place = (key_of(spec, container), container.replica)
        wanted.get(place, unwanted).append(container)
        if place[0] != container.resource:
            renamed.add(place)
    for key, number in [place for place in wanted if place in renamed]:
        candidates = wanted[key, number]
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


def _needs(shared: Planning, key: str) -> tuple[str, ...]:
    """The actions that the creation of a container needs: its image, networks, volumes."""
    if shared.is_all_here:
        return ()
    spec, ready, container = shared.spec, shared.places.ready, shared.spec.containers[key]
    references = [container.image, *(mount.source for mount in container.volumes if mount.type == "image")]
    images = [shared.images[full_reference(reference)] for reference in references]
    needs = list(dict.fromkeys(image.action.id for image in images if image.action))
    if not ready:
        return tuple(needs)
    joined = [ResourceKey(Kind.NETWORK, spec.network_name(network)) for network in container.joined]
    mounted = [
        ResourceKey(Kind.VOLUME, spec.volume_name(mount.source))
        for mount in container.volumes
        if mount.type == "volume" and mount.source
    ]
    for place in (*sorted(joined, key=str), *sorted(mounted, key=str)):
        needs += ready.get(place, ())
    return tuple(needs)


def _remove_images(
    draft: Draft,
    spec: Spec,
    snapshot: Snapshot,
    images: Mapping[str, ImagePlan],
    prune: Sequence[UsedImage] | None,
    left: LeftAlone,
) -> None:
    """Remove the images that are to go, once all else is planned; or say that they will."""
    removing = Draft(actions=dict(draft.actions)) if left.closed else draft
    plan_absent(removing, [image.wanted for image in images.values()], snapshot)
    if prune is not None:
        prune_images(removing, spec, snapshot, prune)
    if removing is not draft:
        draft.changes += [replace(one, operation=Operation.HOLD, note=left.closed) for one in removing.changes]


def _remove_networks(draft: Draft, networks: list[NetworkState], snapshot: Snapshot, why: str) -> None:
    """Remove networks, each once our containers have left it."""
    networks, staying = without_own_networks(networks, snapshot)
    draft.notices += staying
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
