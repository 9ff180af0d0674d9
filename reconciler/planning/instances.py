"""Plans all containers of one name: who is there, what stands in the way of each, and which of them take turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from reconciler.fields.base import Field, Instance
from reconciler.fields.payload import digest
from reconciler.fields.table import DATED
from reconciler.planning.actions import ConnectNetwork, CreateContainer
from reconciler.planning.batch import as_one, leave_in_turns
from reconciler.planning.containers import plan_container
from reconciler.planning.contents import content_conflicts, put_contents
from reconciler.planning.diff import is_undrifted
from reconciler.planning.failures import Failure
from reconciler.planning.images import ImagePlan
from reconciler.planning.itself import leave_itself_alone
from reconciler.planning.left_alone import LeftAlone, without_actions
from reconciler.planning.networks import lost_networks, without_networks
from reconciler.planning.peers import Peers, find_peers, peer_conflicts
from reconciler.planning.places import PlacesPlan
from reconciler.planning.plan import Change, Conflict, Operation
from reconciler.planning.slots import Slot, find_slot
from reconciler.planning.steps import ContainerPlan
from reconciler.planning.takeover import name_is_taken
from reconciler.planning.waiting import Held, Replica, Waiting
from reconciler.spec.model import Container, Spec, State
from reconciler.spec.reference import full_reference
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, Snapshot


@dataclass(frozen=True, slots=True)
class Planning:
    """What the plans of all containers share.

    Attributes:
        dated: the rows of which this Engine may drop something without a word.
        is_all_here: whether every image, network and volume is here already.
    """

    spec: Spec
    snapshot: Snapshot
    images: dict[str, ImagePlan]
    places: PlacesPlan
    waiting: Waiting
    failures: frozenset[Failure]
    left: LeftAlone
    dated: tuple[Field, ...] = field(init=False)
    is_all_here: bool = field(init=False)

    def __post_init__(self) -> None:
        api = self.snapshot.engine.api
        object.__setattr__(self, "dated", tuple(row for row in DATED if row.newest > api))
        brought = self.places.ready or any(image.action for image in self.images.values())
        object.__setattr__(self, "is_all_here", not brought)


@dataclass(slots=True)
class _Service:
    """What the containers of one name share.

    Attributes:
        key: their name in the spec.
        image: what becomes of their image.
        platform: of that image; empty for the Engine's own.
        peers: the containers that they name.
        needs: the actions that the creation of each needs.
    """

    key: str
    container: Container
    image: ImagePlan
    platform: str
    peers: Peers
    needs: tuple[str, ...]


def plan_replicas(
    shared: Planning,
    key: str,
    wanted: dict[tuple[str, int], list[ContainerState]],
    needs: tuple[str, ...],
) -> list[ContainerPlan]:
    """All containers of one name; those that are replaced take turns.

    Args:
        shared: what all plans share.
        key: their name in the spec.
        wanted: who is there, by name and number.
        needs: the actions that their creation needs.
    """
    container = shared.spec.containers[key]
    image = shared.images[full_reference(container.image)]
    service: _Service | None = None
    parts: list[ContainerPlan] = []
    replicas: list[Replica] = []
    turn: tuple[str, ...] = ()
    batch: list[ContainerPlan] = []
    held_by = shared.waiting.held_by(key) if shared.failures or shared.left.containers else None
    for number in range(1, container.replicas + 1):
        instance = Instance(shared.spec, key, number, image.image_id, digests=shared.snapshot.content_digests)
        name, there = instance.name, wanted[key, number]
        if len(there) == 1 and _needs_nothing(shared, instance, there[0]):
            if key in shared.waiting.awaited:
                resource = ResourceKey(Kind.CONTAINER, name)
                replicas.append(Replica(resource, there[0].id, there[0], up=None, starts=False))
            continue
        slot = find_slot(name, there)
        service = service or _service(shared, key, image, needs)
        part = leave_itself_alone(_plan_instance(shared, service, number, name, slot, turn), shared.snapshot)
        by_hand = shared.left.containers.get(key, "")
        if by_hand:
            part = without_actions(ResourceKey(Kind.CONTAINER, name), part, by_hand)
        is_held = bool(held_by) and part.starts
        if held_by and is_held:
            part = _held_back(ResourceKey(Kind.CONTAINER, name), part, held_by, slot.current)
        parts.append(part)
        if key in shared.waiting.awaited:
            replicas.append(_replica(name, slot.current, part, held_by if is_held else None, by_hand))
        if part.replaced:
            batch.append(part)
            if len(batch) == container.update.parallelism:
                turn, batch = _in_one(container, batch), []
    _in_one(container, batch)
    if replicas:
        shared.waiting.replicas[key] = replicas
    return parts


def _needs_nothing(shared: Planning, instance: Instance, current: ContainerState) -> bool:
    """Whether the only container of a place is as wanted, and nothing else is to be done or said: a short way.

    False where that is not known without a closer look: `_plan_instance` tells.
    """
    return (
        current.name == instance.name
        and is_undrifted(instance, current)
        and not lost_networks(current, shared.snapshot, shared.places.gone)
        and not (shared.dated and any(_too_new(instance, shared)))
        and not shared.waiting.restart(instance.key, current)
    )


def _service(shared: Planning, key: str, image: ImagePlan, needs: tuple[str, ...]) -> _Service:
    container = shared.spec.containers[key]
    peers = find_peers(container, shared.waiting.replicas, shared.snapshot)
    return _Service(
        key,
        container,
        image,
        str(image.wanted.platform) if image.wanted.platform else "",
        peers,
        (*needs, *peers.created),
    )


def _replica(
    name: str, current: ContainerState | None, part: ContainerPlan, held_by: Held | None, by_hand: str
) -> Replica:
    """What those that depend on it see; `held_by` is what it is held back by, if it is."""
    resource = ResourceKey(Kind.CONTAINER, name)
    created = next((action.id for action in part.actions if isinstance(action, CreateContainer)), None)
    held = Held(resource, "failed before") if part.failed else None
    if held_by:
        held = None if current and current.is_up else held_by
    if by_hand and not (current and current.is_up):
        held = Held(resource, f"is {by_hand}")
    return Replica(
        resource=resource,
        container=created or (current.id if current else name),
        current=current,
        up=part.up,
        starts=part.starts,
        held=held,
        failed=part.failed,
    )


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
    resource: ResourceKey, part: ContainerPlan, cause: Held, current: ContainerState | None
) -> ContainerPlan:
    fields = tuple(field for change in part.changes for field in change.fields)
    hold = Change(resource, Operation.HOLD, f"it needs {cause.resource}, which {cause.why}", fields)
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


def _rejoin(shared: Planning, service: _Service, slot: Slot) -> tuple[Slot, dict[str, tuple[str, ...]]]:
    """Who is there, without the networks that go; those of them that it joins again, and after which actions."""
    if not slot.current:
        return slot, {}
    lost = lost_networks(slot.current, shared.snapshot, shared.places.gone)
    if not lost:
        return slot, {}
    names = {shared.spec.network_name(network) for network in service.container.joined}
    left = sorted(names.intersection(lost))
    if not left:
        return slot, {}
    rejoin = {name: shared.places.ready.get(ResourceKey(Kind.NETWORK, name), ()) for name in left}
    return slot._replace(current=without_networks(slot.current, left)), rejoin


def _plan_instance(
    shared: Planning, service: _Service, number: int, name: str, slot: Slot, turn: tuple[str, ...]
) -> ContainerPlan:
    spec, snapshot, key = shared.spec, shared.snapshot, service.key
    container, image, peers = service.container, service.image, service.peers
    image_id = image.image_id
    if slot.current and image.is_guess and full_reference(slot.current.image) == full_reference(container.image):
        # Only its tag is missing here. Whether the registry has another image by now is known once it is pulled:
        # nothing is replaced on a guess, and the next cycle sees it.
        image_id = slot.current.image_id
    instance = Instance(
        spec, key, number, image_id, platform=service.platform, peers=peers.ids, digests=snapshot.content_digests
    )
    conflicts = [
        *_name_conflict(name, slot, snapshot),
        *_too_new(instance, shared),
        *peer_conflicts(spec, key, name, snapshot),
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
    slot, rejoin = _rejoin(shared, service, slot)
    part = plan_container(
        instance,
        slot,
        snapshot,
        service.needs,
        shared.waiting,
        turn=turn,
        failed=failed,
        postponed=shared.left.closed,
        restart=restart,
        rejoin=rejoin,
    )
    return put_contents(part, instance, slot.current, snapshot)


def _name_conflict(name: str, slot: Slot, snapshot: Snapshot) -> Iterator[Conflict]:
    if slot.current and slot.current.name == name:
        return
    for other in snapshot.others_by_name.get(name, ()):
        yield name_is_taken(ResourceKey(Kind.CONTAINER, name), other.id, other.project, snapshot)


def _too_new(instance: Instance, shared: Planning) -> Iterator[Conflict]:
    """What this Engine would drop without a word."""
    engine = shared.snapshot.engine
    for row in shared.dated:
        if not row.is_declared(instance):
            continue
        for what, since in row.since(instance.canonical(row)).items():
            if since > engine.api:
                needed = ".".join(map(str, since))
                yield Conflict(
                    ResourceKey(Kind.CONTAINER, instance.name),
                    f"`{what}` needs API version {needed}, and this Engine speaks {engine.api_version}",
                    "leave it out, or upgrade the Engine",
                )
