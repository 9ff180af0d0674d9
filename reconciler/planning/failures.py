"""What has failed before: a replacement that was rolled back is not tried again until something about it changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.fields import ownership
from reconciler.planning.actions import Action, CreateContainer


@dataclass(frozen=True, slots=True)
class Failure:
    """A definition that did not prove itself.

    Attributes:
        container: its name.
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
        container: its name.
        digest: of its definition.
        image: the reference of its image.
    """

    container: str
    digest: str
    image: str


def unproven(undone: Iterable[Action]) -> list[Unproven]:
    """What failed, of the actions that were taken back."""
    return [
        Unproven(action.resource.name, action.payload["Labels"][ownership.DIGEST], action.payload["Image"])
        for action in undone
        if isinstance(action, CreateContainer)
    ]
