"""Configs and secrets: which of them containers read, and the variables that some come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from reconciler.spec.model import State

if TYPE_CHECKING:
    from reconciler.spec.model import Config, Secret, Spec

Section = Literal["configs", "secrets"]

SECTIONS: tuple[Section, ...] = ("configs", "secrets")


def with_variables(spec: Spec, variables: Mapping[str, str]) -> Spec:
    """The spec whose configs and secrets know the values of their variables.

    Args:
        spec: as it was read.
        variables: name → value.
    """
    if not (spec.configs or spec.secrets):
        return spec
    found: dict[str, Any] = {
        section: {name: content.with_variables(variables) for name, content in getattr(spec, section).items()}
        for section in SECTIONS
        if getattr(spec, section)
    }
    return spec.model_copy(update=found)


def granted(spec: Spec) -> Iterator[tuple[Section, str, Config | Secret]]:
    """The configs and secrets that containers and builds read, each once: the section, the name, what it is."""
    seen: set[tuple[str, str]] = set()
    for section, name in _granted(spec):
        content = getattr(spec, section).get(name)
        if content and (section, name) not in seen:
            seen.add((section, name))
            yield section, name, content


def _granted(spec: Spec) -> Iterator[tuple[Section, str]]:
    for container in spec.containers.values():
        if container.state is State.ABSENT:
            continue
        for section in SECTIONS:
            yield from ((section, grant.source) for grant in getattr(container, section))
        if container.build:
            yield from (("secrets", grant.source) for grant in container.build.secrets)
    for image in spec.images.values():
        if image.build:
            yield from (("secrets", grant.source) for grant in image.build.secrets)
