"""Which changes of a container's writable layer are lost with it: files, and not what mounts leave there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from reconciler.fields.base import at

if TYPE_CHECKING:
    from reconciler.state.snapshot import ContainerState

_DELETED = 2

_INIT = "/sbin/docker-init"
"""Where an Engine mounts its own init, by `init: true` or its own configuration; no report names this mount."""


def lost_files(container: ContainerState, layer: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The paths that were added or changed, sorted; of folders only those that have nothing in them.

    What was deleted comes back with a new container: that is no loss.

    Args:
        container: whose layer it is.
        layer: what `GET /containers/ID/changes` answers: `Path`, and `Kind` 0 changed, 1 added, 2 deleted.
    """
    changed = {str(row["Path"]): row.get("Kind") for row in layer}
    mounts = set(_mount_points(container))
    # A folder is changed by what was done in it, and made for what is mounted below it.
    folders = {folder for path in (*changed, *mounts) for folder in _parents(path)}
    return tuple(
        sorted(
            path
            for path, kind in changed.items()
            if kind != _DELETED and path not in folders and mounts.isdisjoint((path, *_parents(path)))
        )
    )


def _mount_points(container: ContainerState) -> Iterator[str]:
    yield _INIT
    for mount in container.inspect.get("Mounts") or ():
        yield _plain(str(mount.get("Destination") or ""))
    for path in at("HostConfig.Tmpfs", container.inspect) or ():
        yield _plain(str(path))  # not among the mounts


def _plain(path: str) -> str:
    return str(PurePosixPath("/", path))


def _parents(path: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(path).parents]
