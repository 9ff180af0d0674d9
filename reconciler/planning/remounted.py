"""Warns where a replacement shows a container other data than it had: a volume mount whose source changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.fields.base import Instance
from reconciler.planning.plan import Notice
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, Snapshot


def remounted(instance: Instance, old: ContainerState, snapshot: Snapshot) -> Iterator[Notice]:
    """Each path at which the new container has another volume than the old one had something else.

    Args:
        instance: the new container.
        old: the one that it replaces.
        snapshot: the volumes that are there.
    """
    spec = instance.spec
    resource = ResourceKey(Kind.CONTAINER, instance.name)
    before = {mount.get("Destination"): mount for mount in old.inspect.get("Mounts") or ()}
    for mount in instance.container.volumes:
        was = before.get(mount.target)
        if mount.type != "volume" or was is None or was.get("Type") == "tmpfs":
            continue
        if not mount.source:
            if mount.target in old.anonymous_volumes:
                continue  # it moves along
            message = f"{mount.target} changes to a new, empty volume"
        else:
            name = spec.volume_name(mount.source)
            if was.get("Name") == name:
                continue
            new = "volume" if any(volume.name == name for volume in snapshot.volumes) else "a new, empty volume,"
            message = f"{mount.target} changes to {new} {name}"
        yield Notice(resource, f"container {instance.name}: {message}", f"its data stays in {_shown(was)}")


def _shown(mount: dict[str, Any]) -> str:
    if mount.get("Type") == "volume":
        return f"volume {mount.get('Name')}"
    return str(mount.get("Source") or "")
