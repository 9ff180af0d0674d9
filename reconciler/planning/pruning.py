"""Plans the removal of images that a project once used and nothing uses now: `--prune-images`.

Labels can't tell which images were a project's: a pulled one bears none of ours. The history does, and what the
project's containers were made from; where the history is lost, fewer images are removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.planning.image_removal import going, removal, users
from reconciler.planning.plan import Change, Operation
from reconciler.spec.invalid import Invalid
from reconciler.spec.reference import full_reference, parse_reference
from reconciler.spec.wanted_images import wanted_images

if TYPE_CHECKING:
    from reconciler.planning.draft import Draft
    from reconciler.spec.model import Spec
    from reconciler.state.images import ImageState
    from reconciler.state.snapshot import Snapshot

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
    named = set(wanted_images(spec)) | {full for image in wanted_images(spec).values() for full in _full(image.tags)}
    current = {image.id for full in named if (image := snapshot.image(full))}
    now = [UsedImage(one.image, one.image_id) for one in snapshot.containers]
    history = [*now, *used]
    ours = named | set(_full(one.reference for one in history))
    freed = going(draft.actions)
    for repository, images in sorted(_by_repository(history, snapshot).items()):
        earlier = [image for image in images if image.id not in current]
        for image in earlier[spec.settings.keep_images :]:
            using = dict(users(image, snapshot))
            tags = sorted(one for one in image.references if "@" not in one)
            elsewhere = [one for one in image.references if "@" in one and one.partition("@")[0] != repository]
            if using.keys() - freed.keys() or not ours.issuperset(tags) or elsewhere:
                continue
            needs = [freed[container] for container in using]
            for reference in tags or [image.id]:
                action = removal(reference, image, _WHY, needs)
                if action.id not in draft.actions:
                    draft.actions[action.id] = action
                    draft.changes.append(Change(action.resource, Operation.REMOVE, _WHY))


def _by_repository(history: Iterable[UsedImage], snapshot: Snapshot) -> dict[str, list[ImageState]]:
    """The images that are still here, by repository, those used latest first."""
    found: dict[str, list[ImageState]] = defaultdict(list)
    for one in history:
        try:
            reference = parse_reference(one.reference)
        except Invalid:
            continue  # named by its ID: somebody else brought it
        repository = f"{reference.domain}/{reference.path}"
        image = snapshot.image_by_id(one.image)
        if image and image not in found[repository]:
            found[repository].append(image)
    return found


def _full(references: Iterable[str]) -> Iterator[str]:
    for reference in references:
        try:
            yield full_reference(reference)
        except Invalid:
            continue
