"""Who uses an image, and the removal of its references: never by force, so that the Engine has the last word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from reconciler.planning.actions import Action, RemoveContainer, RemoveImage
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.state.images import ImageState
    from reconciler.state.snapshot import Snapshot


def users(image: ImageState, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """The containers that were made from an image, of whomever, running or not: ID and name."""
    for container in snapshot.containers:
        if container.image_id == image.id:
            yield container.id, container.name
    for other in snapshot.others:
        if other.image_id == image.id:
            yield other.id, other.names[0] if other.names else other.id


def going(actions: Mapping[str, Action]) -> dict[str, str]:
    """The containers that are removed: by their IDs, the action that does it."""
    return {action.container: action.id for action in actions.values() if isinstance(action, RemoveContainer)}


def removal(reference: str, image: ImageState, reason: str, needs: Iterable[str]) -> RemoveImage:
    """The removal of one reference; of the image itself, where it has no tag and this is its ID."""
    return RemoveImage(
        id=f"{Kind.IMAGE}/{reference}:remove",
        resource=ResourceKey(Kind.IMAGE, reference),
        reason=reason,
        needs=tuple(sorted(needs)),
        reference=reference,
        image=image.id,
    )
