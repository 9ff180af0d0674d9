"""Compares secrets whose digests were made with another key: by what is known of the real content, without guessing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.fields import ownership
from reconciler.planning.plan import Notice
from reconciler.planning.slots import key_of as resource_of
from reconciler.state.contents import key_of
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.fields.base import Instance
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import ContainerState, Snapshot


def comparable(instance: Instance, container: ContainerState, snapshot: Snapshot) -> Instance:
    """What is wanted, with the container's own digest of each secret that is the same, or of which nobody knows."""
    labels = container.labels
    if ownership.SECRETS not in labels:
        return instance
    digests = dict(instance.digests)
    for name, (digest, target) in _of_another_key(instance.digests, container).items():
        real = snapshot.revealed.get((container.id, target))
        if real is None or real == instance.digests[name]:
            digests[name] = digest
    return replace(instance, digests=digests)


def unknown(spec: Spec, snapshot: Snapshot) -> Iterator[Notice]:
    """The secrets of which nobody knows whether they changed."""
    wanted = snapshot.content_digests
    if not wanted:
        return
    for container in snapshot.containers:
        if ownership.SECRETS not in container.labels or resource_of(spec, container) not in spec.containers:
            continue
        for name, (_, target) in _of_another_key(wanted, container).items():
            if (container.id, target) not in snapshot.revealed:
                yield Notice(
                    ResourceKey(Kind.CONTAINER, container.name),
                    f'whether secret "{name.partition(".")[2]}" changed is unknown: '
                    "the key that its digest was made with is not here",
                    "it stays as it is; to give it today's content, remove the container and apply",
                )


def _of_another_key(wanted: Mapping[str, str], container: ContainerState) -> dict[str, tuple[str, str]]:
    """The secrets whose digests can't be compared: name → the container's digest, and the path in it."""
    found = {}
    for name, files in ownership.contents(container.labels, ownership.SECRETS).items():
        path = f"secrets.{name}"
        if files and wanted.get(path) and key_of(files[0].get("digest", "")) != key_of(wanted[path]):
            found[path] = (files[0].get("digest", ""), files[0]["target"])
    return found
