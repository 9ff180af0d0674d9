"""The volumes of an Engine, as far as locks need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import NotFound
from reconciler.state.snapshot import ContainerState

if TYPE_CHECKING:
    from collections.abc import Mapping


class Volumes:
    """Volumes by name, and the containers that are up."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, str]] = {}
        self.up: dict[str, str] = {}

    def identity(self) -> str:
        return "ENGINE"

    def lock_volumes(self) -> dict[str, dict[str, str]]:
        return self.there

    def volume_labels(self, name: str) -> dict[str, str] | None:
        return self.there.get(name)

    def create_volume(self, name: str, labels: Mapping[str, str]) -> dict[str, str]:
        return self.there.setdefault(name, dict(labels))

    def remove_volume(self, name: str) -> None:
        self.there.pop(name, None)

    def inspect(self, container: str) -> ContainerState:
        if container not in self.up:
            raise NotFound("no such container")
        return ContainerState({"Id": container, "State": {"Status": self.up[container]}})
