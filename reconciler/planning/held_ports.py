"""A host port that a container has which is left alone: who wants it waits, rather than to try in vain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.fields.base import at
from reconciler.planning.actions import CreateContainer, RemoveContainer, StartContainer, StopContainer
from reconciler.planning.held_back import held_back
from reconciler.planning.plan import Operation
from reconciler.planning.slots import key_of
from reconciler.state.resource import Kind

if TYPE_CHECKING:
    from reconciler.planning.left_alone import LeftAlone
    from reconciler.planning.plan import Plan
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot


class _Port(NamedTuple):
    """A host port: its number, `tcp` or the like, and the address that it is of; empty for all of them."""

    number: str
    protocol: str
    address: str

    def __str__(self) -> str:
        return f"{self.number}/{self.protocol}"

    def clashes(self, other: _Port) -> bool:
        return self[:2] == other[:2] and (_covers(self.address, other.address) or _covers(other.address, self.address))


def wait_for_ports(plan: Plan, spec: Spec, snapshot: Snapshot, left: LeftAlone) -> Plan:
    """The plan without what could not start, since a container that is left alone has its host port.

    Args:
        plan: what would be done.
        spec: what is wanted.
        snapshot: what is there.
        left: what is left alone.
    """
    taken = _taken(plan, spec, snapshot, left) if plan.actions else {}
    if not taken:
        return plan
    created = {action.id: action.payload for action in plan.actions if isinstance(action, CreateContainer)}
    there = {container.id: container.inspect for container in (*snapshot.containers, *snapshot.candidates)}
    for action in plan.actions:
        if isinstance(action, StartContainer):
            asked = _ports(at("HostConfig.PortBindings", created.get(action.container) or there[action.container]))
            why = next((why for port in asked for has, why in taken.items() if port.clashes(has)), "")
            plan = held_back(plan, {action.resource}, why) if why else plan
    return plan


def _taken(plan: Plan, spec: Spec, snapshot: Snapshot, left: LeftAlone) -> dict[_Port, str]:
    """The ports of containers that are left alone, and what is said to those who want one."""
    held = {
        change.resource.name: change.note
        for change in plan.changes
        if change.operation is Operation.HOLD and change.resource.kind is Kind.CONTAINER
    }
    if not (held or left.containers):
        return {}
    ends = {action.container for action in plan.actions if isinstance(action, StopContainer | RemoveContainer)}
    found: dict[_Port, str] = {}
    for container in snapshot.containers:
        why = held.get(container.name) or left.containers.get(key_of(spec, container))
        if why and container.is_up and container.id not in ends:
            for name in ("HostConfig.PortBindings", "NetworkSettings.Ports"):
                for port in _ports(at(name, container.inspect)):
                    found[port] = f"waits for host port {port}, which container {container.name} has: {why}"
    return found


def _ports(bindings: Mapping[str, Any] | None) -> Iterator[_Port]:
    """Those that are asked for by number: of a range the Engine takes one that is free."""
    for target, entries in (bindings or {}).items():
        for entry in entries or ():
            number = str(entry.get("HostPort") or "")
            if number.isdecimal() and number != "0":
                yield _Port(number, target.partition("/")[2] or "tcp", entry.get("HostIp") or "")


def _covers(address: str, other: str) -> bool:
    """Whether who listens on an address listens on the other one, too."""
    if address in {"", other}:
        return True
    return address == ("::" if ":" in other else "0.0.0.0")
