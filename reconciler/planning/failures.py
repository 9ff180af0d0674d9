"""What has failed before: a replacement that was rolled back is not tried again until something about it changes.

Nor is a job that ended with another exit code than 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.fields import ownership
from reconciler.fields.base import Instance
from reconciler.fields.payload import digest
from reconciler.planning.actions import Action, CreateContainer
from reconciler.planning.takeover import take_over
from reconciler.spec.model import Spec, State
from reconciler.state.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Failure:
    """A definition that did not prove itself, or a job that failed.

    Attributes:
        container: its name in the spec: what one replica could not do, another one can't either.
        digest: of its definition.
        image_id: of its image.
    """

    container: str
    digest: str
    image_id: str


@dataclass(frozen=True, slots=True)
class Unproven:
    """A failure of which the image's ID is not known yet.

    Attributes:
        container: its name in the spec.
        digest: of its definition.
        image: the reference of its image.
    """

    container: str
    digest: str
    image: str


def unproven(failed: Iterable[Action]) -> list[Unproven]:
    """What failed, of the actions that were taken back, or that created what did not prove itself."""
    return [
        Unproven(
            action.payload["Labels"][ownership.RESOURCE],
            action.payload["Labels"][ownership.DIGEST],
            action.payload["Image"],
        )
        for action in failed
        if isinstance(action, CreateContainer)
    ]


def failed_jobs(spec: Spec, snapshot: Snapshot) -> frozenset[Failure]:
    """The jobs whose last run failed: what is there tells it, so that it is known after a restart of `watch` too."""
    jobs = {key for key, container in spec.containers.items() if container.state is State.COMPLETED}
    return frozenset(
        # One that was taken over does not say by which definition it ran: it counts as the wanted one.
        Failure(
            container.resource,
            container.labels.get(ownership.DIGEST) or digest(Instance(spec, container.resource)),
            container.image_id,
        )
        for container in take_over(snapshot, spec.name, spec).containers
        if container.resource in jobs and container.has_failed
    )
