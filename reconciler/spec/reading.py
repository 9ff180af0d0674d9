"""What one load may read, from where variables come, and who hears of warnings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.spec.diagnostics import Diagnostic, spec_error
from reconciler.spec.interpolation import interpolate
from reconciler.spec.origin import Origin, Part
from reconciler.spec.uses import Use, Uses

if TYPE_CHECKING:
    from reconciler.spec.document import Document

Warn = Callable[[Diagnostic], None]

_MOST_FILES = 1000
"""Of one load: files that include each other in ever new ways must come to an end."""


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
        compose: whether the files are Compose files, where an undefined variable is only a warning.
        count: how many files were read, shared by all parts of the load.
        uses: the variables that were put in, likewise.
    """

    folder: Path
    root: Path
    here: Path
    variables: Mapping[str, str]
    trusted: bool
    warn: Warn
    compose: bool = False
    count: list[Path] = field(default_factory=list)
    uses: Uses = field(default_factory=Uses)

    def below(self, folder: Path, variables: Mapping[str, str]) -> Reading:
        """The same load, where it goes on in another folder with other variables."""
        return replace(self, folder=folder, variables=variables)

    def path(self, text: str) -> Path:
        """A path in a spec, absolute."""
        return Path(os.path.normpath(self.folder / Path(text).expanduser()))

    def name(self, path: Path) -> str:
        """The name that the user knows a file by."""
        return str(path.relative_to(self.here)) if path.is_relative_to(self.here) else str(path)

    def allow(self, path: Path, origin: Origin | None = None) -> None:
        """Whether a file may be read.

        Args:
            path: the file.
            origin: where it is named; None where it is the spec itself.

        Raises:
            SpecError: it is outside of the project's folder, and the source is not trusted.
        """
        self.count.append(path)
        if len(self.count) > _MOST_FILES:
            raise self.failure(origin, f"more than {_MOST_FILES} files belong to this project", "split the project")
        if self.trusted:
            return
        real, root = path.resolve(), self.root.resolve()
        if not real.is_relative_to(root):
            message = f'"{self.name(path)}" is outside of the project\'s folder'
            hint = "this source is not trusted: name a file below the project's folder, and no link that leaves it"
            raise self.failure(origin, message, hint)

    def failure(self, origin: Origin | None, message: str, hint: str) -> Exception:
        """The error of a problem at this place; of the spec as a whole where there is none."""
        found = origin.diagnostic(message, hint) if origin else Diagnostic("the spec", 0, 0, 1, message, hint)
        return spec_error([found])

    def content(self, path: Path, origin: Origin) -> bytes:
        """The content of a file that the spec names.

        Raises:
            SpecError: it can't be read, or must not be; at the place where it is named.
        """
        from reconciler.errors import SpecError
        from reconciler.spec.document import content

        self.allow(path, origin)
        try:
            return content(path, self.name(path))
        except SpecError as error:
            raise self.failure(origin, error.message, error.hint) from None

    def document(self, path: Path, origin: Origin | None = None) -> Document:
        """A file of the spec, parsed.

        Raises:
            SpecError: it can't be read, must not be, or is not a spec's YAML.
        """
        from reconciler.spec.document import parse, read

        name = self.name(path)
        if origin is None:
            self.allow(path)
            return read(path, name)
        return parse(self.content(path, origin), name)

    def interpolated(self, document: Document) -> Part:
        """The data of a file with variables put in.

        Raises:
            SpecError: a template is wrong; or a variable is not set, and this is no Compose file.
        """
        problems: list[Diagnostic] = []

        def problem(*place: Any) -> None:
            problems.append(document.diagnostic_in(*place))

        def undefined(path: tuple[str | int, ...], offset: int, length: int, message: str, _hint: str) -> None:
            hint = "it counts as empty; set it, or write a default such as ${NAME:-}"
            self.warn(document.diagnostic_in(path, offset, length, message, hint, severity="warning"))

        def used(path: tuple[str | int, ...], use: Use) -> None:
            self.uses.add(document, path, use)

        told = undefined if self.compose else None
        data = interpolate(document.data, self.variables, problem, undefined=told, used=used)
        if problems:
            raise spec_error(problems)
        return Part(data, Origin(document))
