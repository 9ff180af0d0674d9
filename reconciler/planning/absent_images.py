"""Plans the references that are to be absent: removed once no container that goes uses them, never by force."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.planning.image_removal import going, removal, users
from reconciler.planning.plan import Change, Conflict, Operation
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.planning.draft import Draft
    from reconciler.spec.wanted_images import WantedImage
    from reconciler.state.images import ImageState
    from reconciler.state.snapshot import Snapshot


def plan_absent(draft: Draft, wanted: Iterable[WantedImage], snapshot: Snapshot) -> None:
    """Add the references that are here and should not be.

    Args:
        draft: all that is planned already: it may free an image.
        wanted: the images.
        snapshot: what is there.
    """
    freed = going(draft.actions)
    for image in wanted:
        here = snapshot.image(image.text)
        if not image.is_absent or image.problems or here is None:
            continue
        key = ResourceKey(Kind.IMAGE, image.text)
        used = dict(users(here, snapshot)) if _is_last(image, here) else {}
        staying = sorted(name for container, name in used.items() if container not in freed)
        if staying:
            names = ", ".join(f'"{name}"' for name in staying)
            message = f'image "{image.text}" is to be absent, but container {names} was made from it'
            draft.conflicts.append(Conflict(key, message, "remove that first, or leave `state: absent` out"))
            continue
        draft.changes.append(Change(key, Operation.REMOVE, "declared absent"))
        action = removal(image.text, here, "declared absent", [freed[container] for container in used])
        draft.actions[action.id] = action


def _is_last(image: WantedImage, here: ImageState) -> bool:
    """Whether the image goes with this reference, rather than only lose a name."""
    return not any("@" not in one for one in here.references - {image.full})
