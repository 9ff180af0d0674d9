"""Where the Engine finds the files of this machine that a spec binds by relative paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.plan import Conflict
from reconciler.spec.model import State
from reconciler.spec.ours import OurPath
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.spec.model import Container, Mount, Spec
    from reconciler.state.contents import View


def bound_on(spec: Spec, view: View) -> tuple[Spec, list[Conflict]]:
    """The spec, in which each relative bind is where the Engine sees it; and those that it does not see.

    Nothing changes where the Engine is on this machine. An absolute path is one of the Engine's machine anyway.
    """
    if not (view.elsewhere or view.contained):
        return spec, []
    containers: dict[str, Container] = {}
    conflicts: list[Conflict] = []
    for key, container in spec.containers.items():
        if container.state is State.ABSENT or not any(map(_is_ours, container.volumes)):
            continue
        mounts = []
        for mount in container.volumes:
            there = view.there(mount.source) if _is_ours(mount) else mount.source
            if _is_ours(mount) and not there:
                resource = ResourceKey(Kind.CONTAINER, spec.container_name(key))
                conflicts.append(_unseen(resource, mount, view))
            mounts.append(mount.model_copy(update={"source": there or mount.source}))
        containers[key] = container.model_copy(update={"volumes": tuple(mounts)})
    return spec.model_copy(update={"containers": {**spec.containers, **containers}}), conflicts


def _is_ours(mount: Mount) -> bool:
    return isinstance(mount.source, OurPath)


def _unseen(resource: ResourceKey, mount: Mount, view: View) -> Conflict:
    if view.elsewhere:
        return Conflict(
            resource,
            f"{mount.source} is mounted at {mount.target} by a relative path, and the Engine is on another machine",
            "write an absolute path, which is one of that machine, or use a volume or a config",
        )
    return Conflict(
        resource,
        f"{mount.source} is mounted at {mount.target}, and is not mounted from the host into the container we run in",
        "mount the folder of the spec into this container, or write an absolute path, which is one of the host",
    )
