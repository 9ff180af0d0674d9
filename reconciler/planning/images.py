"""Plans images: what is not here is pulled, built, imported or loaded, and what is not as wanted is brought again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.fields import ownership
from reconciler.planning.actions import Action, ImportImage, LoadImage, PullImage, TagImage
from reconciler.planning.builds import build_action, build_digest, build_secrets
from reconciler.planning.plan import Change, Conflict, FieldChange, Notice, Operation
from reconciler.spec.buildkit import needs_buildkit, would_use_buildkit
from reconciler.spec.reference import ID_PREFIX, full_reference, is_id, parse_reference
from reconciler.spec.wanted_images import Problem, WantedImage, wanted_images
from reconciler.state.asking import asks_registry
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.spec.model import Spec
    from reconciler.spec.model.build import Build
    from reconciler.state.images import Content, ImageState
    from reconciler.state.snapshot import Snapshot

_NOT_HERE = "not here yet"
_SHORT_ID = re.compile(r"[0-9a-f]{12,63}")
"""As `docker images` shows an ID, and anybody cuts it off."""
_SHORT_DIGEST = 19
"""`sha256:` and 12 digits."""


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """What becomes of one wanted image.

    Attributes:
        wanted: what is wanted of it.
        image_id: the ID that it has now and keeps; None when an action brings it.
        change: its difference, or None.
        action: what brings it, or None.
        tagging: what gives it its other references.
        conflicts: what stands in its way.
        notices: what to know of it.
        is_guess: the action may well bring the image that is here already.
    """

    wanted: WantedImage
    image_id: str | None
    change: Change | None = None
    action: Action | None = None
    tagging: tuple[Action, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    notices: tuple[Notice, ...] = ()
    is_guess: bool = False

    @property
    def actions(self) -> tuple[Action, ...]:
        """All that is to be done."""
        return ((self.action,) if self.action else ()) + self.tagging


def plan_images(spec: Spec, snapshot: Snapshot) -> dict[str, ImagePlan]:
    """Every image that the spec names, by its full reference."""
    wanted = wanted_images(spec)
    tags = tag_owners(spec, wanted)
    plans = {full: _plan(image, snapshot) for full, image in wanted.items() if full not in tags}
    for full, image in wanted.items():
        if full in tags:
            plans[full] = _alias(image, plans[tags[full]])
    return dict(sorted(plans.items()))


def tag_owners(spec: Spec, wanted: Mapping[str, WantedImage]) -> dict[str, str]:
    """References that only containers name, and that are tags of another image: by that image."""
    declared = {full_reference(text) for text in spec.images}
    return {
        tag: full
        for full, image in wanted.items()
        for tag in map(full_reference, image.tags)
        if tag in wanted and tag != full and tag not in declared and not wanted[tag].build
    }


def _alias(wanted: WantedImage, owner: ImagePlan) -> ImagePlan:
    tagging = [one for one in owner.tagging if isinstance(one, TagImage) and full_reference(one.tag) == wanted.full]
    action = tagging[0] if tagging else None
    return ImagePlan(wanted, owner.image_id, action=action, is_guess=owner.is_guess)


def _plan(wanted: WantedImage, snapshot: Snapshot) -> ImagePlan:
    here = snapshot.image(wanted.text)
    if wanted.problems:
        conflicts = tuple(_conflict(wanted, one.message, one.hint) for one in wanted.problems)
        return ImagePlan(wanted, here.id if here else None, conflicts=conflicts)
    if wanted.is_absent:
        return ImagePlan(wanted, None)  # once it is known what becomes of the containers, see absent_images.py
    return _with_tags(_Source(wanted, snapshot, here).plan(), snapshot)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where one image comes from."""

    wanted: WantedImage
    snapshot: Snapshot
    here: ImageState | None
    key: ResourceKey = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", ResourceKey(Kind.IMAGE, self.wanted.text))

    def plan(self) -> ImagePlan:
        wanted = self.wanted
        if wanted.image.import_:
            return self._import(wanted.image.import_)
        if wanted.image.load:
            return self._load(wanted.image.load)
        if wanted.build and not self._is_pulled():
            return self._build(wanted.build)
        return self._pull()

    def _kept(self, *notices: Notice) -> ImagePlan:
        return ImagePlan(self.wanted, self.here.id if self.here else None, notices=notices)

    def _refused(self, message: str, hint: str) -> ImagePlan:
        return replace(self._kept(), conflicts=(_conflict(self.wanted, message, hint),))

    # --- pulled -----------------------------------------------------------------------------------------------

    def _is_pulled(self) -> bool:
        """Whether an image that is built is rather pulled: Compose's meaning of a pull policy beside a build."""
        match self.wanted.pull:
            case None | "build":
                return False
            case "never":
                return True
            case "missing" if self.here:
                return ownership.DIGEST not in self.here.labels
            case _:
                offer = self.snapshot.offers.get(self.wanted.full)
                if offer is None:
                    return ownership.DIGEST not in (self.here.labels if self.here else {})
                return offer.digest is not None

    def _pull(self) -> ImagePlan:
        here, wanted = self.here, self.wanted
        if here is None:
            if wanted.pull == "never":
                return self._refused(
                    "it is not here, and its pull policy is `never`",
                    f"bring it by hand (`docker pull {wanted.text}`, `docker load`), or choose another policy",
                )
            if is_id(wanted.text):
                return self._refused(
                    "no image has this ID, and no registry knows an image by its ID",
                    "name it by its tag, or by its digest (NAME@sha256:…); or bring it by hand (`docker load`)",
                )
            if begun := self._ids_begun():
                return self._refused(
                    "no image is named so; an image's ID begins with it", f"write the whole of the ID: {begun[0]}"
                )
            offer = self.snapshot.offers.get(wanted.full)
            return self._brought(_NOT_HERE, digest=offer.digest or "" if offer else "", is_guess=True)
        if wanted.platform and here.platform and here.platform != wanted.platform and not self._can_run(here):
            if wanted.pull == "never":
                return self._refused(
                    f"it is here for {here.platform}, and wanted for {wanted.platform}; its pull policy is `never`",
                    "bring the right one by hand, or choose another policy",
                )
            fields = FieldChange(
                "platform", str(wanted.platform), str(here.platform), str(wanted.platform), str(here.platform)
            )
            return self._brought(f"it is for {here.platform}", fields)
        if wanted.image.digest:
            return self._kept() if self._has(wanted.image.digest) else self._moved(wanted.image.digest)
        if not asks_registry(wanted, here, self.snapshot.taken_at):
            return self._kept()
        offer = self.snapshot.offers.get(wanted.full)
        if offer is None:
            return self._kept()
        if offer.digest is None:
            message = f'image "{wanted.text}": the registry could not be asked for a newer one: {offer.problem}'
            hint = f"what is here stays; {offer.hint}" if offer.hint else "what is here stays"
            return self._kept(Notice(self.key, message, hint))
        return self._kept() if self._has(offer.digest) else self._moved(offer.digest)

    def _ids_begun(self) -> list[str]:
        """The IDs of images that are here, where the reference may be the short form of one."""
        if not _SHORT_ID.fullmatch(self.wanted.text):
            return []
        begin = f"{ID_PREFIX}{self.wanted.text}"
        return [image.id for image in self.snapshot.images if image.id.startswith(begin)]

    def _can_run(self, here: ImageState) -> bool:
        wanted = self.wanted.platform
        return bool(
            wanted
            and here.platform
            and not wanted.variant
            and (wanted.os, wanted.architecture) == (here.platform.os, here.platform.architecture)
        )

    def _has(self, digest: str) -> bool:
        """Whether the image that is here has a digest in its registry."""
        reference = parse_reference(self.wanted.text)
        known = f"{reference.domain}/{reference.path}@{digest}"
        return bool(self.here and (digest == self.here.id or known in self.here.references))

    def _moved(self, digest: str) -> ImagePlan:
        reference = parse_reference(self.wanted.text)
        known = f"{reference.domain}/{reference.path}@"
        references = self.here.references if self.here else ()
        before = sorted(one.removeprefix(known) for one in references if one.startswith(known))
        shown = before[0][:_SHORT_DIGEST] if before else "another one"
        change = FieldChange("digest", digest, before[0] if before else None, digest[:_SHORT_DIGEST], shown)
        reason = "another digest is declared" if self.wanted.image.digest else "the registry has another one"
        return self._brought(reason, change, digest=digest)

    def _brought(self, reason: str, *fields: FieldChange, digest: str = "", is_guess: bool = False) -> ImagePlan:
        wanted = self.wanted
        pinned = wanted.image.digest or ""
        platform = str(wanted.platform) if wanted.platform else ""
        action = PullImage(
            id=f"{Kind.IMAGE}/{wanted.text}:pull",
            resource=self.key,
            reason=reason,
            reference=wanted.text,
            platform=platform,
            digest=pinned or digest,
            pinned=bool(pinned),
        )
        note = f"for {platform}" if platform else ""
        return ImagePlan(wanted, None, Change(self.key, Operation.PULL, note, fields), action, is_guess=is_guess)

    # --- built ------------------------------------------------------------------------------------------------

    def _build(self, build: Build) -> ImagePlan:
        wanted, here = self.wanted, self.here
        needed = [*needs_buildkit(build)]
        if needed and not self.snapshot.buildx:
            return self._refused(
                f"its build asks for what only BuildKit can do: {', '.join(f'`{name}`' for name in needed)}",
                "install `docker buildx` (the package docker-buildx-plugin, or docker-buildx), or leave that out",
            )
        content = self.snapshot.contexts.get(build.source)
        if not build.is_remote and (content is None or content.digest is None):
            problem = content.problem if content else "it was not looked at"
            return self._refused(f"it can't be built: {problem}", "correct `context` and `dockerfile` of its build")
        source = content.digest or "" if content else ""
        digest = build_digest(wanted, build, source)
        before = here.labels.get(ownership.DIGEST) if here else None
        always = wanted.pull == "build"
        if before == digest and not always:
            return self._kept()
        same = before == digest
        reason = "its pull policy is build" if same else "its definition or content changed" if here else _NOT_HERE
        secrets = build_secrets(build, self.snapshot) if self._is_for_buildkit(build, needed, content) else None
        if isinstance(secrets, Problem):
            return self._refused(secrets.message, secrets.hint)
        action = build_action(wanted, build, source, reason, secrets)
        fields = () if same or not here else (FieldChange("build", digest, before, "new content", "old content"),)
        note = "in any case, by its pull policy" if same else f"from {build.context.rstrip('/').rpartition('/')[2]}"
        # With the same digest it most likely is the same image: nothing is replaced on a guess.
        image_id = here.id if here and same else None
        return ImagePlan(wanted, image_id, Change(self.key, Operation.BUILD, note, fields), action)

    def _is_for_buildkit(self, build: Build, needed: list[str], content: Content | None) -> bool:
        asked = would_use_buildkit(build) or (content and content.is_for_buildkit)
        return bool(needed or (self.snapshot.buildx and asked))

    # --- made of files ----------------------------------------------------------------------------------------

    def _import(self, source: Path) -> ImagePlan:
        here = self.here
        digest = self.snapshot.sources[str(source)]
        before = here.labels.get(ownership.DIGEST) if here else None
        if here and before == digest:
            return self._kept()
        action = ImportImage(
            id=f"{Kind.IMAGE}/{self.wanted.text}:import",
            resource=self.key,
            reason="its source changed" if here else _NOT_HERE,
            reference=self.wanted.text,
            source=str(source),
            digest=digest,
        )
        fields = (FieldChange("import", digest, before, "new content", "old content"),) if here else ()
        change = Change(self.key, Operation.IMPORT, f"from {source.name}", fields)
        return ImagePlan(self.wanted, None, change, action)

    def _load(self, source: Path) -> ImagePlan:
        here = self.here
        archive = self.snapshot.archives[str(source)]
        if archive.problem:
            return self._refused(f'it can\'t be loaded from "{source}": {archive.problem}', "correct `load`")
        image = archive.images.get(self.wanted.full)
        if image is None:
            has = ", ".join(sorted(archive.images)) or "none with a name"
            return self._refused(f'"{source}" has no image of that name', f"it has: {has}")
        if here and image.is_the_one(here):
            return self._kept()
        action = LoadImage(
            id=f"{Kind.IMAGE}/{self.wanted.text}:load",
            resource=self.key,
            reason="its archive has another image" if here else _NOT_HERE,
            reference=self.wanted.text,
            source=str(source),
            digest=archive.digest,
            image=image,
        )
        wanted = min(image.ids)
        fields = (
            (FieldChange("load", wanted, here.id, wanted[:_SHORT_DIGEST], here.id[:_SHORT_DIGEST]),) if here else ()
        )
        change = Change(self.key, Operation.LOAD, f"from {source.name}", fields)
        return ImagePlan(self.wanted, None, change, action)


def _with_tags(plan: ImagePlan, snapshot: Snapshot) -> ImagePlan:
    """The image's other references: each that names something else now."""
    wanted, missing = plan.wanted, []
    for tag in wanted.tags:
        now = snapshot.image(tag)
        if plan.action or now is None or now.id != plan.image_id:
            missing.append((tag, now.id if now else None))
    if not missing or plan.conflicts:
        return plan
    key = ResourceKey(Kind.IMAGE, wanted.text)
    tagging = tuple(
        TagImage(
            id=f"{Kind.IMAGE}/{wanted.text}:tag {tag}",
            resource=key,
            reason=f"tags: {tag}",
            needs=(plan.action.id,) if plan.action else (),
            image=plan.image_id or wanted.text,
            tag=tag,
        )
        for tag, _ in missing
    )
    change = plan.change or Change(
        key,
        Operation.UPDATE,
        "",
        tuple(
            FieldChange(f"tags.{tag}", plan.image_id, before, "this image", "another image" if before else "not there")
            for tag, before in missing
        ),
    )
    return replace(plan, tagging=tagging, change=change)


def _conflict(wanted: WantedImage, message: str, hint: str) -> Conflict:
    return Conflict(ResourceKey(Kind.IMAGE, wanted.text), f'image "{wanted.text}": {message}', hint)
