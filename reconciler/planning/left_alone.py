"""What a plan leaves alone: what a person holds, and outside the maintenance windows what only a replacement mends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.planning.plan import Change, Notice, Operation
from reconciler.planning.slots import key_of
from reconciler.planning.steps import ContainerPlan
from reconciler.planning.windows import opening_text, opens_at
from reconciler.spec.diagnostics import meant
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import NetworkState, Snapshot


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that a person has asked to leave alone.

    Attributes:
        name: in the spec: `web` or `container/web` for a container with all its replicas, `network/front`.
        until: RFC 3339; empty for until it is taken back.
    """

    name: str
    until: str = ""

    def lasts(self, moment: str) -> bool:
        """Whether it is in force at a moment, RFC 3339."""
        return not self.until or datetime.fromisoformat(self.until) > datetime.fromisoformat(moment)

    @property
    def why(self) -> str:
        """In a few words."""
        return f"held by hand until {self.until}" if self.until else "held by hand"


def hold_of(spec: Spec, name: str) -> Hold:
    """The hold of what a person names, for good.

    Raises:
        UsageError: the spec has nothing of that name, or what it has is never changed.
    """
    kind, slash, key = name.rpartition("/")
    known = {**dict.fromkeys(spec.containers, ""), **{f"{Kind.NETWORK}/{one}": "" for one in spec.networks}}
    found = key if not slash or kind == Kind.CONTAINER else name
    if found not in known:
        raise UsageError(f'project "{spec.name}" has no container and no network "{name}"', meant(found, known))
    return Hold(found)


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """What is left alone, and why in a few words.

    Attributes:
        containers: of which nothing is done: by name in the spec.
        networks: likewise, by name on the Engine.
        closed: why nothing is replaced or removed; empty where it may be.
    """

    containers: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)
    closed: str = ""
    _members: Mapping[str, str] = field(default_factory=dict)

    def network_stays(self, network: NetworkState) -> str:
        """Why a network is neither removed nor made anew; empty where it may be."""
        return self.closed or self.networks.get(network.name, "") or self._members.get(network.id, "")


def left_alone(spec: Spec, snapshot: Snapshot, holds: Iterable[Hold], *, attended: bool) -> LeftAlone:
    """What a plan leaves alone.

    Args:
        spec: what is wanted.
        snapshot: what is there, taken over.
        holds: what a person holds.
        attended: whether a person decides what is replaced and removed, whenever that is.
    """
    held = [hold for hold in holds if hold.lasts(snapshot.taken_at)]
    opening = None if attended else opens_at(spec.settings.windows, snapshot.taken_at)
    closed = f"waits for its window, which opens at {opening_text(opening)}" if opening else ""
    if not held:
        return LeftAlone(closed=closed)
    containers: dict[str, str] = {}
    networks: dict[str, str] = {}
    for hold in held:
        kind, slash, key = hold.name.rpartition("/")
        if slash and kind == Kind.NETWORK:
            networks[spec.network_name(key)] = hold.why
        else:
            containers[key] = hold.why
    members = {
        str((settings or {}).get("NetworkID")): f"container {container.name} is {containers[key]}"
        for container in snapshot.containers
        if (key := key_of(spec, container)) in containers
        for settings in container.networks.values()
    }
    return LeftAlone(containers, networks, closed, members)


def without_actions(resource: ResourceKey, part: ContainerPlan, why: str) -> ContainerPlan:
    """What becomes of a container, without anything that would be done to it."""
    if not part.changes:
        return ContainerPlan()
    fields = tuple(field for change in part.changes for field in change.fields)
    return ContainerPlan(changes=[Change(resource, Operation.HOLD, why, fields)])


def held_notices(left: LeftAlone, changes: Iterable[Change], spec: Spec) -> list[Notice]:
    """What is held although nothing about it differs: a person should not wonder later why nothing is done."""
    differing = {change.resource for change in changes}
    found = []
    for key, why in sorted(left.containers.items()):
        container = spec.containers.get(key)
        names = [spec.container_name(key, number) for number in range(1, container.replicas + 1)] if container else []
        if not differing.intersection(ResourceKey(Kind.CONTAINER, name) for name in names):
            found.append(Notice(ResourceKey(Kind.CONTAINER, key), f"container {key} is {why}"))
    for name, why in sorted(left.networks.items()):
        resource = ResourceKey(Kind.NETWORK, name)
        if resource not in differing:
            found.append(Notice(resource, f"network {name} is {why}"))
    return found


def with_windows_told(plan: Plan, spec: Spec, snapshot: Snapshot) -> Plan:
    """The plan that a person decides on, with what to know of the windows that `watch` would wait for."""
    opening = opens_at(spec.settings.windows, snapshot.taken_at) if plan.destructive else None
    if opening is None:
        return plan
    message = f"outside the maintenance windows: `watch` would replace and remove from {opening_text(opening)} on"
    notice = Notice(ResourceKey(Kind.CONTAINER, spec.name), message, "apply does it now")
    return replace(plan, notices=(*plan.notices, notice))
