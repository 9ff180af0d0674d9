"""Plans one container: created, replaced, changed in place, or removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace

from reconciler.fields import network as network_rows
from reconciler.fields import ownership
from reconciler.fields.base import Instance, Mend
from reconciler.fields.hardware import of_container
from reconciler.fields.ownership import Anonymous, anonymous
from reconciler.fields.payload import create_payload
from reconciler.fields.peers import named_in
from reconciler.fields.table import ROW
from reconciler.planning.actions import (
    ConnectNetwork,
    CreateContainer,
    RemoveContainer,
    RenameContainer,
)
from reconciler.planning.diff import differences
from reconciler.planning.drift import Difference, sort_out
from reconciler.planning.gates import AwaitProof
from reconciler.planning.hooks import run_before
from reconciler.planning.in_place import change_in_place, operation_in_place
from reconciler.planning.plan import Change, FieldChange, Operation
from reconciler.planning.remounted import remounted
from reconciler.planning.slots import NEXT, OLD, Slot
from reconciler.planning.start_first import give_aliases, retire, starts_first
from reconciler.planning.steps import ContainerPlan, Step, pause, start, stop
from reconciler.planning.waiting import Before, Waiting
from reconciler.spec.model import Hook, State
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, Snapshot

MONITOR = 2 * 10**9
"""Nanoseconds that a new container without a healthcheck must run before it takes the old one's place."""

HEALTH_SECONDS = 120.0
"""How long a new container's healthcheck may take."""

_SEVERAL_AT_CREATE = (1, 44)
"""Since this API version a create call takes more than one network."""

_PLATFORM_AT_CREATE = (1, 41)
"""Since this API version a create call says which platform's image is meant."""

_FAILED_BEFORE = "failed before, and is not tried again until it changes"

_LOST = {"dead", "removing"}


def plan_container(
    instance: Instance,
    slot: Slot,
    snapshot: Snapshot,
    to_create: tuple[str, ...],
    waiting: Waiting,
    *,
    turn: tuple[str, ...] = (),
    failed: bool = False,
    postponed: str = "",
    restart: str = "",
    rejoin: Mapping[str, tuple[str, ...]],
) -> ContainerPlan:
    """What makes one container what the spec wants.

    Args:
        instance: what is wanted.
        slot: who is there.
        snapshot: everything else that is there.
        to_create: the actions that its creation needs: its image, networks, volumes.
        waiting: knows what comes before its start: those that it depends on. Asked only where it is needed.
        turn: the actions that its replacement, if it is replaced, waits for: other replicas come first.
        failed: whether this very definition failed before, as a replacement or as a job: then what is there stays.
        postponed: why it is not replaced now; empty where it may be.
        restart: why it is restarted, even if nothing about it differs; empty for no reason.
        rejoin: networks that are made anew under it: their names, and the actions after which they are there again.
    """
    part = ContainerPlan()
    gone = [_remove_leftover(part, instance, container) for container in slot.leftovers]
    current = slot.current
    resource = ResourceKey(Kind.CONTAINER, instance.name)
    if current is not None and current.status in _LOST:
        # Neither start nor stop work on it any more; only its removal can be asked for again.
        step = Step(resource, f"it is {current.status}")
        gone.append(part.add(RemoveContainer(container=current.id, expected_name=current.name, **step("clear"))))
        current = None
    if current is None:
        part.changes.append(Change(resource, Operation.CREATE, _described(instance)))
        step = Step(resource, "not here yet")
        created, ready = _create(part, instance, snapshot, instance.name, step, Before((*to_create, *gone)))
        if instance.container.state is not State.STOPPED:
            started = start(part, created, step, ready, waiting.before(instance.key), instance.container.post_start)
            pause(part, instance, created, step, started)
        return part
    found = _differences(part, instance, slot, snapshot, rejoins=bool(rejoin))
    if failed:
        is_job = instance.container.state is State.COMPLETED
        kept = {Mend.REPLACE, Mend.STATE} if is_job and current.has_failed else {Mend.REPLACE}
        found = _hold(part, resource, found, kept, _FAILED_BEFORE)
        part.failed = is_job and bool(part.changes and part.changes[-1].operation is Operation.HOLD)
    if postponed and not instance.has_new_peers:
        found = _hold(part, resource, found, {Mend.REPLACE}, postponed)
    if not found and not restart:
        return part
    fields = tuple(change for change, _ in found)
    mends = _by_mend(found)
    if not (current.is_up and instance.container.state is State.RUNNING) or Mend.REPLACE in mends:
        restart = ""  # it is started anyway, or not to run
    if not found and not restart:
        return part
    reason = ", ".join(change.path for change in fields) or restart
    to_start = waiting.before(instance.key)
    if Mend.REPLACE in mends:
        part.changes.append(Change(resource, Operation.REPLACE, "", fields))
        step = Step(resource, reason, group=f"{Kind.CONTAINER}/{instance.name}")
        if current.name == f"{instance.name}{NEXT}":
            # Cut off between its two renames: it gets its name first, since the new one needs that one.
            plain = Step(resource, reason)
            rename = RenameContainer(container=current.id, old_name=current.name, name=instance.name, **plain("rename"))
            gone.append(part.add(rename))
            current = replace(current, inspect={**current.inspect, "Name": f"/{instance.name}"})
        back = _rejoin(part, instance, current, Step(resource, reason), rejoin)
        before = Before((*to_start.needs, *back), to_start.after)
        begin = _in_turn(instance, (*to_create, *gone), turn)
        _replace(part, instance, current, snapshot, step, begin, before, rejoin)
    else:
        operation = Operation.RESTART if restart else operation_in_place(mends, instance, current)
        again = f"joins {', '.join(sorted(rejoin))} again, which is made anew" if rejoin else ""
        part.changes.append(Change(resource, operation, "; ".join(filter(None, [restart, again])), fields))
        step = Step(resource, reason)
        change_in_place(part, instance, current, step, mends, to_create, to_start, restart=bool(restart))
    return part


def _hold(
    part: ContainerPlan, resource: ResourceKey, found: list[Difference], kept: Collection[Mend], why: str
) -> list[Difference]:
    """Say that some differences are not mended now; the others."""
    held = tuple(change for change, mend in found if mend in kept)
    if held:
        part.changes.append(Change(resource, Operation.HOLD, why, held))
    return [(change, mend) for change, mend in found if mend not in kept]


def _in_turn(instance: Instance, needs: tuple[str, ...], turn: tuple[str, ...]) -> Before:
    """What comes before a replacement; with `continue`, the turn comes whatever became of the replicas before."""
    goes_on = instance.container.update.failure_action == "continue"
    return Before(needs, turn) if goes_on else Before((*needs, *turn))


def _differences(
    part: ContainerPlan, instance: Instance, slot: Slot, snapshot: Snapshot, *, rejoins: bool
) -> list[Difference]:
    """What is to be mended; what is only to be reported becomes a change of its own."""
    current = slot.current
    if current is None:
        return []
    found = differences(instance, current, snapshot)
    if not found or slot.leftovers or current.name.endswith((NEXT, OLD)):
        return found  # where a replacement was cut off, that did it, and nobody's hand
    found, drifted = sort_out(
        instance, current, found, by_plan=("networks",) if rejoins or instance.has_new_peers else ()
    )
    if drifted:
        resource = ResourceKey(Kind.CONTAINER, instance.name)
        part.changes.append(Change(resource, Operation.DRIFT, "changed by hand, and left so", drifted))
    return found


def _by_mend(found: list[Difference]) -> dict[Mend, list[FieldChange]]:
    mends: dict[Mend, list[FieldChange]] = defaultdict(list)
    for change, mend in found:
        mends[mend].append(change)
    return mends


def plan_removal(container: ContainerState, why: str, pre_stop: tuple[Hook, ...] = ()) -> ContainerPlan:
    """Stop and remove a container that is not wanted; its volumes stay."""
    resource = ResourceKey(Kind.CONTAINER, container.name)
    part = ContainerPlan(changes=[Change(resource, Operation.REMOVE, why)])
    step = Step(resource, why)
    stopped = stop(part, container, step("stop"), pre_stop) if container.is_up else ()
    part.add(RemoveContainer(container=container.id, expected_name=container.name, **step("remove", *stopped)))
    return part


def _remove_leftover(part: ContainerPlan, instance: Instance, container: ContainerState) -> str:
    why = "left behind by a replacement that was cut off"
    if starts_first(instance, container):
        # It may have the service's aliases, and be asked just now.
        resource = ResourceKey(Kind.CONTAINER, container.name)
        part.changes.append(Change(resource, Operation.REMOVE, why))
        return retire(part, instance, container, (), Step(resource, why))[1]
    # What has not proven itself yet has nothing to wind up.
    removal = plan_removal(container, why, () if container.name.endswith(NEXT) else instance.container.pre_stop)
    part.changes += removal.changes
    part.actions += removal.actions
    return removal.actions[-1].id


def _create(
    part: ContainerPlan,
    instance: Instance,
    snapshot: Snapshot,
    name: str,
    step: Step,
    to_create: Before,
    forerunner: ContainerState | None = None,
    *,
    has_aliases: bool = True,
) -> tuple[str, tuple[str, ...]]:
    """Create and connect it; the IDs of the creation, and of all that it takes until it can be started."""
    payload = create_payload(instance, _carried(instance, forerunner, snapshot) if forerunner else None)
    payload = of_container(payload, snapshot.engine.api)
    if forerunner and forerunner.place:
        payload["Labels"][ownership.REPLACES] = forerunner.id
    endpoints = payload["NetworkingConfig"]["EndpointsConfig"]
    if not has_aliases:
        endpoints = {network: {**endpoint, "Aliases": []} for network, endpoint in endpoints.items()}
    first = payload["HostConfig"]["NetworkMode"]
    several = snapshot.engine.api >= _SEVERAL_AT_CREATE
    later = {} if several else {key: value for key, value in endpoints.items() if key != first}
    payload["NetworkingConfig"] = {"EndpointsConfig": {k: v for k, v in endpoints.items() if k not in later}}
    platform = instance.platform if snapshot.engine.api >= _PLATFORM_AT_CREATE else ""
    common = step("create", *to_create.needs, after=to_create.after)
    created = part.add(CreateContainer(name=name, payload=payload, platform=platform, **common))
    ready = [created]
    for network, endpoint in sorted(later.items()):
        common = step(f"connect {network}", created)
        ready.append(part.add(ConnectNetwork(container=created, network=network, endpoint=endpoint, **common)))
    return created, tuple(ready)


def _replace(
    part: ContainerPlan,
    instance: Instance,
    old: ContainerState,
    snapshot: Snapshot,
    step: Step,
    to_create: Before,
    to_start: Before,
    rejoin: Mapping[str, tuple[str, ...]],
) -> None:
    """The steps of a replacement; the old container is there until the new one has proven itself."""
    container, state = instance.container, instance.container.state
    part.notices += remounted(instance, old, snapshot)
    first = starts_first(instance, old)
    if container.update.before and old.status == "running":
        common = step("before", *to_create.needs, after=to_create.after)
        to_create = Before((part.add(run_before(container.update.before, old.id, old.name, common)),))
    created = step("create")["id"]
    stopped: tuple[str, ...] = ()
    if old.is_up and not first:
        # Not before all that the new one needs is up: until then the old one goes on serving.
        before_stop = step("stop old", created, *to_start.needs, after=to_start.after)
        stopped = stop(part, old, before_stop, container.pre_stop)
    new, ready = _create(
        part, instance, snapshot, f"{instance.name}{NEXT}", step, to_create, forerunner=old, has_aliases=not first
    )
    proven = Before((*ready, *stopped))
    if state in {State.RUNNING, State.PAUSED}:
        # Where the update is to stay as it is, or to go on, the new one gets its place whatever became of it. While the
        # old one serves, it never has to give way to one that failed.
        stays = container.update.failure_action != "rollback" and not first
        own = replace(step, group="") if stays else step
        started = start(part, new, own, (*ready, *stopped), to_start, container.post_start)
        monitor = container.update.monitor if container.update.monitor is not None else MONITOR
        gate = AwaitProof(
            container=new,
            monitor_seconds=monitor / 10**9,
            deadline_seconds=HEALTH_SECONDS,
            **own("prove", started),
        )
        part.up = part.add(gate)
        if first:
            part.up = give_aliases(part, instance, new, step, part.up)
        proven = Before((*ready, *stopped, *to_start.needs), (started, part.up)) if stays else Before((part.up,))
    away = f"{instance.name}{OLD}"
    common = step("rename old", *proven.needs, after=proven.after)
    renamed = part.add(RenameContainer(container=old.id, old_name=old.name, name=away, **common))
    in_place = part.add(
        RenameContainer(
            container=new,
            old_name=f"{instance.name}{NEXT}",
            name=instance.name,
            **step("rename new", renamed),
        )
    )
    part.replaced = (in_place,)
    if part.up and container.update.failure_action == "pause":
        part.replaced = (in_place, part.up)
    # From here on there is nothing to take back: what fails is left to the next cycle.
    after = Step(step.resource, step.reason)
    if state is State.COMPLETED:
        # Not before it has its name: a new one of another name is begun again when it was cut off, and a job runs once.
        part.replaced = (start(part, new, after, (in_place,), to_start, container.post_start),)
    pause(part, instance, new, after, in_place)
    if first:
        renamed_old = ContainerState({**old.inspect, "Name": f"/{away}"})
        back, _ = retire(part, instance, renamed_old, rejoin, after, in_place)
        part.replaced = (*back, *part.replaced)
    else:
        part.add(RemoveContainer(container=old.id, expected_name=away, **after("remove old", in_place)))


def _rejoin(
    part: ContainerPlan,
    instance: Instance,
    current: ContainerState,
    step: Step,
    rejoin: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """Connect a container that is to be replaced again: until then it serves, and it may have to go on."""
    if not current.is_up:
        return ()
    joined = ROW["networks"].wanted(instance)["joined"]
    return tuple(
        part.add(
            ConnectNetwork(
                container=current.id,
                network=network,
                endpoint=network_rows.endpoint(joined[network]),
                **step(f"connect old {network}", *needs),
            )
        )
        for network, needs in sorted(rejoin.items())
    )


def _carried(instance: Instance, old: ContainerState, snapshot: Snapshot) -> Anonymous | None:
    """The anonymous volumes that move along to the new container: those of the spec, and those of any image before."""
    image = snapshot.image_by_id(old.image_id)
    declared = {mount.target: mount for mount in instance.container.volumes}
    asked = set((image.config.get("Volumes") or {}) if image else ()) | anonymous(old.labels).of_image.keys()
    lent = {name for lender in _lenders(old, snapshot) for name in lender.volumes}
    named = {path: name for path, name in old.anonymous_volumes.items() if name not in lent}
    of_spec = {
        path: named[path]
        for path, mount in declared.items()
        if mount.type == "volume" and not mount.source and path in named
    }
    of_image = {path: name for path, name in named.items() if path in asked - declared.keys()}
    return Anonymous(of_spec, of_image) if of_spec or of_image else None


def _lenders(container: ContainerState, snapshot: Snapshot) -> list[ContainerState]:
    """The containers of the project whose volumes it has (`volumes_from`)."""
    lenders = {*named_in(container.inspect)}
    return [one for one in snapshot.containers if one.id in lenders] if lenders else []


def _described(instance: Instance) -> str:
    container = instance.container
    ports = ROW["ports"]
    shown = ports.show(ports.wanted(instance)) if container.ports else ""
    return ", ".join(filter(None, (container.image, shown)))
