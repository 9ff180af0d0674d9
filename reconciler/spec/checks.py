"""What must hold across fields, before any Engine is asked."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from reconciler.spec.diagnostics import Diagnostic, closest, spec_error
from reconciler.spec.model import DEFAULT_NETWORK, Port, Spec, State
from reconciler.spec.shorthand import port_range

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.spec.document import Document


def check(spec: Spec, document: Document) -> None:
    """Check a spec as a whole.

    Raises:
        SpecError: with every problem, sorted by position.
    """
    found = [*_names(spec, document), *_container_names(spec, document), *_host_ports(spec, document)]
    found += _sources(spec, document)
    found += _cycles(spec, document)
    if found:
        raise spec_error(found)


def _names(spec: Spec, document: Document) -> Iterator[Diagnostic]:
    for key, container in spec.containers.items():
        place = ("containers", key)
        for network in container.joined:
            if network not in spec.networks and network != DEFAULT_NETWORK:
                path = _item((*place, "networks"), network, document)
                yield document.diagnostic(path, *_undeclared("network", network, spec.networks))
        for index, mount in enumerate(container.volumes):
            if mount.type == "volume" and mount.source and mount.source not in spec.volumes:
                yield document.diagnostic(
                    (*place, "volumes", index), *_undeclared("volume", mount.source, spec.volumes)
                )
        for dependency in container.depends_on:
            path = _item((*place, "depends_on"), dependency, document)
            if dependency not in spec.containers:
                yield document.diagnostic(path, *_undeclared("container", dependency, spec.containers))
            elif spec.containers[dependency].state is State.ABSENT and container.state is not State.ABSENT:
                yield document.diagnostic(
                    path,
                    f'container "{key}" depends on "{dependency}", which is to be absent',
                    "drop one of the two",
                )


def _undeclared(kind: str, name: str, known: Iterable[str]) -> tuple[str, str]:
    guess = closest(name, known)
    hint = f'did you mean "{guess}"?' if guess else f"add it to the spec's `{kind}s:`"
    return f'{kind} "{name}" is not declared', hint


def _item(path: tuple[str, ...], name: str, document: Document) -> tuple[str | int, ...]:
    """The path of a name in what is either a list or a mapping."""
    value: Any = document.data
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return (*path, value.index(name)) if isinstance(value, list) and name in value else (*path, name)


def _container_names(spec: Spec, document: Document) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for key, container in spec.containers.items():
        if container.state is State.ABSENT:
            continue
        name = spec.container_name(key)
        if name in seen:
            yield document.diagnostic(
                ("containers", key, "container_name"),
                f'containers "{seen[name]}" and "{key}" would both be named "{name}"',
                "give one of them another container_name",
            )
        seen[name] = key


def _host_ports(spec: Spec, document: Document) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for key, container in spec.containers.items():
        if container.state is not State.RUNNING:
            continue
        for index, port in enumerate(container.ports):
            fixed = _fixed_host_port(port)
            if fixed is None:
                continue
            others = seen.setdefault((port.protocol, fixed), [])
            for other, host_ip in others:
                if not (host_ip and port.host_ip) or host_ip == port.host_ip:
                    yield document.diagnostic(
                        ("containers", key, "ports", index),
                        f'host port {fixed}/{port.protocol} is already published by container "{other}"'
                        if other != key
                        else f"host port {fixed}/{port.protocol} is published twice",
                        "choose another host port",
                    )
                    break
            others.append((key, port.host_ip))


def _fixed_host_port(port: Port) -> int | None:
    if not port.published or port.published == "0":
        return None
    ports = port_range(port.published, "host")
    return ports[0] if len(ports) == 1 else None


def _sources(spec: Spec, document: Document) -> Iterator[Diagnostic]:
    for reference, image in spec.images.items():
        if image.import_ and not image.import_.exists():
            yield document.diagnostic(
                ("images", reference, "import"),
                f'there is no file or folder "{image.import_}"',
                "a relative path starts at the folder of the spec",
            )


def _cycles(spec: Spec, document: Document) -> Iterator[Diagnostic]:
    graph = {
        key: [name for name in container.depends_on if name in spec.containers]
        for key, container in spec.containers.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        members: list[str] = error.args[1][::-1]
        yield document.diagnostic(
            ("containers", members[0], "depends_on"),
            f"containers depend on each other in a circle: {' → '.join(members)}",
            "take one of these dependencies out",
        )
