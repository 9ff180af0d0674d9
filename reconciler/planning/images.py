"""Plans images: what is not here is pulled or imported, and what a folder holds is imported again when it changed."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.fields import ownership
from reconciler.planning.actions import Action, ImportImage, PullImage
from reconciler.planning.plan import Change, FieldChange, Operation
from reconciler.spec.model import Image, Spec, State
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import Snapshot, full_reference


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """What becomes of one wanted image.

    Attributes:
        image_id: the ID that it has now and keeps; None when an action brings it.
        change: its difference, or None.
        action: what brings it, or None.
    """

    image_id: str | None
    change: Change | None = None
    action: Action | None = None

    @property
    def is_pulled(self) -> bool:
        """Whether it comes from a registry, so that its ID may turn out to be the one that is in use."""
        return isinstance(self.action, PullImage)


def plan_images(spec: Spec, snapshot: Snapshot) -> dict[str, ImagePlan]:
    """Every image that the spec names, by its full reference."""
    wanted = {full_reference(text): (text, image) for text, image in spec.images.items()}
    for container in spec.containers.values():
        if container.state is not State.ABSENT:
            wanted.setdefault(full_reference(container.image), (container.image, Image()))
    return {full: _plan(text, image, snapshot) for full, (text, image) in sorted(wanted.items())}


def _plan(text: str, image: Image, snapshot: Snapshot) -> ImagePlan:
    key = ResourceKey(Kind.IMAGE, text)
    here = snapshot.image(text)
    if image.import_ is None:
        if here:
            return ImagePlan(here.id)
        pull = PullImage(id=f"{Kind.IMAGE}/{text}:pull", resource=key, reason="not here yet", reference=text)
        return ImagePlan(None, Change(key, Operation.PULL), pull)
    source = str(image.import_)
    digest = snapshot.sources[source]
    before = here.labels.get(ownership.DIGEST) if here else None
    if here and before == digest:
        return ImagePlan(here.id)
    reason = "its source changed" if here else "not here yet"
    action = ImportImage(
        id=f"{Kind.IMAGE}/{text}:import",
        resource=key,
        reason=reason,
        reference=text,
        source=source,
        digest=digest,
    )
    fields = (FieldChange("import", digest, before, "new content", "old content"),) if here else ()
    return ImagePlan(None, Change(key, Operation.IMPORT, f"from {image.import_.name}", fields), action)
