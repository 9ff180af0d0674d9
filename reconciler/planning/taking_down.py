"""What `down` removes besides where it is asked to: the project's volumes, and the images that its spec names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.fields import compose_labels, ownership
from reconciler.fields.base import at
from reconciler.planning.actions import RemoveVolume
from reconciler.planning.image_removal import going, removal, users
from reconciler.planning.plan import Change, Conflict, Notice, Operation
from reconciler.planning.volumes import used_on
from reconciler.spec.wanted_images import wanted_images
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.planning.draft import Draft
    from reconciler.spec.model import Spec
    from reconciler.state.images import ImageState
    from reconciler.state.snapshot import ContainerState, Snapshot, VolumeState

_ASKED = "the project is taken down with its volumes"
_WITH_IMAGES = "the project is taken down with its images"
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Besides:
    """What goes besides containers and networks.

    Attributes:
        volumes: the project's volumes.
        images: the images that the spec names.
        sizes: of volumes in bytes, by name; of those that are not in it nobody knows.
    """

    volumes: bool = False
    images: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)


def remove_besides(draft: Draft, spec: Spec, snapshot: Snapshot, besides: Besides) -> None:
    """Add the removals to a plan that takes the containers down.

    Args:
        draft: the plan.
        spec: what was wanted: only it says what is protected, and which images are meant.
        snapshot: what is there, taken over.
        besides: what goes.
    """
    if besides.volumes:
        _remove_volumes(draft, used_on(spec, snapshot), snapshot, besides.sizes)
    if besides.images:
        _remove_images(draft, spec, snapshot)


# --- volumes ---------------------------------------------------------------------------------------------------------


def _remove_volumes(draft: Draft, spec: Spec, snapshot: Snapshot, sizes: Mapping[str, int]) -> None:
    declared = {spec.volume_name(key): volume for key, volume in spec.volumes.items()}
    freed = going(draft.actions)
    places = _anonymous(snapshot, freed)
    for state in sorted(snapshot.volumes, key=lambda one: one.name):
        volume, key = declared.get(state.name), ResourceKey(Kind.VOLUME, state.name)
        place = "" if volume or ownership.project(state.labels) else places.get(state.name, "")
        if (volume and volume.external) or not (place or _is_ours(state, spec.name, named=volume is not None)):
            continue
        if volume and volume.protect:
            message = f'volume "{state.name}" is protected: its spec says `protect: true`'
            draft.conflicts.append(Conflict(key, message, "leave --volumes out, or take `protect` out of the spec"))
            continue
        used = dict(_mounted_by(state, snapshot))
        if staying := sorted(name for container, name in used.items() if container not in freed):
            if not place:
                draft.notices.append(Notice(key, f"volume {state.name} stays: {', '.join(staying)} uses it"))
            continue
        size = sizes.get(state.name)
        known = "of unknown size" if size is None else size_text(size)
        whose = f"anonymous, {place}; " if place else ""
        draft.changes.append(Change(key, Operation.REMOVE, f"{whose}{known}; its data is lost"))
        action = RemoveVolume(
            id=f"{Kind.VOLUME}/{state.name}:remove",
            resource=key,
            reason=_ASKED,
            needs=tuple(sorted(freed[container] for container in used)),
            volume=state.name,
            created_at=str(state.report.get("CreatedAt") or ""),
            labels=dict(sorted(state.labels.items())),
        )
        draft.actions[action.id] = action


def _anonymous(snapshot: Snapshot, freed: Mapping[str, str]) -> dict[str, str]:
    """The anonymous volumes of the containers that go, by name: where each is mounted."""
    return {
        name: f"{path} of {container.name}"
        for container in sorted(snapshot.containers, key=_lends_and_name, reverse=True)
        if container.id in freed
        for path, name in container.anonymous_volumes.items()
        if ownership.is_anonymous(name)
    }


def _lends_and_name(container: ContainerState) -> tuple[bool, str]:
    # Who has a volume of another container comes after that one, which is to be named.
    return bool(at("HostConfig.VolumesFrom", container.inspect)), container.name


def _is_ours(state: VolumeState, project: str, *, named: bool) -> bool:
    """By our label; by Compose's only where the spec has it: what else its project has is not ours to lose."""
    if owner := state.labels.get(ownership.PROJECT):
        return owner == project
    return named and state.labels.get(compose_labels.PROJECT) == project


def _mounted_by(state: VolumeState, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for container in snapshot.containers:
        if state.name in container.volumes:
            yield container.id, container.name
    for other in snapshot.others:
        if state.name in other.volumes:
            yield other.id, other.names[0] if other.names else other.id[:12]


def size_text(size: int) -> str:
    """`12.35 MB`, as the `docker` command counts."""
    number, unit = float(size), 0
    while number >= _THOUSAND and unit < len(_UNITS) - 1:
        number, unit = number / _THOUSAND, unit + 1
    return f"{number:.4g} {_UNITS[unit]}" if unit else f"{size} B"


# --- images ----------------------------------------------------------------------------------------------------------


def _remove_images(draft: Draft, spec: Spec, snapshot: Snapshot) -> None:
    freed = going(draft.actions)
    for wanted in wanted_images(spec).values():
        here = snapshot.image(wanted.text)
        if wanted.is_absent or here is None or wanted.text == here.id:
            continue  # one that is named by its ID is somebody else's: the spec could not bring it
        key = ResourceKey(Kind.IMAGE, wanted.text)
        used = dict(users(here, snapshot))
        if staying := sorted(name for container, name in used.items() if container not in freed):
            draft.notices.append(Notice(key, f"image {wanted.text} stays: {', '.join(staying)} was made from it"))
            continue
        if wanted.pull == "never":
            message = f"image {wanted.text} stays: its pull policy is `never`, so that nothing would bring it again"
            draft.notices.append(Notice(key, message))
            continue
        needs = [freed[container] for container in used]
        draft.changes.append(Change(key, Operation.REMOVE, _WITH_IMAGES))
        for reference in (wanted.text, *_tags_of(wanted.tags, here, snapshot)):
            action = removal(reference, here, _WITH_IMAGES, needs)
            draft.actions.setdefault(action.id, action)


def _tags_of(tags: tuple[str, ...], here: ImageState, snapshot: Snapshot) -> Iterator[str]:
    for tag in tags:
        named = snapshot.image(tag)
        if named and named.id == here.id:
            yield tag
