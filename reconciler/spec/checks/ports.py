"""Host ports: each can be bound once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from reconciler.spec.addresses import port_range
from reconciler.spec.diagnostics import Diagnostic
from reconciler.spec.model import Port, Spec, State
from reconciler.spec.places import Path_, port_paths

if TYPE_CHECKING:
    from reconciler.spec.places import Text


class Bound(NamedTuple):
    """A host port, or a range of them, that a container wants.

    Attributes:
        container: its key.
        nth: which of its ports, in their order.
        port: that.
        wanted: the host ports; of more than one the Engine takes a free one.
    """

    container: str
    nth: int
    port: Port
    wanted: range


def bound(spec: Spec) -> Iterator[Bound]:
    """The host ports that running containers want, in their order."""
    for key, container in spec.containers.items():
        if container.state is not State.RUNNING:
            continue
        for index, port in enumerate(container.ports):
            if port.published and port.published != "0":
                yield Bound(key, index, port, port_range(port.published, "host"))


def problems(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    """Host ports that would be bound twice."""
    fixed: dict[tuple[str, int], list[Bound]] = {}
    ranges: list[Bound] = []
    places: dict[str, list[Path_]] = {}

    def place(this: Bound) -> Path_:
        if this.container not in places:  # only where there is something to report
            count = len(spec.containers[this.container].ports)
            places[this.container] = port_paths(document, this.container, count)
        return places[this.container][this.nth]

    said: set[Path_] = set()
    for this in bound(spec):
        if len(this.wanted) > 1:
            ranges.append(this)
            continue
        others = fixed.setdefault((this.port.protocol, this.wanted[0]), [])
        other = next((other for other in others if overlap(other.port, this.port)), None)
        if not other:
            others.append(this)
        elif place(this) not in said:  # of a range one is enough
            said.add(place(this))
            yield document.diagnostic(place(this), _message(this, other), hint(this.port, other.port))
    for this in ranges:
        if all(_is_taken(number, this.port, fixed) for number in this.wanted):
            port = this.port
            yield document.diagnostic(
                place(this),
                f"none of the host ports {port.published}/{port.protocol} is left: this spec publishes all of them",
                'choose another range, or let the Engine choose: just the container port, such as "80"',
            )


def _is_taken(number: int, port: Port, fixed: dict[tuple[str, int], list[Bound]]) -> bool:
    return any(overlap(one.port, port) for one in fixed.get((port.protocol, number), ()))


def _message(this: Bound, other: Bound) -> str:
    number = this.wanted[0]
    if other.container == this.container:
        return f"host port {number}/{this.port.protocol} is published twice"
    return f'host port {number}/{this.port.protocol} is already published by container "{other.container}"'


def hint(this: Port, other: Port) -> str:
    """What to do where both want one host port."""
    one, another = this.host_ip, other.host_ip
    if one != another:
        everywhere = one if _is_wildcard(one) else another
        what = f'"{everywhere}"' if everywhere else "no address"
        return f"choose another host port: {what} means all of the host's addresses"
    return "choose another host port"


def _is_wildcard(host_ip: str) -> bool:
    return host_ip in {"", "0.0.0.0", "::"}


def overlap(this: Port, that: Port) -> bool:
    """Whether both listen on one address; nothing is all addresses, of both versions."""
    one, other = this.host_ip, that.host_ip
    if one == other or "" in {one, other}:
        return True
    return (":" in one) == (":" in other) and (_is_wildcard(one) or _is_wildcard(other))
