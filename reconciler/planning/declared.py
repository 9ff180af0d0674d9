"""What was declared when a container was made: by its label; where somebody else made it, by what it has."""

from __future__ import annotations

from reconciler.fields import compose_labels, ownership
from reconciler.fields.table import ROW
from reconciler.state.images import ImageState
from reconciler.state.snapshot import ContainerState

_OF_TOOLS = (compose_labels.PREFIX, "desktop.docker.io/")
"""Labels that Compose and Docker Desktop put on a container by themselves."""

_PROXY = {f"{name}_proxy" for name in ("http", "https", "ftp", "no", "all")}
"""Variables that docker and Compose set by the configuration of the person who called them."""


def declared_before(container: ContainerState, image: ImageState | None) -> frozenset[str]:
    """The paths that were declared, such as `command` and `environment.TZ`.

    A container without our label counts as having declared its environment and labels, but for what its image and
    Compose set. Of one whose image is not here nothing is known.

    Args:
        container: what is there.
        image: the one that it was made from.
    """
    if ownership.DECLARED in container.labels:
        return ownership.declared(container.labels)
    if image is None:
        return frozenset()
    found = set()
    for path in ("environment", "labels"):
        row = ROW[path]
        of_image = row.undeclared(container.inspect, image.config)
        found |= {f"{path}.{key}" for key, value in row.actual(container.inspect).items() if of_image.get(key) != value}
    return frozenset(one for one in found if not _is_of_a_tool(*one.split(".", 1)))


def _is_of_a_tool(path: str, key: str) -> bool:
    return key.lower() in _PROXY if path == "environment" else key.startswith(_OF_TOOLS)
