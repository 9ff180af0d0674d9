"""Plans what is mended on a container that exists, without a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reconciler.fields import network as network_rows
from reconciler.fields.base import Mend
from reconciler.fields.table import ROW, TABLE
from reconciler.planning.actions import (
    ConnectNetwork,
    DisconnectNetwork,
    RenameContainer,
    UnpauseContainer,
    UpdateContainer,
)
from reconciler.planning.plan import FieldChange, Operation
from reconciler.planning.steps import ContainerPlan, Step, pause, start, stop
from reconciler.planning.waiting import Before
from reconciler.spec.model import State
from reconciler.state.snapshot import ContainerState

if TYPE_CHECKING:
    from reconciler.fields.base import Instance


def change_in_place(
    part: ContainerPlan,
    instance: Instance,
    current: ContainerState,
    step: Step,
    mends: Mapping[Mend, list[FieldChange]],
    to_connect: tuple[str, ...],
    to_start: Before,
    *,
    restart: bool,
) -> None:
    """Mend in place, without a restart unless one is asked for.

    Args:
        part: the actions are added here.
        instance: what is wanted.
        current: what is there.
        step: what the actions share.
        mends: the differences, by what it takes.
        to_connect: the actions that joining its networks needs.
        to_start: what comes before a start.
        restart: whether it is restarted.
    """
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
    named = ContainerState({**current.inspect, "Name": f"/{instance.name}"})
    if restart:
        common = step("stop", *to_connect, *done, *to_start.needs, after=to_start.after)
        stopped = stop(part, named, common, instance.container.pre_stop)
        start(part, current.id, step, stopped, Before(), instance.container.post_start)
    elif Mend.STATE in mends:
        _change_state(part, instance, named, step, tuple(done), Before((*to_connect, *to_start.needs), to_start.after))


def _change_state(
    part: ContainerPlan,
    instance: Instance,
    current: ContainerState,
    step: Step,
    needs: tuple[str, ...],
    to_start: Before,
) -> None:
    state = instance.container.state
    if state is State.STOPPED:
        stop(part, current, step("stop", *needs), instance.container.pre_stop)
    elif current.status == "paused":
        part.up = part.add(UnpauseContainer(container=current.id, **step("unpause", *needs)))
    elif current.is_up:
        pause(part, instance, current.id, step, *needs)
    else:
        started = start(part, current.id, step, needs, to_start, instance.container.post_start)
        pause(part, instance, current.id, step, started)


def _connect(
    part: ContainerPlan, current: ContainerState, change: FieldChange, step: Step, needs: tuple[str, ...]
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


def operation_in_place(
    mends: Mapping[Mend, list[FieldChange]], instance: Instance, current: ContainerState
) -> Operation:
    """The word for what is mended."""
    if set(mends) != {Mend.STATE}:
        return Operation.UPDATE
    if instance.container.state is State.STOPPED:
        return Operation.STOP
    return Operation.PAUSE if instance.container.state is State.PAUSED and current.is_up else Operation.START
