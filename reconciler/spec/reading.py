"""What one load may read, from where variables come, and who hears of warnings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.spec.diagnostics import Diagnostic, spec_error
from reconciler.spec.interpolation import interpolate
from reconciler.spec.origin import Origin, Part
from reconciler.spec.places import SECTIONS, in_text, value_at
from reconciler.spec.problems import MOST, Problems, not_listed
from reconciler.spec.scalar import Placeholder
from reconciler.spec.uses import Use, Uses

if TYPE_CHECKING:
    from reconciler.spec.document import Document

Warn = Callable[[Diagnostic], None]

_MOST_OF_A_KIND = 10_000
"""Containers, for example: more than an Engine bears, and a hostile file has many more."""
_MOST_TEMPLATES = 20 * MOST
"""Wrong ones in a file, after which the rest is not looked at."""
_MOST_FILES = 1000
"""Of one load: files that include each other in ever new ways must come to an end."""

MOST_STEPS = 50
"""From a file to the one that it includes, from a container to the one that it extends: nobody can follow more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One load of one project.

    Attributes:
        folder: what relative paths in the files are relative to.
        root: nothing outside of it is read where the source is not trusted.
        here: the working folder: files below it are named relative to it.
        variables: for `${NAME}`.
        trusted: whether the source may name files outside of `root`.
        warn: told of each warning.
        problems: what is wrong so far, shared by all parts of the load: it goes on where that makes sense.
        compose: whether the files are Compose files, where an undefined variable is only a warning.
        count: how many files were read, shared by all parts of the load.
        uses: the variables that were put in, likewise.
        contents: what variables of included files give configs and secrets, likewise: by section, name and variable.
    """

    folder: Path
    root: Path
    here: Path
    variables: Mapping[str, str]
    trusted: bool
    warn: Warn
    compose: bool = False
    problems: Problems = field(default_factory=Problems)
    count: list[Path] = field(default_factory=list)
    uses: Uses = field(default_factory=Uses)
    contents: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def below(self, folder: Path, variables: Mapping[str, str]) -> Reading:
        """The same load, where it goes on in another folder with other variables."""
        return replace(self, folder=folder, variables=variables)

    def path(self, text: str) -> Path:
        """A path in a spec, absolute."""
        # Unlike pathlib's, this one leaves the home folder of nobody as it is.
        return Path(os.path.normpath(self.folder / os.path.expanduser(text)))  # noqa: PTH111

    def name(self, path: Path) -> str:
        """The name that the user knows a file by."""
        return str(path.relative_to(self.here)) if path.is_relative_to(self.here) else str(path)

    def allow(self, path: Path, origin: Origin | None = None) -> None:
        """Whether a file or folder may be read. To be asked before anything of it is looked at.

        Args:
            path: of the file or folder, absolute.
            origin: where it is named; None where no file names it: the spec itself, the `.env` beside it.

        Raises:
            SpecError: it is outside of the project's folder, by its path or by a link on the way, or is named by an
                absolute path, and the source is not trusted.
        """
        if self.trusted:
            return
        if not _is_inside(path, self.root):
            message = f'"{self.name(path)}" is outside of the project\'s folder'
            hint = "this source is not trusted: name a file below the project's folder, and no link that leaves it"
            raise self._failure(path, origin, message, hint)
        written = _written(origin) if origin else None
        if isinstance(written, str) and written.startswith(("/", "~")):
            # It leads elsewhere on another machine.
            message = f'"{self.name(path)}" is named by an absolute path'
            raise self._failure(path, origin, message, "this source is not trusted: name it relative to this file")

    def _one_more(self, path: Path, origin: Origin | None = None) -> None:
        self.allow(path, origin)
        self.count.append(path)
        if len(self.count) > _MOST_FILES:
            found = f"more than {_MOST_FILES} files belong to this project"
            raise self._failure(path, origin, found, "split the project")

    def _failure(self, path: Path, origin: Origin | None, message: str, hint: str) -> Exception:
        if origin:
            return spec_error([origin.diagnostic(message, hint)])
        return spec_error([Diagnostic(self.name(path), 0, 0, 1, message, hint)])

    def content(self, path: Path, origin: Origin) -> bytes:
        """The content of a file that the spec names.

        Raises:
            SpecError: it can't be read, or must not be; at the place where it is named.
        """
        from reconciler.errors import SpecError
        from reconciler.spec.document import content

        self._one_more(path, origin)
        try:
            return content(path, self.name(path))
        except SpecError as error:
            raise self._failure(path, origin, error.message, error.hint) from None

    def document(self, path: Path, origin: Origin | None = None) -> Document:
        """A file of the spec, parsed.

        Raises:
            SpecError: it can't be read, must not be, or is not a spec's YAML.
        """
        from reconciler.spec.document import parse, read

        name = self.name(path)
        if origin is None:
            self._one_more(path)
            return read(path, name)
        return parse(self.content(path, origin), name)

    def interpolated(self, document: Document) -> Part:
        """The data of a file with variables put in.

        A wrong template is a problem, and so is a variable that is not set, unless this is a Compose file. The value
        is a `Placeholder` then.

        Raises:
            SpecError: there is so much of it, or so much is wrong, that it makes no sense to go on.
        """
        for section in (*SECTIONS, "services"):
            if isinstance(value := document.data.get(section), dict) and len(value) > _MOST_OF_A_KIND:
                message = f"more than {_MOST_OF_A_KIND} {section} in one project"
                raise spec_error([document.diagnostic((section,), message, "split the project", key=True)])
        found: list[tuple[Any, ...]] = []

        def problem(*place: Any) -> None:
            found.append(place)
            if len(found) >= _MOST_TEMPLATES:
                listed = [document.diagnostic_in(*one) for one in found[:MOST]]
                raise spec_error([*listed, document.diagnostic((), *not_listed())])

        def undefined(path: tuple[str | int, ...], offset: int, length: int, message: str, _hint: str) -> None:
            hint = "it counts as empty; set it, or write a default such as ${NAME:-}"
            self.warn(document.diagnostic_in(path, offset, length, message, hint, severity="warning"))

        def used(path: tuple[str | int, ...], use: Use) -> None:
            self.uses.add(document, path, use)

        told = undefined if self.compose else None
        data = interpolate(document.data, self.variables, problem, undefined=told, used=used)
        problems = [document.diagnostic_in(*place) for place in found[:MOST]]
        if more := found[MOST:]:
            raise spec_error([*problems, document.diagnostic((), *not_listed(len(more)))])
        if problems:
            places = placeholders(data)
            self.problems.add_templates(problems, (document.diagnostic(path, "") for path in places))
        return Part(data, Origin(document))


def placeholders(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of each value here that could not be made."""
    if isinstance(value, Placeholder):
        yield path
    elif isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(item, Placeholder | dict | list):
                yield from placeholders(item, (*path, step))


def _is_inside(path: Path, root: Path) -> bool:
    try:
        # Unlike pathlib's resolve(), this one goes on where links go round; to read them fails later.
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
    except ValueError:  # a NUL in it
        return False


def _written(origin: Origin) -> Any:
    """What stands at this place, also where a short syntax stands for the mapping that it is in."""
    return value_at(origin.document.data, in_text(origin.document, origin.path))
