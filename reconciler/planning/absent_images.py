"""Plans the references that are to be absent: removed once no container that goes uses them, never by force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.planning.actions import Action, RemoveContainer, RemoveImage
from reconciler.planning.plan import Change, Conflict, Operation
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.spec.wanted_images import WantedImage
    from reconciler.state.images import ImageState
    from reconciler.state.snapshot import Snapshot


@dataclass(slots=True)
class AbsentPlan:
    """What goes."""

    changes: list[Change] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def plan_absent(wanted: Iterable[WantedImage], actions: Mapping[str, Action], snapshot: Snapshot) -> AbsentPlan:
    """The references that are here and should not be.

    Args:
        wanted: the images.
        actions: all that is planned already: it may free an image.
        snapshot: what is there.
    """
    plan = AbsentPlan()
    going = {action.container: action.id for action in actions.values() if isinstance(action, RemoveContainer)}
    for image in wanted:
        here = snapshot.image(image.text)
        if not image.is_absent or image.problems or here is None:
            continue
        key = ResourceKey(Kind.IMAGE, image.text)
        used = dict(_users(here, snapshot)) if _is_last(image, here) else {}
        staying = sorted(name for container, name in used.items() if container not in going)
        if staying:
            names = ", ".join(f'"{name}"' for name in staying)
            message = f'image "{image.text}" is to be absent, but container {names} was made from it'
            plan.conflicts.append(Conflict(key, message, "remove that first, or leave `state: absent` out"))
            continue
        plan.changes.append(Change(key, Operation.REMOVE, "declared absent"))
        plan.actions.append(
            RemoveImage(
                id=f"{Kind.IMAGE}/{image.text}:remove",
                resource=key,
                reason="declared absent",
                needs=tuple(sorted(going[container] for container in used)),
                reference=image.text,
                image=here.id,
            )
        )
    return plan


def _is_last(image: WantedImage, here: ImageState) -> bool:
    """Whether the image goes with this reference, rather than only lose a name."""
    return not any("@" not in one for one in here.references - {image.full})


def _users(here: ImageState, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for container in snapshot.containers:
        if container.image_id == here.id:
            yield container.id, container.name
    for other in snapshot.others:
        if other.image_id == here.id:
            yield other.id, other.names[0] if other.names else other.id
