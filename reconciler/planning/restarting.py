"""Plans a restart of what runs, spec as is: one container after the other, each proven before the next one stops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.planning.containers import HEALTH_SECONDS, MONITOR
from reconciler.planning.draft import Draft
from reconciler.planning.gates import AwaitProof
from reconciler.planning.itself import leave_itself_alone
from reconciler.planning.plan import Change, Conflict, Operation
from reconciler.planning.slots import find_slot, key_of
from reconciler.planning.steps import ContainerPlan, Step, start, stop
from reconciler.planning.takeover import take_over
from reconciler.planning.waiting import Before, Waiting
from reconciler.spec.diagnostics import meant
from reconciler.spec.model import Spec, State
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.state.snapshot import ContainerState, Snapshot

_ASKED = "asked for"


def plan_restart(spec: Spec, snapshot: Snapshot, names: Sequence[str]) -> Plan:
    """What would restart these containers, as they are, with all replicas; those first that others depend on.

    Who lives in the namespaces of one, or depends on it with `restart: true`, is restarted after it.

    Args:
        spec: what is wanted: the order, the hooks, the proof.
        snapshot: what is there, observed for this spec.
        names: in the spec: `web` or `container/web`.

    Raises:
        UsageError: the spec has no container of that name.
    """
    snapshot = take_over(snapshot, spec.name, spec)
    wanted = _with_dependents(spec, [_key(spec, name) for name in names])
    draft = Draft()
    before: tuple[str, ...] = ()
    for key in Waiting(spec).order():
        if key not in wanted:
            continue
        for number in range(1, spec.containers[key].replicas + 1):
            part = _restart(spec, key, number, snapshot, before, wanted[key])
            draft.add(leave_itself_alone(part, snapshot))
            before = (part.actions[-1].id,) if part.actions and part.actions[-1].id in draft.actions else before
    return draft.finish(spec.name, snapshot, [])


def _restart(spec: Spec, key: str, number: int, snapshot: Snapshot, before: tuple[str, ...], why: str) -> ContainerPlan:
    container, name = spec.containers[key], spec.container_name(key, number)
    resource, part = ResourceKey(Kind.CONTAINER, name), ContainerPlan()
    there = [one for one in snapshot.containers if key_of(spec, one) == key and one.replica == number]
    current = find_slot(name, there).current
    if problem := _problem(container.state, current):
        hint = "leave it out, or change the spec and apply it" if current else "`reconciler apply` creates it"
        return ContainerPlan(conflicts=[Conflict(resource, f"{resource} {problem}", hint)])
    assert current is not None
    part.changes.append(Change(resource, Operation.RESTART, why))
    step = Step(resource, why)
    if current.is_up:
        before = stop(part, current, step("stop", *before), container.pre_stop)
    started = start(part, current.id, step, before, Before(), container.post_start)
    monitor = container.update.monitor if container.update.monitor is not None else MONITOR
    part.add(
        AwaitProof(
            container=current.id,
            monitor_seconds=monitor / 10**9,
            deadline_seconds=HEALTH_SECONDS,
            **step("prove", started),
        )
    )
    return part


def _problem(state: State, current: ContainerState | None) -> str:
    if current is None:
        return "is not there"
    return "" if state is State.RUNNING else f"is not to run all the time: its state is `{state}`"


def _key(spec: Spec, name: str) -> str:
    key = name.removeprefix(f"{Kind.CONTAINER}/")
    if key not in spec.containers:
        raise UsageError(f'project "{spec.name}" has no container "{name}"', meant(key, spec.containers))
    return key


def _with_dependents(spec: Spec, keys: Iterable[str]) -> dict[str, str]:
    """What is restarted, and why: also those that can't go on, or are not to, without a restart."""
    found = dict.fromkeys(keys, _ASKED)
    todo = list(found)
    while todo:
        key = todo.pop(0)
        for name, container in sorted(spec.containers.items()):
            again = name in found or container.state is not State.RUNNING
            dependency = container.depends_on.get(key)
            if not again and (key in container.shares or (dependency and dependency.restart)):
                found[name] = f"{key} is restarted"
                todo.append(name)
    return found
