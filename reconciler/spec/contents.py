"""Configs and secrets: which of them containers read, and the variables that some come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from reconciler.spec.model import State

if TYPE_CHECKING:
    from reconciler.spec.model import Config, Secret, Spec
    from reconciler.spec.origin import Part

Section = Literal["configs", "secrets"]

SECTIONS: tuple[Section, ...] = ("configs", "secrets")


def with_variables(
    spec: Spec, variables: Mapping[str, str], included: Mapping[tuple[str, str, str], str] | None = None
) -> Spec:
    """The spec whose configs and secrets know the values of their variables.

    Args:
        spec: as it was read.
        variables: name → value.
        included: by section, name and variable: what the variables of an included file say instead.
    """
    if not (spec.configs or spec.secrets):
        return spec

    def known(section: Section, name: str, content: Config | Secret) -> Config | Secret:
        if content.environment is None:
            return content
        value = (included or {}).get((section, name, content.environment))
        return content.with_value(variables.get(content.environment) if value is None else value)

    found: dict[str, Any] = {
        section: {name: known(section, name, content) for name, content in getattr(spec, section).items()}
        for section in SECTIONS
        if getattr(spec, section)
    }
    return spec.model_copy(update=found)


def variables_of_contents(part: Part) -> Iterator[tuple[Section, str, str]]:
    """The configs and secrets of data that come from a variable: the section, the name, the variable."""
    for section in SECTIONS:
        contents = part.get(section)
        for name, content in contents.items() if contents else ():
            variable = content.get("environment")
            if variable and isinstance(variable.data, str):
                yield section, name, variable.data


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
