"""What a spec may say and this version can't carry out: a conflict, so that nothing is done by halves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.fields.table import NOT_YET
from reconciler.planning.plan import Conflict
from reconciler.spec.model import Container, Spec, State
from reconciler.state.resource import Kind, ResourceKey

_WHY = "is read, but this version does not carry it out yet"
_HINT = "leave it out for now; docs/spec.md lists what is not carried out yet"


def not_yet(spec: Spec) -> Iterator[Conflict]:
    """Everything in the spec that this version reads and does not carry out yet."""
    for key, container in spec.containers.items():
        if container.state is not State.ABSENT:
            yield from _container(ResourceKey(Kind.CONTAINER, spec.container_name(key)), container)
    if spec.settings.sensitive:
        # It is of no resource; what is said names the project.
        project = ResourceKey(Kind.CONTAINER, spec.name)
        yield Conflict(project, f'project "{spec.name}": `settings.sensitive` {_WHY}', _HINT)


def _container(resource: ResourceKey, container: Container) -> Iterator[Conflict]:
    yield from _attributes(resource, container, Container(image=container.image), NOT_YET)


def _attributes(
    resource: ResourceKey, value: Any, default: Any, names: tuple[str, ...], prefix: str = ""
) -> Iterator[Conflict]:
    for name in names:
        if getattr(value, name) != getattr(default, name):
            yield _conflict(resource, f"`{prefix}{name}`")


def _conflict(resource: ResourceKey, what: str) -> Conflict:
    return Conflict(resource, f'{resource.kind} "{resource.name}": {what} {_WHY}', _HINT)
