"""Several projects of one run: each is loaded on its own, then they are held against each other."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import SpecError
from reconciler.spec.folders import find, find_all
from reconciler.spec.loader import Asked, Source, files_of, is_standard_input, load_files, load_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.loader import Loaded
    from reconciler.spec.model import Spec


@dataclass(frozen=True, slots=True)
class Project:
    """One project of a run, valid or not.

    Attributes:
        files: of the project, absolute; none for standard input. Where none was found, the folder that was asked for.
        spec: what it wants; None where it is invalid.
        error: what is wrong; None where it is valid.
        warnings: in the order in which they were found.
        reads: all files that were read, as far as it came.
    """

    files: tuple[Path, ...]
    spec: Spec | None = None
    error: SpecError | None = None
    warnings: tuple[Diagnostic, ...] = ()
    reads: tuple[Path, ...] = ()

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Errors and warnings, sorted by position."""
        from reconciler.spec.diagnostics import Diagnostic

        found = [*self.warnings]
        if self.error:
            nowhere = Diagnostic(self.names(Path.cwd())[0], 0, 0, 1, self.error.message, self.error.hint)
            found += self.error.diagnostics or [nowhere]
        return sorted(found, key=lambda one: one.position)

    def names(self, here: Path) -> list[str]:
        """The names that the user knows its files by.

        Args:
            here: the working folder: files below it are named relative to it.
        """
        return [_name(path, here) for path in self.files] or ["<stdin>"]


def load_one(source: Source | None, text: bytes | None, asked: Asked) -> Project:
    """The one project that is meant, as for `load`; what is wrong is in it, not raised.

    Args:
        source: as for `load`.
        text: what standard input holds, where that is the source.
        asked: with what.
    """
    here = Path.cwd()
    try:
        files = (
            ()
            if is_standard_input(source)
            else tuple(files_of(source, asked.environ, here, asked.env_files, trusted=asked.trusted))
        )
    except SpecError as error:
        path = source if isinstance(source, str | Path) else (source or ["."])[0]
        return Project((here / path,), error=error)
    load = partial(load_files, files, here) if files else partial(load_text, text or b"", here)
    return _project(files, load, asked)[0]


def load_all(
    paths: Sequence[str | Path],
    *,
    environ: Mapping[str, str] | None = None,
    profiles: Sequence[str] = (),
    env_files: Sequence[str | Path] = (),
    trusted: bool = True,
) -> list[Project]:
    """Every project in these files and folders. A broken one does not stop the others.

    A file is a project of its own. A folder with a default file is one, with its override file; in any other, each
    file with `containers:` or `services:` is one, and so is each subfolder with a default file.

    Args:
        paths: of files and folders.
        environ: as for `load`, as are the others.
        profiles: likewise.
        env_files: likewise.
        trusted: likewise; what is outside of a folder is no project of it then.

    Returns:
        Each once, in the order of the paths, sorted within a folder. One that another one stands in the way of is
        invalid: of two that have the same name, or the same container, network or volume, or that publish the same
        host port, it is the later.
    """
    here = Path.cwd()
    asked = Asked(None, dict(environ or {}), frozenset(profiles), tuple(map(Path, env_files)), trusted)
    found: dict[tuple[Path, ...], tuple[Project, Loaded | None]] = {}
    for path in paths:
        for files, error in _found(path, here, trusted):
            if files in found:
                continue
            if error:
                found[files] = (Project(files, error=error), None)
            else:
                found[files] = _project(files, partial(load_files, files, here), asked)
    return _beside_each_other(list(found.values()), here)


def _found(given: str | Path, here: Path, trusted: bool) -> list[tuple[tuple[Path, ...], SpecError | None]]:
    """The files of each project here; or the path, and what is wrong with it."""
    path = Path(os.path.abspath(here / given))  # noqa: PTH100 - links stay, ".." does not
    if not os.path.isdir(path):  # noqa: PTH112 - pathlib's raises where the folder must not be looked into
        return [((path,), None)]
    try:
        groups = find_all(path, trusted=trusted) or [find(given, here)]
    except SpecError as error:
        return [((path,), error)]
    return [(tuple(files), None if trusted else _escape(files[0].parent, path)) for files in groups]


def _escape(folder: Path, root: Path) -> SpecError | None:
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root)):
        return None
    return SpecError(f'"{folder.name}" is a link that leaves the folder', "this source is not trusted: take it out")


def _project(files: tuple[Path, ...], load: Callable[[Asked], Loaded], asked: Asked) -> tuple[Project, Loaded | None]:
    warnings: list[Diagnostic] = []

    def warn(warning: Diagnostic) -> None:
        warnings.append(warning)
        asked.warn(warning)

    reads: list[Path] = []
    try:
        loaded = load(replace(asked, warn=warn, reads=reads))
    except SpecError as error:
        return Project(files, error=error, warnings=tuple(warnings), reads=tuple(reads)), None
    return Project(files, loaded.spec, warnings=tuple(warnings), reads=tuple(reads)), loaded


def _beside_each_other(found: list[tuple[Project, Loaded | None]], here: Path) -> list[Project]:
    projects = [project for project, _ in found]
    sound = [number for number, (_, loaded) in enumerate(found) if loaded]
    if len(sound) < 2:
        return projects
    from reconciler.spec.checks.across import Member, problems
    from reconciler.spec.diagnostics import spec_error

    members = [Member(projects[number].names(here)[0], *loaded) for number, (_, loaded) in enumerate(found) if loaded]
    wrong: dict[int, list[Diagnostic]] = {}
    for member, problem in problems(members):
        wrong.setdefault(sound[member], []).append(problem)
    for number, diagnostics in wrong.items():
        projects[number] = replace(projects[number], spec=None, error=spec_error(diagnostics))
    return projects


def _name(path: Path, here: Path) -> str:
    return (str(path.relative_to(here)) or ".") if path.is_relative_to(here) else str(path)
