"""Plans the removal of images that a project once used and nothing uses now: `--prune-images`.

Labels can't tell which images were a project's: a pulled one bears none of ours. The history does, and what the
project's containers were made from; where the history is lost, fewer images are removed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.planning.image_removal import going, removal, users
from reconciler.planning.plan import Change, Operation
from reconciler.spec.reference import full_reference, parse_reference
from reconciler.spec.wanted_images import wanted_images

if TYPE_CHECKING:
    from reconciler.planning.draft import Draft
    from reconciler.spec.model import Spec
    from reconciler.state.images import ImageState
    from reconciler.state.snapshot import Snapshot

_ID = re.compile(r"(sha256:)?[0-9a-f]{12,64}")
_WHY = "the project used it, and nothing uses it now"


@dataclass(frozen=True, slots=True)
class UsedImage:
    """An image that a project's container was made from.

    Attributes:
        reference: that the container was made with.
        image: its ID.
    """

    reference: str
    image: str


def prune_images(draft: Draft, spec: Spec, snapshot: Snapshot, used: Sequence[UsedImage]) -> None:
    """Add the removals to a plan that has all else.

    An image stays where the spec names it, where a container of anyone was made from it that stays, where it has a tag
    that the project never named, and where it is among the last ones for going back.

    Args:
        draft: the plan.
        spec: what is wanted.
        snapshot: what is there.
        used: what the project used, the latest first.
    """
    wanted = wanted_images(spec)
    named = wanted.keys() | {full_reference(tag) for image in wanted.values() for tag in image.tags}
    current = {image.id for full in named if (image := snapshot.image(full))}
    now = [UsedImage(one.image, one.image_id) for one in snapshot.containers]
    history = [*now, *used]
    spelled = {full_reference(one.reference): one.reference for one in reversed(history)}
    freed = going(draft.actions)
    earlier = {
        repository: [image for image in images if image.id not in current]
        for repository, images in sorted(_by_repository(history, snapshot).items())
    }
    keep = spec.settings.keep_images
    kept = {image.id for images in earlier.values() for image in images[:keep]}
    for repository, images in earlier.items():
        for image in images[keep:]:
            using = dict(users(image, snapshot))
            tags = sorted(one for one in image.references if "@" not in one)
            elsewhere = [one for one in image.references if "@" in one and one.partition("@")[0] != repository]
            if image.id in kept or using.keys() - freed.keys() or elsewhere:
                continue
            if not (named | spelled.keys()).issuperset(tags):
                continue
            for reference in [spelled.get(tag, tag) for tag in tags] or [image.id]:
                action = removal(reference, image, _WHY, [freed[container] for container in using])
                if action.id not in draft.actions:
                    draft.actions[action.id] = action
                    note = _WHY if tags else f"without a tag, of {repository}: {_WHY}"
                    draft.changes.append(Change(action.resource, Operation.REMOVE, note))


def _by_repository(history: Iterable[UsedImage], snapshot: Snapshot) -> dict[str, list[ImageState]]:
    """The images that are still here, by repository, those used latest first."""
    found: dict[str, list[ImageState]] = defaultdict(list)
    for one in history:
        if _ID.fullmatch(one.reference):
            continue  # somebody else brought it
        reference = parse_reference(one.reference)
        repository = f"{reference.domain}/{reference.path}"
        image = snapshot.image_by_id(one.image)
        if image and image not in found[repository]:
            found[repository].append(image)
    return found
