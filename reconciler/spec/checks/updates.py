"""Updates and replicas: what would be there twice at once must be able to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.spec.diagnostics import Diagnostic
from reconciler.spec.model import Container, Spec, State
from reconciler.spec.places import in_text, port_paths

if TYPE_CHECKING:
    from reconciler.spec.places import Text


def problems(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    """What can't be there twice, of containers that start-first or replicas would double."""
    for key, container in spec.containers.items():
        if container.state is State.ABSENT:
            continue
        if container.update.order == "start-first":
            yield from start_first(key, container, document)
        if container.replicas > 1:
            yield from _replicas(key, container, document)


def start_first(key: str, container: Container, document: Text) -> Iterator[Diagnostic]:
    """What is wrong with, or to be said of, a container that is updated start-first."""
    order = ("containers", key, "update", "order")
    for port in _fixed_ports(container):
        yield document.diagnostic(
            order,
            f"start-first can't work: host port {port} would be bound twice during the update",
            f'use stop-first, or let the host port be chosen ("{_target(container, port)}")',
        )
        break
    for network, endpoint in container.joined.items():
        for attribute in ("ipv4_address", "ipv6_address", "mac_address"):
            if address := getattr(endpoint, attribute):
                yield document.diagnostic(
                    order,
                    f"start-first can't work: both containers would have the address {address} in network {network}",
                    f"use stop-first, or leave `{attribute}` out",
                )
    if container.network_mode == "host":
        yield document.diagnostic(
            order,
            "start-first can't work in the host's network: both containers would listen on the same ports",
            "use stop-first, or networks of the project",
        )
    for index, mount in enumerate(container.volumes):
        if mount.type == "volume" and mount.source and not mount.read_only:
            yield document.diagnostic(
                in_text(document, ("containers", key, "volumes", index)),
                f'with start-first, the old and the new container write to volume "{mount.source}" at the same time',
                "make sure that the program can bear that, or use stop-first",
                severity="warning",
            )


def _replicas(key: str, container: Container, document: Text) -> Iterator[Diagnostic]:
    places = port_paths(document, key, len(container.ports))
    for index, port in enumerate(container.ports):
        if port.published in _fixed_ports(container):
            yield document.diagnostic(
                places[index],
                f"{container.replicas} replicas can't all bind host port {port.published}",
                f'let the host port be chosen ("{port.target}"), or give a range with a port for each',
            )
            return
        first, dash, last = port.published.partition("-")
        if dash and (size := int(last) - int(first) + 1) < container.replicas:
            yield document.diagnostic(
                places[index],
                f"{container.replicas} replicas can't each have one of the {size} host ports {port.published}",
                f'widen the range, or let the host port be chosen ("{port.target}")',
            )
            return


def _fixed_ports(container: Container) -> list[str]:
    """The host ports that are one number."""
    return [port.published for port in container.ports if port.published.isdecimal() and port.published != "0"]


def _target(container: Container, published: str) -> int:
    return next(port.target for port in container.ports if port.published == published)
