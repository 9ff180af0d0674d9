"""What is there of images: on the Engine, in registries, and in what they are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.fields.base import at
from reconciler.spec.platforms import Platform

_NEVER = "0001-01-01"
"""The day that the Engine tells of what never was."""


@dataclass(frozen=True, slots=True)
class ImageState:
    """An image of the Engine.

    Attributes:
        id: its ID: of its configuration, or with the containerd image store of its manifest.
        references: its tags and digests in their full form.
        labels: its labels.
        config: what it sets where a spec does not; only known of images that the project's containers use.
        inspect: the reply of `GET /images/ID/json`; only where a plan needs more than the list tells.
    """

    id: str
    references: frozenset[str]
    labels: Mapping[str, str]
    config: Mapping[str, Any] = field(default_factory=dict)
    inspect: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tagged_at(self) -> str | None:
        """When it last got a tag, RFC 3339: by a pull too, where the Engine notes that; None where it did not."""
        moment = str(at("Metadata.LastTagTime", self.inspect) or "")
        return None if not moment or moment.startswith(_NEVER) else moment

    @property
    def platform(self) -> Platform | None:
        """What it is made for; None where that is not known."""
        os, architecture = self.inspect.get("Os"), self.inspect.get("Architecture")
        return Platform(os, architecture, self.inspect.get("Variant") or "") if os and architecture else None

    @property
    def layers(self) -> tuple[str, ...]:
        """The digests of its layers, unpacked."""
        return tuple(at("RootFS.Layers", self.inspect) or ())

    @property
    def created(self) -> str:
        """When it was made, RFC 3339."""
        return str(self.inspect.get("Created") or "")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a registry has under a reference.

    Attributes:
        digest: of the image; None where the registry could not say.
        problem: why it could not; empty where it could.
        hint: what to do about that.
    """

    digest: str | None
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What an image would be built from.

    Attributes:
        digest: of all that is sent to the builder; None where it can't be read.
        problem: why it can't; empty where it can.
        is_for_buildkit: whether its Dockerfile says something that only BuildKit understands.
    """

    digest: str | None
    problem: str = ""
    is_for_buildkit: bool = False


@dataclass(frozen=True, slots=True)
class ArchivedImage:
    """An image in an archive.

    Attributes:
        ids: the IDs that it can have once it is loaded: that depends on the Engine's image store.
        layers: the digests of its layers, unpacked.
        created: when it was made, RFC 3339.
    """

    ids: frozenset[str]
    layers: tuple[str, ...] = ()
    created: str = ""

    def is_the_one(self, image: ImageState) -> bool:
        """Whether it is an image that is on the Engine."""
        if image.id in self.ids:
            return True
        # The containerd image store gives an image of an old archive an ID that the archive does not have.
        return bool(self.layers) and (self.layers, self.created) == (image.layers, image.created)


@dataclass(frozen=True, slots=True)
class Archive:
    """What `docker save` wrote.

    Attributes:
        digest: of the file; empty where it can't be read.
        images: what is in it, by full reference.
        problem: why it can't be read; empty where it can.
    """

    digest: str
    images: Mapping[str, ArchivedImage] = field(default_factory=dict)
    problem: str = ""
