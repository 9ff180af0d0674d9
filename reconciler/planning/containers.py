"""Plans one container: created, replaced, changed in place, or removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from reconciler.fields import network as network_rows
from reconciler.fields.base import Instance, Mend
from reconciler.fields.hardware import of_container
from reconciler.fields.ownership import Anonymous, anonymous
from reconciler.fields.payload import create_payload
from reconciler.fields.peers import named_in
from reconciler.fields.table import ROW
from reconciler.planning.actions import (
    AwaitProof,
    ConnectNetwork,
    CreateContainer,
    RemoveContainer,
    RenameContainer,
)
from reconciler.planning.diff import differences
from reconciler.planning.in_place import change_in_place, operation_in_place
from reconciler.planning.plan import Change, FieldChange, Operation
from reconciler.planning.slots import NEXT, OLD, Slot
from reconciler.planning.steps import ContainerPlan, Step, pause, start, stop
from reconciler.planning.waiting import Before
from reconciler.spec.model import State
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, Snapshot

_MONITOR_SECONDS = 2.0
"""How long a new container without a healthcheck must run before it takes the old one's place."""

_HEALTH_SECONDS = 120.0
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
    to_start: Before,
    *,
    turn: tuple[str, ...] = (),
    failed: bool = False,
    restart: str = "",
    rejoin: Mapping[str, tuple[str, ...]],
) -> ContainerPlan:
    """What makes one container what the spec wants.

    Args:
        instance: what is wanted.
        slot: who is there.
        snapshot: everything else that is there.
        to_create: the actions that its creation needs: its image, networks, volumes.
        to_start: what comes before its start: those that it depends on.
        turn: the actions that its replacement, if it is replaced, waits for: other replicas come first.
        failed: whether this very definition failed before, as a replacement or as a job: then what is there stays.
        restart: why it is restarted, even if nothing about it differs; empty for no reason.
        rejoin: networks that are made anew under it: their names, and the actions after which they are there again.
    """
    part = ContainerPlan()
    gone = [_remove_leftover(part, container) for container in slot.leftovers]
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
        created, ready = _create(part, instance, snapshot, instance.name, step, (*to_create, *gone))
        if instance.container.state is not State.STOPPED:
            started = start(part, created, step, ready, to_start)
            pause(part, instance, created, step, started)
        return part
    found = differences(instance, current, snapshot)
    if failed:
        is_job = instance.container.state is State.COMPLETED
        kept = {Mend.REPLACE, Mend.STATE} if is_job and current.has_failed else {Mend.REPLACE}
        held = tuple(change for change, mend in found if mend in kept)
        found = [(change, mend) for change, mend in found if mend not in kept]
        if held:
            part.changes.append(Change(resource, Operation.HOLD, _FAILED_BEFORE, held))
            part.failed = is_job
    fields = tuple(change for change, _ in found)
    mends: dict[Mend, list[FieldChange]] = defaultdict(list)
    for change, mend in found:
        mends[mend].append(change)
    if not (current.is_up and instance.container.state is State.RUNNING) or Mend.REPLACE in mends:
        restart = ""  # it is started anyway, or not to run
    if not found and not restart:
        return part
    reason = ", ".join(change.path for change in fields) or restart
    if Mend.REPLACE in mends:
        part.changes.append(Change(resource, Operation.REPLACE, "", fields))
        step = Step(resource, reason, group=f"{Kind.CONTAINER}/{instance.name}")
        if current.name == f"{instance.name}{NEXT}":
            # Cut off between its two renames: it gets its name first, since the new one needs that one.
            plain = Step(resource, reason)
            rename = RenameContainer(container=current.id, old_name=current.name, name=instance.name, **plain("rename"))
            gone.append(part.add(rename))
            current = ContainerState({**current.inspect, "Name": f"/{instance.name}"})
        back = _rejoin(part, instance, current, Step(resource, reason), rejoin)
        before = Before((*to_start.needs, *back), to_start.after)
        _replace(part, instance, current, snapshot, step, (*to_create, *gone, *turn), before)
    else:
        operation = Operation.RESTART if restart else operation_in_place(mends, instance, current)
        again = f"joins {', '.join(sorted(rejoin))} again, which is made anew" if rejoin else ""
        part.changes.append(Change(resource, operation, "; ".join(filter(None, [restart, again])), fields))
        step = Step(resource, reason)
        change_in_place(part, instance, current, step, mends, to_create, to_start, restart=bool(restart))
    return part


def plan_removal(container: ContainerState, why: str) -> ContainerPlan:
    """Stop and remove a container that is not wanted; its volumes stay."""
    resource = ResourceKey(Kind.CONTAINER, container.name)
    part = ContainerPlan(changes=[Change(resource, Operation.REMOVE, why)])
    step = Step(resource, why)
    stopped = stop(part, container, step("stop")) if container.is_up else ()
    part.add(RemoveContainer(container=container.id, expected_name=container.name, **step("remove", *stopped)))
    return part


def _remove_leftover(part: ContainerPlan, container: ContainerState) -> str:
    removal = plan_removal(container, "left behind by a replacement that was cut off")
    part.changes += removal.changes
    part.actions += removal.actions
    return removal.actions[-1].id


def _create(
    part: ContainerPlan,
    instance: Instance,
    snapshot: Snapshot,
    name: str,
    step: Step,
    to_create: tuple[str, ...],
    forerunner: ContainerState | None = None,
) -> tuple[str, tuple[str, ...]]:
    """Create and connect it; the IDs of the creation, and of all that it takes until it can be started."""
    payload = create_payload(instance, _carried(instance, forerunner, snapshot) if forerunner else None)
    payload = of_container(payload, snapshot.engine.api)
    endpoints = payload["NetworkingConfig"]["EndpointsConfig"]
    first = payload["HostConfig"]["NetworkMode"]
    several = snapshot.engine.api >= _SEVERAL_AT_CREATE
    later = {} if several else {key: value for key, value in endpoints.items() if key != first}
    payload["NetworkingConfig"] = {"EndpointsConfig": {k: v for k, v in endpoints.items() if k not in later}}
    platform = instance.platform if snapshot.engine.api >= _PLATFORM_AT_CREATE else ""
    common = step("create", *to_create)
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
    to_create: tuple[str, ...],
    to_start: Before,
) -> None:
    """The steps of a replacement; the old container is there until the new one has proven itself."""
    state = instance.container.state
    created = step("create")["id"]
    # Not before all that the new one needs is up: until then the old one goes on serving.
    before_stop = step("stop old", created, *to_start.needs, after=to_start.after)
    stopped = stop(part, old, before_stop) if old.is_up else ()
    new, ready = _create(part, instance, snapshot, f"{instance.name}{NEXT}", step, to_create, forerunner=old)
    proven = (*ready, *stopped)
    if state in {State.RUNNING, State.PAUSED}:
        started = start(part, new, step, (*ready, *stopped), to_start)
        gate = AwaitProof(
            container=new,
            monitor_seconds=_MONITOR_SECONDS,
            deadline_seconds=_HEALTH_SECONDS,
            **step("prove", started),
        )
        part.up = part.add(gate)
        proven = (part.up,)
    away = f"{instance.name}{OLD}"
    renamed = part.add(RenameContainer(container=old.id, old_name=old.name, name=away, **step("rename old", *proven)))
    in_place = part.add(
        RenameContainer(
            container=new,
            old_name=f"{instance.name}{NEXT}",
            name=instance.name,
            **step("rename new", renamed),
        )
    )
    part.replaced = in_place
    # From here on there is nothing to take back: what fails is left to the next cycle.
    after = Step(step.resource, step.reason)
    if state is State.COMPLETED:
        # Not before it has its name: a new one of another name is begun again when it was cut off, and a job runs once.
        part.replaced = start(part, new, after, (in_place,), to_start)
    pause(part, instance, new, after, in_place)
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
    return [one for one in snapshot.containers if one.id in lenders]


def _described(instance: Instance) -> str:
    container = instance.container
    ports = ROW["ports"]
    shown = ports.show(ports.wanted(instance)) if container.ports else ""
    return ", ".join(filter(None, (container.image, shown)))
