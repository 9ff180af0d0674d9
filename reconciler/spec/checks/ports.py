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


class _Bound(NamedTuple):
    container: str
    nth: int
    port: Port


def problems(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    """Host ports that would be bound twice."""
    fixed: dict[tuple[str, int], list[_Bound]] = {}
    ranges: list[tuple[_Bound, range]] = []
    places: dict[str, list[Path_]] = {}

    def place(this: _Bound) -> Path_:
        if this.container not in places:  # only where there is something to report
            count = len(spec.containers[this.container].ports)
            places[this.container] = port_paths(document, this.container, count)
        return places[this.container][this.nth]

    said: set[Path_] = set()
    for key, container in spec.containers.items():
        if container.state is not State.RUNNING:
            continue
        for index, port in enumerate(container.ports):
            if not port.published or port.published == "0":
                continue
            this = _Bound(key, index, port)
            wanted = port_range(port.published, "host")
            if len(wanted) > 1:  # the Engine takes a free one
                ranges.append((this, wanted))
                continue
            others = fixed.setdefault((port.protocol, wanted[0]), [])
            other = next((other for other in others if _overlap(other.port.host_ip, port.host_ip)), None)
            if not other:
                others.append(this)
            elif place(this) not in said:  # of a range one is enough
                said.add(place(this))
                yield document.diagnostic(place(this), _message(wanted[0], this, other), _hint(this, other))
    for this, wanted in ranges:
        if all(_is_taken(number, this.port, fixed) for number in wanted):
            port = this.port
            yield document.diagnostic(
                place(this),
                f"none of the host ports {port.published}/{port.protocol} is left: this spec publishes all of them",
                'choose another range, or let the Engine choose: just the container port, such as "80"',
            )


def _is_taken(number: int, port: Port, fixed: dict[tuple[str, int], list[_Bound]]) -> bool:
    return any(_overlap(one.port.host_ip, port.host_ip) for one in fixed.get((port.protocol, number), ()))


def _message(number: int, this: _Bound, other: _Bound) -> str:
    if other.container == this.container:
        return f"host port {number}/{this.port.protocol} is published twice"
    return f'host port {number}/{this.port.protocol} is already published by container "{other.container}"'


def _hint(this: _Bound, other: _Bound) -> str:
    one, another = this.port.host_ip, other.port.host_ip
    if one != another:
        everywhere = one if _is_wildcard(one) else another
        what = f'"{everywhere}"' if everywhere else "no address"
        return f"choose another host port: {what} means all of the host's addresses"
    return "choose another host port"


def _is_wildcard(host_ip: str) -> bool:
    return host_ip in {"", "0.0.0.0", "::"}


def _overlap(one: str, other: str) -> bool:
    """Whether both listen on one address; nothing is all addresses, of both versions."""
    if one == other or "" in {one, other}:
        return True
    return (":" in one) == (":" in other) and (_is_wildcard(one) or _is_wildcard(other))
