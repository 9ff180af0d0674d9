"""Plans one container: created, replaced, changed in place, or removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.fields import network as network_rows
from reconciler.fields.base import Instance, Mend
from reconciler.fields.ownership import Anonymous, anonymous
from reconciler.fields.payload import create_payload
from reconciler.fields.table import ROW, TABLE
from reconciler.planning.actions import (
    Action,
    AwaitProof,
    ConnectNetwork,
    CreateContainer,
    DisconnectNetwork,
    RemoveContainer,
    RenameContainer,
    StartContainer,
    StopContainer,
    UnpauseContainer,
    UpdateContainer,
)
from reconciler.planning.diff import differences
from reconciler.planning.plan import Change, Conflict, FieldChange, Operation
from reconciler.planning.slots import NEXT, OLD, Slot
from reconciler.spec.model import State
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, Snapshot

_MONITOR_SECONDS = 2.0
"""How long a new container without a healthcheck must run before it takes the old one's place."""

_HEALTH_SECONDS = 120.0
"""How long a new container's healthcheck may take."""

_SEVERAL_AT_CREATE = (1, 44)
"""Since this API version a create call takes more than one network."""

_FAILED_BEFORE = "failed before, and is not tried again until it changes"

_LOST = {"dead", "removing"}


@dataclass(slots=True)
class ContainerPlan:
    """What becomes of one container.

    Attributes:
        up: the action after which it is up; None where it is already, or is not to be.
    """

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    up: str | None = None

    def add(self, action: Action) -> str:
        """Append an action; its ID."""
        self.actions.append(action)
        return action.id


@dataclass(frozen=True, slots=True)
class _Step:
    """What the actions of one container share, so that each is said in a line."""

    resource: ResourceKey
    reason: str
    group: str = ""

    def __call__(self, verb: str, *needs: str) -> dict[str, Any]:
        return {
            "id": f"{Kind.CONTAINER}/{self.resource.name}:{verb}",
            "resource": self.resource,
            "reason": self.reason,
            "needs": needs,
            "group": self.group,
        }


def plan_container(
    instance: Instance,
    slot: Slot,
    snapshot: Snapshot,
    to_create: tuple[str, ...],
    to_start: tuple[str, ...],
    *,
    failed: bool = False,
    rejoin: Mapping[str, tuple[str, ...]],
) -> ContainerPlan:
    """What makes one container what the spec wants.

    Args:
        instance: what is wanted.
        slot: who is there.
        snapshot: everything else that is there.
        to_create: the actions that its creation needs: its image, networks, volumes.
        to_start: the actions that its start needs: those that it depends on.
        failed: whether a replacement by this very definition failed before: then the old one stays as it is.
        rejoin: networks that are made anew under it: their names, and the actions after which they are there again.
    """
    part = ContainerPlan()
    gone = [_remove_leftover(part, container) for container in slot.leftovers]
    current = slot.current
    resource = ResourceKey(Kind.CONTAINER, instance.name)
    if current is not None and current.status in _LOST:
        # Neither start nor stop work on it any more; only its removal can be asked for again.
        step = _Step(resource, f"it is {current.status}")
        gone.append(part.add(RemoveContainer(container=current.id, expected_name=current.name, **step("clear"))))
        current = None
    if current is None:
        part.changes.append(Change(resource, Operation.CREATE, _described(instance)))
        _create(
            part,
            instance,
            snapshot,
            instance.name,
            _Step(resource, "not here yet"),
            (*to_create, *gone),
            to_start,
        )
        return part
    found = differences(instance, current, snapshot)
    if failed:
        held = tuple(change for change, mend in found if mend is Mend.REPLACE)
        found = [(change, mend) for change, mend in found if mend is not Mend.REPLACE]
        if held:
            part.changes.append(Change(resource, Operation.HOLD, _FAILED_BEFORE, held))
    if not found:
        return part
    fields = tuple(change for change, _ in found)
    reason = ", ".join(change.path for change in fields)
    mends: dict[Mend, list[FieldChange]] = defaultdict(list)
    for change, mend in found:
        mends[mend].append(change)
    if Mend.REPLACE in mends:
        part.changes.append(Change(resource, Operation.REPLACE, "", fields))
        step = _Step(resource, reason, group=f"{Kind.CONTAINER}/{instance.name}")
        if current.name == f"{instance.name}{NEXT}":
            # Cut off between its two renames: it gets its name first, since the new one needs that one.
            plain = _Step(resource, reason)
            rename = RenameContainer(container=current.id, old_name=current.name, name=instance.name, **plain("rename"))
            gone.append(part.add(rename))
            current = ContainerState({**current.inspect, "Name": f"/{instance.name}"})
        back = _rejoin(part, instance, current, _Step(resource, reason), rejoin)
        _replace(part, instance, current, snapshot, step, (*to_create, *gone), (*to_start, *back))
    else:
        note = f"joins {', '.join(sorted(rejoin))} again, which is made anew" if rejoin else ""
        part.changes.append(Change(resource, _operation(mends, instance), note, fields))
        _change(part, instance, current, _Step(resource, reason), mends, to_create, to_start)
    return part


def plan_removal(container: ContainerState, why: str) -> ContainerPlan:
    """Stop and remove a container that is not wanted; its volumes stay."""
    resource = ResourceKey(Kind.CONTAINER, container.name)
    part = ContainerPlan(changes=[Change(resource, Operation.REMOVE, why)])
    step = _Step(resource, why)
    stop = _stop(part, container, step("stop")) if container.is_up else ()
    part.add(RemoveContainer(container=container.id, expected_name=container.name, **step("remove", *stop)))
    return part


def _stop(part: ContainerPlan, container: ContainerState, common: dict[str, Any]) -> tuple[str, ...]:
    action = StopContainer(
        container=container.id,
        expected_name=container.name,
        seconds=container.stop_seconds,
        **common,
    )
    return (part.add(action),)


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
    step: _Step,
    to_create: tuple[str, ...],
    to_start: tuple[str, ...],
    forerunner: ContainerState | None = None,
) -> tuple[str, str]:
    """Create, connect, and start it unless it is to be stopped; the IDs of the creation and of the last of these."""
    payload = create_payload(instance, _carried(instance, forerunner, snapshot) if forerunner else None)
    endpoints = payload["NetworkingConfig"]["EndpointsConfig"]
    first = payload["HostConfig"]["NetworkMode"]
    several = snapshot.engine.api >= _SEVERAL_AT_CREATE
    later = {} if several else {key: value for key, value in endpoints.items() if key != first}
    payload["NetworkingConfig"] = {"EndpointsConfig": {k: v for k, v in endpoints.items() if k not in later}}
    created = part.add(CreateContainer(name=name, payload=payload, **step("create", *to_create)))
    ready = [created]
    for network, endpoint in sorted(later.items()):
        common = step(f"connect {network}", created)
        ready.append(part.add(ConnectNetwork(container=created, network=network, endpoint=endpoint, **common)))
    if instance.container.state is State.STOPPED:
        return created, ready[-1]
    started = part.add(StartContainer(container=created, **step("start", *ready, *to_start)))
    part.up = started
    return created, started


def _replace(
    part: ContainerPlan,
    instance: Instance,
    old: ContainerState,
    snapshot: Snapshot,
    step: _Step,
    to_create: tuple[str, ...],
    to_start: tuple[str, ...],
) -> None:
    """The steps of a replacement; the old container is there until the new one has proven itself."""
    created = step("create")["id"]
    # Not before all that the new one needs is up: until then the old one goes on serving.
    stopped = _stop(part, old, step("stop old", created, *to_start)) if old.is_up else ()
    new, last = _create(
        part,
        instance,
        snapshot,
        f"{instance.name}{NEXT}",
        step,
        to_create,
        (*to_start, *stopped),
        forerunner=old,
    )
    proven = (last, *stopped)
    if part.up:
        gate = AwaitProof(
            container=new,
            monitor_seconds=_MONITOR_SECONDS,
            deadline_seconds=_HEALTH_SECONDS,
            **step("prove", part.up),
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
    # From here on there is nothing to take back: a removal that fails is left to the next cycle.
    after = _Step(step.resource, step.reason)
    part.add(RemoveContainer(container=old.id, expected_name=away, **after("remove old", in_place)))


def _change(
    part: ContainerPlan,
    instance: Instance,
    current: ContainerState,
    step: _Step,
    mends: Mapping[Mend, list[FieldChange]],
    to_connect: tuple[str, ...],
    to_start: tuple[str, ...],
) -> None:
    """Mend in place, without a restart."""
    done: list[str] = []
    if Mend.RENAME in mends:
        rename = RenameContainer(container=current.id, old_name=current.name, name=instance.name, **step("rename"))
        done.append(part.add(rename))
    for change in mends.get(Mend.CONNECT, ()):
        done += _connect(part, current, change, step, to_connect)
    if Mend.UPDATE in mends:
        payload: dict[str, Any] = {}
        paths = {change.path for change in mends[Mend.UPDATE]}
        paths |= {ROW[path].along for path in paths} - {""}
        for row in TABLE:
            if row.path in paths:
                row.write(payload, row.wanted(instance))
        done.append(part.add(UpdateContainer(container=current.id, payload=payload["HostConfig"], **step("update"))))
    if Mend.STATE in mends:
        if instance.container.state is State.STOPPED:
            _stop(part, ContainerState({**current.inspect, "Name": f"/{instance.name}"}), step("stop", *done))
        elif current.status == "paused":
            part.up = part.add(UnpauseContainer(container=current.id, **step("unpause", *done)))
        else:
            part.up = part.add(StartContainer(container=current.id, **step("start", *to_connect, *done, *to_start)))


def _rejoin(
    part: ContainerPlan,
    instance: Instance,
    current: ContainerState,
    step: _Step,
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


def _connect(
    part: ContainerPlan, current: ContainerState, change: FieldChange, step: _Step, needs: tuple[str, ...]
) -> list[str]:
    wanted, actual = change.wanted["joined"], change.actual["joined"]
    done: list[str] = []
    for network in sorted(wanted.keys() | actual.keys()):
        if network_rows.same_endpoint(wanted.get(network), actual.get(network)):
            continue
        left: tuple[str, ...] = ()
        if network in actual:
            leave = DisconnectNetwork(container=current.id, network=network, **step(f"disconnect {network}", *needs))
            left = (part.add(leave),)
            done += left
        if network in wanted:
            join = ConnectNetwork(
                container=current.id,
                network=network,
                endpoint=network_rows.endpoint(wanted[network]),
                **step(f"connect {network}", *needs, *left),
            )
            done.append(part.add(join))
    return done


def _operation(mends: Mapping[Mend, list[FieldChange]], instance: Instance) -> Operation:
    if set(mends) == {Mend.STATE}:
        return Operation.STOP if instance.container.state is State.STOPPED else Operation.START
    return Operation.UPDATE


def _carried(instance: Instance, old: ContainerState, snapshot: Snapshot) -> Anonymous | None:
    """The anonymous volumes that move along to the new container: those of the spec, and those of any image before."""
    image = snapshot.image_by_id(old.image_id)
    declared = {mount.target: mount for mount in instance.container.volumes}
    asked = set((image.config.get("Volumes") or {}) if image else ()) | anonymous(old.labels).of_image.keys()
    named = old.anonymous_volumes
    of_spec = {
        path: named[path]
        for path, mount in declared.items()
        if mount.type == "volume" and not mount.source and path in named
    }
    of_image = {path: name for path, name in named.items() if path in asked - declared.keys()}
    return Anonymous(of_spec, of_image) if of_spec or of_image else None


def _described(instance: Instance) -> str:
    container = instance.container
    ports = ROW["ports"]
    shown = ports.show(ports.wanted(instance)) if container.ports else ""
    return ", ".join(filter(None, (container.image, shown)))
