"""Which of an Engine's events are a project's: what has no label of ours is known by its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.fields import compose_labels, ownership
from reconciler.spec.reference import full_reference

if TYPE_CHECKING:
    from reconciler.spec.model import Spec
    from reconciler.state.output import Event
    from reconciler.state.snapshot import Snapshot

ACTIONS = (
    "create", "start", "restart", "stop", "kill", "die", "oom", "pause", "unpause", "rename", "update", "destroy",
    "health_status", "connect", "disconnect", "remove", "pull", "push", "import", "load", "save", "tag", "untag",
    "delete", "reload",
)  # fmt: skip
"""What matters to a project. Not: each probe of a health check is three events of its own."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a project has.

    Attributes:
        project: its name.
        networks: names of its networks, beside those that begin with the project's name.
        volumes: likewise.
        images: full references and IDs of the images that it wants or runs.
        containers: IDs of its containers that bear no label of ours: those that were taken over.
        services: names in the spec, of which Compose may make another one.
    """

    project: str
    networks: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    images: frozenset[str] = field(default_factory=frozenset)
    containers: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()

    def has(self, event: Event) -> bool:
        """Whether it happened to something of the project."""
        labelled = event.attributes.get(ownership.PROJECT)
        if event.kind == "container" and not labelled:
            place = compose_labels.place(event.attributes, self.project)
            return event.id in self.containers or bool(place and place[0] in self.services)
        if labelled:
            return labelled == self.project
        if event.kind == "network":
            return event.name in self.networks or event.name.startswith(f"{self.project}_")
        if event.kind == "volume":
            return event.id in self.volumes or event.id.startswith(f"{self.project}_")
        if event.kind == "image":
            return bool({event.id, full_reference(event.id), full_reference(event.name)} & self.images)
        return event.kind == "daemon"


def belongings(project: str, spec: Spec | None, snapshot: Snapshot) -> Belongings:
    """What a project has: by the spec, where there is one, and by what is there.

    Args:
        project: its name.
        spec: what is wanted; None where nothing is known to be.
        snapshot: what is there, with what was taken over among its containers.
    """
    networks = {one.name for one in snapshot.networks if one.labels.get(ownership.PROJECT) == project}
    volumes = {one.name for one in snapshot.volumes if one.labels.get(ownership.PROJECT) == project}
    images = {one for state in snapshot.containers for one in (full_reference(state.image), state.image_id)}
    if spec:
        networks |= {spec.network_name(key) for key in spec.networks}
        volumes |= {spec.volume_name(key) for key in spec.volumes}
        named = {*spec.images, *(container.image for container in spec.containers.values())}
        images |= {full_reference(text) for text in named}
        images |= {image.id for text in named if (image := snapshot.image(text))}
    return Belongings(
        project,
        frozenset(networks),
        frozenset(volumes),
        frozenset(images),
        frozenset(one.id for one in snapshot.containers if one.place),
        frozenset(spec.containers if spec else ()),
    )
