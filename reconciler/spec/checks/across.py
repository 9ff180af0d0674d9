"""What must hold across the projects of one run: on one Engine, each name and each host port is there once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from reconciler.spec.checks.ports import Bound, bound, overlap
from reconciler.spec.checks.ports import hint as port_hint
from reconciler.spec.model import Spec, State
from reconciler.spec.places import Path_, port_paths

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.places import Text


class Member(NamedTuple):
    """A project of the run.

    Attributes:
        file: the name that the user knows it by.
        spec: what it wants.
        text: where that was written.
    """

    file: str
    spec: Spec
    text: Text


Found = tuple[int, "Diagnostic"]
"""A problem, after the number of the project that has it: the later of the two."""


def problems(members: Sequence[Member]) -> Iterator[Found]:
    """What is wrong with these projects beside each other.

    Args:
        members: in their order.
    """
    first: dict[str, int] = {}
    for number, member in enumerate(members):
        earlier = first.setdefault(member.spec.name, number)
        if earlier != number:
            message = f'"{member.spec.name}" is the name of the project in "{members[earlier].file}" already'
            yield number, member.text.diagnostic(("name",), message, "begin one of the two files with another `name:`")
    # What else two of one name have in common is no news.
    numbers = sorted(first.values())
    yield from _container_names(members, numbers)
    for section in ("networks", "volumes"):
        yield from _engine_names(members, numbers, section)
    yield from _ports(members, numbers)


def _container_names(members: Sequence[Member], numbers: list[int]) -> Iterator[Found]:
    seen: dict[str, tuple[int, str]] = {}
    for number in numbers:
        member = members[number]
        for key, container in member.spec.containers.items():
            if container.state is State.ABSENT:
                continue
            for replica in range(1, container.replicas + 1):
                name = member.spec.container_name(key, replica)
                earlier, other = seen.setdefault(name, (number, key))
                if earlier != number:
                    message = f'"{name}" is the name of container "{other}" in "{members[earlier].file}" already'
                    hint = "give one of them another container_name"
                    place, on_key = _name_of(("containers", key), "container_name", container.container_name)
                    yield number, member.text.diagnostic(place, message, hint, key=on_key)


def _engine_names(members: Sequence[Member], numbers: list[int], section: str) -> Iterator[Found]:
    kind = section[:-1]
    seen: dict[str, int] = {}
    for number in numbers:
        spec, text = members[number].spec, members[number].text
        engine_name = spec.network_name if section == "networks" else spec.volume_name
        for key, resource in getattr(spec, section).items():
            if resource.external:
                continue
            name = engine_name(key)
            earlier = seen.setdefault(name, number)
            if earlier != number:
                message = f'the {kind} "{name}" belongs to the project in "{members[earlier].file}" already'
                what = f"give one of them another name, or let this one use the other's {kind}: external: true"
                place, on_key = _name_of((section, key), "name", resource.name)
                yield number, text.diagnostic(place, message, what, key=on_key)


def _name_of(path: Path_, attribute: str, name: str | None) -> tuple[Path_, bool]:
    """Where a name on the Engine is written: as an attribute, else as the key."""
    return ((*path, attribute), False) if name else (path, True)


def _ports(members: Sequence[Member], numbers: list[int]) -> Iterator[Found]:
    taken: dict[tuple[str, int], list[tuple[int, Bound]]] = {}
    said: set[tuple[int, Path_]] = set()
    for number in numbers:
        own = list(bound(members[number].spec))
        for this in own:
            others = [
                next(
                    (other for other in taken.get((this.port.protocol, port), ()) if overlap(other[1].port, this.port)),
                    None,
                )
                for port in this.wanted
            ]
            # Of a range, the Engine takes one that is free.
            if (other := others[0]) and all(others):
                place = _place(members[number], this)
                if (number, place) not in said:  # of a range one is enough
                    said.add((number, place))
                    yield (
                        number,
                        members[number].text.diagnostic(
                            place, _message(members, this, other), port_hint(this.port, other[1].port)
                        ),
                    )
        for this in own:
            if len(this.wanted) == 1:
                taken.setdefault((this.port.protocol, this.wanted[0]), []).append((number, this))


def _place(member: Member, this: Bound) -> Path_:
    return port_paths(member.text, this.container, len(member.spec.containers[this.container].ports))[this.nth]


def _message(members: Sequence[Member], this: Bound, other: tuple[int, Bound]) -> str:
    ports = f"{this.port.published}/{this.port.protocol}"
    who = f'container "{other[1].container}" in "{members[other[0]].file}"'
    if len(this.wanted) > 1:
        return f"none of the host ports {ports} is left: other projects publish all of them, {who} the first"
    return f"host port {ports} is already published by {who}"
