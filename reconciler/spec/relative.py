"""Relative paths of a file in another folder → absolute ones, before its parts join the project's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.spec import shorthand
from reconciler.spec.invalid import Invalid
from reconciler.spec.merge import pairs
from reconciler.spec.origin import Part, mapping, sequence
from reconciler.spec.remote import is_remote
from reconciler.spec.scalar import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.spec.reading import Reading

_FILES = {"configs": "file", "secrets": "file", "images": "import"}
"""Of each item in these sections, the attribute that is a path."""


def made_absolute(part: Part, reading: Reading) -> Part:
    """A spec's data, with its paths made absolute.

    Args:
        part: the data of one file.
        reading: tells the folder that its paths are relative to.
    """

    def path(text: str) -> str:
        return str(reading.path(text))

    sections: dict[str, Part | None] = {}
    if containers := part.get("containers"):
        sections["containers"] = _each(containers, lambda one: container_made_absolute(one, reading))
    for section, attribute in _FILES.items():
        if found := part.get(section):
            sections[section] = _each(found, lambda one, name=attribute: _attribute(one, name, path))  # type: ignore[misc]
    return part.replaced(sections)


def container_made_absolute(container: Part, reading: Reading) -> Part:
    """A container's data, with its paths made absolute.

    Args:
        container: the data of one container.
        reading: tells the folder that its paths are relative to.
    """
    if not isinstance(container.data, dict):
        return container

    def path(text: str) -> str:
        return str(reading.path(text))

    changed: dict[str, Part | None] = {}
    for name in ("env_file", "label_file"):
        if files := container.get(name):
            changed[name] = _elements(files, lambda one: _file(one, path))
    if volumes := container.get("volumes"):
        changed["volumes"] = _elements(volumes, lambda one: _mount(one, path))
    if build := container.get("build"):
        changed["build"] = _build(build, lambda text: text if is_remote(text) else path(text))
    return container.replaced(changed)


def _build(build: Part, path: Callable[[str], str]) -> Part:
    if isinstance(build.data, str):
        return Part(path(build.data), build.origin)
    if not isinstance(build.data, dict):
        return build
    # Nothing is the folder of the file.
    found = _attribute(build, "context", path) if build.get("context") else _with(build, "context", path("."))
    contexts = build.get("additional_contexts")
    if contexts is None:
        return found
    named = {
        key: Part(path(one.data), one.origin) if isinstance(one.data, str) else one
        for key, one in pairs(contexts).items()
    }
    return found.replaced({"additional_contexts": mapping(named, contexts.origin)})


def _with(part: Part, name: str, text: str) -> Part:
    return part.replaced({name: Part(Scalar(text), part.origin)})


def _each(section: Part, change: Callable[[Part], Part]) -> Part:
    if not isinstance(section.data, dict):
        return section
    return mapping({key: change(one) for key, one in section.items()}, section.origin)


def _elements(part: Part, change: Callable[[Part], Part]) -> Part:
    if not isinstance(part.data, list):
        return change(part)
    return sequence([change(one) for one in part.elements()], part.origin)


def _file(part: Part, path: Callable[[str], str]) -> Part:
    return Part(path(part.data), part.origin) if isinstance(part.data, str) else _attribute(part, "path", path)


def _attribute(part: Part, name: str, path: Callable[[str], str]) -> Part:
    value = part.get(name)
    if value is None or not isinstance(value.data, str):
        return part
    return part.replaced({name: Part(path(value.data), value.origin)})


def _mount(part: Part, path: Callable[[str], str]) -> Part:
    mount: Any = part.data
    if isinstance(mount, str):
        try:
            mount = shorthand.volume(mount)
        except Invalid:
            return part  # validation says what is wrong with it
        if mount["type"] != "bind":
            return part
        return Part({**mount, "source": path(mount["source"])}, part.origin)
    return _attribute(part, "source", path) if isinstance(mount, dict) and mount.get("type") == "bind" else part
