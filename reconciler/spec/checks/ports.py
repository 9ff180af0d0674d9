"""Host ports: each can be bound once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from reconciler.spec.addresses import port_range
from reconciler.spec.diagnostics import Diagnostic
from reconciler.spec.model import Port, Spec, State
from reconciler.spec.places import Path_, port_path

if TYPE_CHECKING:
    from reconciler.spec.places import Text


class _Bound(NamedTuple):
    container: str
    host_ip: str
    path: Path_


def problems(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    """Host ports that would be bound twice."""
    bound: dict[tuple[str, int], list[_Bound]] = {}
    ranges: list[tuple[_Bound, Port]] = []
    said: set[Path_] = set()
    for key, container in spec.containers.items():
        if container.state is not State.RUNNING:
            continue
        for index, port in enumerate(container.ports):
            if not port.published or port.published == "0":
                continue
            this = _Bound(key, port.host_ip, port_path(document, key, index, len(container.ports)))
            wanted = port_range(port.published, "host")
            if len(wanted) > 1:  # the Engine takes a free one
                ranges.append((this, port))
                continue
            others = bound.setdefault((port.protocol, wanted[0]), [])
            other = next((other for other in others if _overlap(other.host_ip, this.host_ip)), None)
            others.append(this)
            if other and this.path not in said:  # of a range one is enough
                said.add(this.path)
                yield document.diagnostic(this.path, _message(wanted[0], port, this, other), _hint(this, other))
    for this, port in ranges:
        wanted = port_range(port.published, "host")
        if all(any(_overlap(one.host_ip, this.host_ip) for one in bound.get((port.protocol, n), ())) for n in wanted):
            yield document.diagnostic(
                this.path,
                f"none of the host ports {port.published}/{port.protocol} is left: this spec publishes all of them",
                'choose another range, or let the Engine choose: just the container port, such as "80"',
            )


def _message(number: int, port: Port, this: _Bound, other: _Bound) -> str:
    if other.container == this.container:
        return f"host port {number}/{port.protocol} is published twice"
    return f'host port {number}/{port.protocol} is already published by container "{other.container}"'


def _hint(this: _Bound, other: _Bound) -> str:
    if this.host_ip != other.host_ip:
        everywhere = this if _is_wildcard(this.host_ip) else other
        return f'choose another host port: "{everywhere.host_ip or "0.0.0.0"}" means all of the host\'s addresses'
    return "choose another host port"


def _is_wildcard(host_ip: str) -> bool:
    return host_ip in {"", "0.0.0.0", "::"}


def _overlap(one: str, other: str) -> bool:
    """Whether both listen on one address; nothing is all addresses, of both versions."""
    if one == other or "" in {one, other}:
        return True
    return (":" in one) == (":" in other) and (_is_wildcard(one) or _is_wildcard(other))
