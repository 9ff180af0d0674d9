"""Relative paths of a file in another folder → absolute ones, before its parts join the project's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.spec import shorthand
from reconciler.spec.invalid import Invalid
from reconciler.spec.merge import pairs
from reconciler.spec.model.storage import is_bound_folder
from reconciler.spec.origin import Part, mapping, sequence
from reconciler.spec.ours import OurPath
from reconciler.spec.remote import is_remote
from reconciler.spec.scalar import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.spec.reading import Reading

_FILES = {"configs": ("file",), "secrets": ("file",), "images": ("import", "load")}
"""Of each item in these sections, the attributes that are paths."""


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
    for section, attributes in _FILES.items():
        for name in attributes:
            if found := sections.get(section) or part.get(section):
                sections[section] = _each(found, lambda one, name=name: _attribute(one, name, path))  # type: ignore[misc]
    if images := sections.get("images"):
        sections["images"] = _each(images, lambda one: _with_build(one, path))
    if volumes := part.get("volumes"):
        sections["volumes"] = _each(volumes, lambda one: _volume(one, path))
    return part.replaced(sections)


def _volume(volume: Part, path: Callable[[str], str]) -> Part:
    options, driver = volume.get("driver_opts"), volume.get("driver")
    if options is None or not isinstance(options.data, dict):
        return volume
    if not is_bound_folder(str(driver.data) if driver else "", {key: str(one) for key, one in options.data.items()}):
        return volume
    return volume.replaced({"driver_opts": _attribute(options, "device", path)})


def container_made_absolute(container: Part, reading: Reading) -> Part:
    """A container's data, with its paths made absolute.

    Args:
        container: the data of one container.
        reading: tells the folder that its paths are relative to.
    """
    if not isinstance(container.data, dict):
        return container

    def path(text: str) -> str:
        found = str(reading.path(text))
        return found if text.startswith("/") else OurPath(found)

    changed: dict[str, Part | None] = {}
    for name in ("env_file", "label_file"):
        if files := container.get(name):
            changed[name] = _elements(files, lambda one: _file(one, path))
    if volumes := container.get("volumes"):
        changed["volumes"] = _elements(volumes, lambda one: _mount(one, path))
    return _with_build(container.replaced(changed), path)


def _with_build(part: Part, path: Callable[[str], str]) -> Part:
    build = part.get("build")
    if build is None:
        return part
    return part.replaced({"build": _build(build, lambda text: text if is_remote(text) else path(text))})


def _build(build: Part, path: Callable[[str], str]) -> Part:
    if isinstance(build.data, str):
        return Part(path(build.data), build.origin)
    if not isinstance(build.data, dict):
        return build
    # Nothing is the folder of the file.
    found = _attribute(build, "context", path) if build.get("context") else _with(build, "context", path("."))
    named: dict[str, Part | None] = {}
    for name in ("additional_contexts", "ssh"):
        if paths := build.get(name):
            of_each = {
                key: Part(path(one.data), one.origin) if isinstance(one.data, str) else one
                for key, one in pairs(paths).items()
            }
            named[name] = mapping(of_each, paths.origin)
    return found.replaced(named)


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
