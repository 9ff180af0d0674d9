"""A project's spec: its images, containers, networks and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import field_validator

from reconciler.spec.invalid import Invalid
from reconciler.spec.model.container import Container
from reconciler.spec.model.files import Config, Secret
from reconciler.spec.model.image import Image
from reconciler.spec.model.network import Network
from reconciler.spec.model.settings import Settings
from reconciler.spec.model.several import fail
from reconciler.spec.model.storage import Volume
from reconciler.spec.model.values import Boolean, Name, Value, one_of
from reconciler.spec.project_names import hint, is_name
from reconciler.spec.reference import Reference, parse_reference


class Spec(Value):
    """One project's wanted state.

    Attributes:
        name: the project: prefix of all names, and the label by which its resources are known.
        images: by reference, as written.
        containers: by their name in the project.
        networks: by their name in the project; `default` is there if any container joins it.
        volumes: by their name in the project.
        configs: contents that containers may read as files, by name.
        secrets: likewise, of contents that nobody is to see.
        settings: how all this is carried out.
        compose_labels: its resources bear Compose's labels too, so that tools that know Compose group them; always so
            with a Compose file.
    """

    spec: Annotated[Literal["v1"], one_of("v1")] = "v1"
    name: str
    images: dict[str, Image] = {}
    containers: dict[Name, Container] = {}
    networks: dict[Name, Network] = {}
    volumes: dict[Name, Volume] = {}
    configs: dict[Name, Config] = {}
    secrets: dict[Name, Secret] = {}
    settings: Settings = Settings.by_default()
    compose_labels: Boolean = False

    @field_validator("name", mode="after")
    @classmethod
    def _project(cls, value: str) -> str:
        if not is_name(value):
            raise Invalid(f'"{value}" is not a project name', hint(value))
        return value

    @field_validator("images", "containers", "networks", "volumes", "configs", "secrets", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        # As in Compose: `volumes:` with nothing below it has no volume, `pages:` is one with the defaults.
        if value is None:
            return {}
        return {key: {} if item is None else item for key, item in value.items()} if isinstance(value, dict) else value

    @field_validator("images", mode="after")
    @classmethod
    def _references(cls, value: dict[str, Image]) -> dict[str, Image]:
        seen: dict[Reference, str] = {}
        problems: list[Invalid] = []
        for text in value:
            try:
                reference = parse_reference(text)
            except Invalid as error:
                problems.append(Invalid(str(error), error.hint, at=(text,), key=True))
                continue
            if other := seen.get(reference):
                message = f'"{text}" is the same image as "{other}"'
                problems.append(Invalid(message, "leave one of them out", at=(text,), key=True))
            seen[reference] = text
        fail(problems)
        return value

    @cached_property
    def renamed(self) -> Mapping[str, str]:
        """The containers that had another name in the spec before: by that name, what they are called now."""
        return {container.was: key for key, container in sorted(self.containers.items(), reverse=True) if container.was}

    def network_name(self, key: str) -> str:
        """The Engine's name of the network `key` of this project."""
        network = self.networks.get(key)
        if network is None:
            return f"{self.name}_{key}"
        return network.name or (key if network.external else f"{self.name}_{key}")

    def volume_name(self, key: str) -> str:
        """The Engine's name of the volume `key` of this project."""
        volume = self.volumes[key]
        return volume.name or (key if volume.external else f"{self.name}_{key}")

    def container_name(self, key: str, replica: int = 1) -> str:
        """The Engine's name of a container of this project: Compose's, unless the spec names it."""
        return self.containers[key].container_name or f"{self.name}-{key}-{replica}"
