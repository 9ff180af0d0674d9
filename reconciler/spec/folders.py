"""Which files make a project: those that are named, or the default ones of a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.errors import SpecError

STANDARD_INPUT = "-"
NATIVE_FILES = ("reconciler.yaml", "reconciler.yml")
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
DEFAULT_FILES = (*NATIVE_FILES, *COMPOSE_FILES)
"""Looked for in this order where no file is named: ours, then Compose's."""
_ENDINGS = (".yaml", ".yml")


def default_files(folder: Path) -> list[Path]:
    """The default file of a folder, with its override file; none where the folder has no default file."""
    for name in DEFAULT_FILES:
        if _is_file(folder / name):
            stem = Path(name).stem
            overrides = [folder / f"{stem}.override{ending}" for ending in _ENDINGS]
            return [folder / name, *[path for path in overrides if _is_file(path)][:1]]
    return []


def find(source: str | Path | Sequence[str | Path] | None, folder: Path) -> list[Path]:
    """The files of the one project that is meant.

    Args:
        source: a file, a folder, several files, or None for the default files in `folder`.
        folder: what a relative source is relative to.

    Raises:
        SpecError: there is none, or a folder has several projects.
    """
    if source is not None and not isinstance(source, str | Path):
        if len(source) > 1:
            return [folder / one for one in source]
        source = source[0] if source else None
    path = folder / source if source is not None else folder
    if not path.is_dir():
        return [path]
    if found := default_files(path):
        return found
    projects = sorted(file for file in path.iterdir() if file.suffix in _ENDINGS and file.is_file())
    if len(projects) == 1 and source is not None:
        return projects
    if source is not None and projects:
        names = ", ".join(file.name for file in projects)
        raise SpecError(f'"{source}" holds several specs: {names}', "name one of them with -f")
    if source is None and (above := _above(folder)):
        hint = f"a spec is looked for in the working folder alone: write -f {above}, or go there"
        raise SpecError(f"there is no spec here, only above: {above}", hint)
    where = f'in "{source}"' if source is not None else "here"
    raise SpecError(f"there is no spec {where}", f"write {DEFAULT_FILES[0]}, or name a file with -f")


def _above(folder: Path) -> str:
    """The nearest default file of a folder above, which Compose would use; seen from here."""
    found = next(filter(None, map(default_files, folder.parents)), None)
    return os.path.relpath(found[0], folder) if found else ""


def compose_files(environ: Mapping[str, str], folder: Path) -> list[Path]:
    """The files that COMPOSE_FILE names, which holds where none is named and no file of ours is there."""
    text = environ.get("COMPOSE_FILE", "")
    if not text or any((folder / name).is_file() for name in NATIVE_FILES):
        return []
    separator = environ.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
    return [folder / os.path.expanduser(name) for name in text.split(separator) if name]  # noqa: PTH111 - see reading.py


def find_all(folder: Path, *, trusted: bool = True) -> list[list[Path]]:
    """The files of each project in a folder, sorted.

    A folder with a default file is one project. In any other, each file with `containers:` or `services:` is one,
    and so is each subfolder with a default file. As in a shell, `*.yaml` is no hidden file.

    Args:
        folder: which.
        trusted: whether links may be followed; else each is taken for a spec, for the loader to refuse.

    Raises:
        SpecError: it can't be read.
    """
    if found := default_files(folder):
        return [found]
    entries = _entries(folder)
    projects = [[path] for path in entries if _is_spec(path, trusted)]
    return projects + [files for path in entries if (files := default_files(path))]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SpecError(f'"{folder}" can\'t be read: {reason}', "check the path, and who may read it") from None


def _is_file(path: Path) -> bool:
    # pathlib's raises where the folder must not be looked into.
    return os.path.isfile(path)  # noqa: PTH113


def _is_spec(path: Path, trusted: bool) -> bool:
    """Whether a file is a spec; one that can't be read may be: its own errors are to be seen."""
    from reconciler.spec.document import read

    if path.suffix not in _ENDINGS or not _is_file(path):
        return False
    if not trusted and path.is_symlink():
        return True
    try:
        data = read(path).data
    except SpecError:
        return True
    return "containers" in data or "services" in data
