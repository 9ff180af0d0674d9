"""What a plan for a spec depends on besides the Engine's lists: images inspected, registries asked, files read."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.engine.replies import inspected
from reconciler.engine.spec_files import SpecFiles
from reconciler.errors import EngineError, NotFound
from reconciler.spec.buildkit import needs_buildkit, would_use_buildkit
from reconciler.spec.reference import full_reference, parse_reference
from reconciler.spec.wanted_images import WantedImage, wanted_images
from reconciler.state.asking import asks_registry, looks_closer
from reconciler.state.images import Archive, Content, ImageState, Offer

if TYPE_CHECKING:
    from reconciler.engine.reading import Reading
    from reconciler.spec.model import Spec

REGISTRY_SECONDS = 30.0
"""For a registry's answer. The Engine itself would wait for minutes."""

_PLATFORM_ASKED = (1, 49)
"""Since this API version an inspect can be asked for one platform of an image that has several."""


@dataclass(slots=True)
class OfImages:
    """All that was looked at.

    Attributes:
        sources: as in `Snapshot`.
        contexts: likewise.
        buildx: likewise.
        archives: likewise.
        inspects: of the images that were looked at closer, by full reference.
        offers: as in `Snapshot`.
    """

    sources: dict[str, str] = field(default_factory=dict)
    contexts: dict[str, Content] = field(default_factory=dict)
    buildx: str = ""
    archives: dict[str, Archive] = field(default_factory=dict)
    inspects: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)


class ImagesObserver:
    """Looks at what a spec's images are made from, and where they come from."""

    def __init__(self, reading: Reading, spec: Spec | None, pool: Executor) -> None:
        """Begin with what needs no answer of the Engine: the files are read meanwhile."""
        self._reading = reading
        self._pool = pool
        self._wanted = wanted_images(spec) if spec else {}
        self._files = SpecFiles(self._wanted.values(), pool)

    def finish(self, listed: dict[str, ImageState], taken_at: str) -> OfImages:
        """Look closer at what is here, then ask the registries where that decides.

        Args:
            listed: the images that are here, by full reference.
            taken_at: now, RFC 3339.

        Raises:
            EngineError: an import source can't be read, or the Engine fails.
        """
        here = {full: listed[full] for full in self._wanted if full in listed}
        closer = {
            full: self._pool.submit(self._inspect, self._wanted[full])
            for full in here
            if looks_closer(self._wanted[full])
        }
        inspects = {full: found for full, future in closer.items() if (found := future.result()) is not None}
        for full, inspect in inspects.items():
            state = here[full]
            here[full] = ImageState(state.id, state.references, state.labels, state.config, inspect)
        asked = {
            full: self._pool.submit(self._ask, wanted)
            for full, wanted in self._wanted.items()
            if asks_registry(wanted, here.get(full), taken_at)
        }
        contexts = self._files.contexts()
        return OfImages(
            sources=self._files.sources(),
            contexts=contexts,
            buildx=self._buildx(contexts),
            archives=self._files.archives(),
            inspects=inspects,
            offers={full: future.result() for full, future in asked.items()},
        )

    def _buildx(self, contexts: dict[str, Content]) -> str:
        builds = [one.build for one in self._wanted.values() if one.build and not one.is_absent]
        asked = any([*needs_buildkit(build)] or would_use_buildkit(build) for build in builds)
        if not asked and not any(one.is_for_buildkit for one in contexts.values()):
            return ""
        from reconciler.engine import buildx  # a process of its own: only for whom it decides something

        return buildx.version(os.environ)

    def _inspect(self, wanted: WantedImage) -> dict[str, Any] | None:
        path = f"/images/{wanted.text}/json"
        try:
            if wanted.platform and self._reading.about.api >= _PLATFORM_ASKED:
                platform = wanted.platform
                asked = {"os": platform.os, "architecture": platform.architecture}
                asked |= {"variant": platform.variant} if platform.variant else {}
                try:
                    return inspected(self._reading.get(path, {"platform": asked}), "image", "Id")
                except NotFound:
                    pass  # it is not here for that platform: for which one then?
            return inspected(self._reading.get(path), "image", "Id")
        except NotFound:
            return None  # it went between the list and now

    def _ask(self, wanted: WantedImage) -> Offer:
        return offer_of(self._reading, wanted.text)


def offer_of(reading: Reading, text: str) -> Offer:
    """What the registry has under a reference now; why it can't say, where it can't."""
    from reconciler.engine.credentials import registry_auth  # only who asks pays

    reference = parse_reference(text)
    try:
        auth = registry_auth(reference.domain)
        headers = {"X-Registry-Auth": auth} if auth else None
        name = str(reference)
        reply = reading.get(f"/distribution/{name}/json", headers=headers, deadline=REGISTRY_SECONDS)
        return Offer(str(reply["Descriptor"]["digest"]))
    except EngineError as error:
        # What is here may serve: the plan says what to do about it.
        return Offer(None, error.message, error.hint)
    except (KeyError, TypeError):
        return Offer(None, "its answer can't be read", "")


def by_reference(images: tuple[ImageState, ...]) -> dict[str, ImageState]:
    """Images by their full references."""
    return {full_reference(one): image for image in images for one in image.references}
