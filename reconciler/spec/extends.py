"""`extends`: a container takes its definition from another one, in the same file or in another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.errors import SpecError
from reconciler.spec.diagnostics import meant
from reconciler.spec.doors import opened
from reconciler.spec.merge import merge, unmarked
from reconciler.spec.origin import Part, mapping
from reconciler.spec.reading import MOST_STEPS
from reconciler.spec.relative import container_made_absolute

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.reading import Reading

_CONTAINER = ("containers", "*")


class _File(NamedTuple):
    """A file whose containers can be extended."""

    path: Path | None
    part: Part
    reading: Reading


def extended(part: Part, reading: Reading) -> Part:
    """The data of one file, with every `extends` carried out.

    Where that can't be done (what is extended is not there, or extends itself), that is a problem, and the container
    is marked with `REST`.

    Args:
        part: the file's data.
        reading: what other files it may read.
    """
    containers = part.get("containers")
    if containers is None or not any("extends" in (one.data or ()) for _, one in containers.items()):
        return part
    resolver = _Resolver()
    file = _File(None, part, reading)
    parts = {key: resolver.container(file, key) for key, _ in containers.items()}
    reading.problems.add(resolver.problems)
    return part.replaced({"containers": mapping(parts, containers.origin)})


class _Resolver:
    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []
        self._files: dict[Path, _File | None] = {}
        self._done: dict[tuple[Path | None, str], Part] = {}
        self._open: list[tuple[Path | None, str]] = []

    def container(self, file: _File, key: str) -> Part:
        """The container of this name, complete."""
        place = (file.path, key)
        if place not in self._done:
            self._open.append(place)
            self._done[place] = self._container(file, file.part.at("containers").at(key))
            self._open.pop()
        return self._done[place]

    def _container(self, file: _File, container: Part) -> Part:
        extends = container.get("extends")
        if extends is None:
            return container
        own = container.replaced({"extends": None})
        named = self._named(extends)
        if named is None:
            return own.incomplete()
        service, file_name = named
        base_file = self._file(file, file_name) if file_name else file
        if base_file is None:
            return own.incomplete()
        containers = base_file.part.get("containers")
        if containers is None or service.data not in (containers.data or ()):
            known = [name for name, _ in containers.items()] if containers else []
            where = f' in "{file_name.data}"' if file_name else ""
            message = f'container "{service.data}", which is extended here, is not declared{where}'
            self._problem(service, message, meant(str(service.data), known))
            return own.incomplete()
        if (base_file.path, service.data) in self._open:
            names = " → ".join([*(name for _, name in self._open), str(service.data)])
            self._problem(service, f"containers extend each other in a circle: {names}", "take one of these out")
            return own.incomplete()
        if len(self._open) > MOST_STEPS:
            message = f"containers extend each other more than {MOST_STEPS} deep"
            self._problem(service, message, "extend one further up")
            return own.incomplete()
        base = unmarked(self.container(base_file, str(service.data)), _CONTAINER)
        if not isinstance(base.data, dict):  # which is said there
            return own.incomplete()
        if base_file.reading.folder != file.reading.folder:
            base = container_made_absolute(base, base_file.reading)
        return merge(base, own, self.problems, _CONTAINER)

    def _named(self, extends: Part) -> tuple[Part, Part | None] | None:
        if isinstance(extends.data, str):
            return extends, None
        service = extends.get("service")
        if service is None or not isinstance(service.data, str):
            self._problem(extends, "`extends` does not say which container", "write extends: {service: NAME}")
            return None
        for name, part in extends.items():
            if name not in {"service", "file"}:
                found = part.origin.diagnostic(
                    f'unknown attribute "{name}" in extends', "known here: file, service", key=True
                )
                self.problems.append(found)
        file = extends.get("file")
        if file is not None and not isinstance(file.data, str):
            self._problem(file, "`file` in extends must be a path", 'write file: "common.yaml"')
            return None
        return service, file

    def _file(self, file: _File, name: Part) -> _File | None:
        """The file of this name; None where it can't be read, which is said once."""
        path = file.reading.path(name.data)
        if path not in self._files:
            self._files[path] = None
            try:
                document = file.reading.document(path, name.origin)
            except SpecError as error:
                self.problems += error.diagnostics
            else:
                reading = file.reading.below(path.parent, file.reading.variables)
                self._files[path] = _File(path, opened(reading.interpolated(document)), reading)
        return self._files[path]

    def _problem(self, part: Part, message: str, hint: str) -> None:
        self.problems.append(part.origin.diagnostic(message, hint))
