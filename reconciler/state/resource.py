"""How a resource is named, wanted or observed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of resources, in the order in which they are made."""

    IMAGE = "image"
    NETWORK = "network"
    VOLUME = "volume"
    CONTAINER = "container"


@dataclass(frozen=True, slots=True)
class ResourceKey:
    """One resource: its kind, and its name on the Engine (for an image, its reference as the spec writes it)."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
