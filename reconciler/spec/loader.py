"""Files → one Spec: finds the file, reads it, puts variables in, validates, checks."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import SpecError

if TYPE_CHECKING:
    from reconciler.spec.document import Document
    from reconciler.spec.model import Spec

STANDARD_INPUT = "-"
DEFAULT_FILES = (
    "reconciler.yaml",
    "reconciler.yml",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
)
"""Looked for in this order where no file is named: ours, then Compose's."""


def find(source: str | Path | None, folder: Path) -> Path:
    """The file that is meant.

    Args:
        source: a file, a folder, or None for the default files in `folder`.
        folder: what a relative source is relative to.

    Raises:
        SpecError: there is none, or a folder has several.
    """
    path = folder / source if source is not None else folder
    if not path.is_dir():
        return path
    for name in DEFAULT_FILES:
        if (path / name).is_file():
            return path / name
    found = sorted(file for file in path.iterdir() if file.suffix in {".yaml", ".yml"} and file.is_file())
    if len(found) == 1 and source is not None:
        return found[0]
    if source is not None and found:
        names = ", ".join(file.name for file in found)
        raise SpecError(f'"{source}" holds several specs: {names}', "name one of them with -f")
    where = f'in "{source}"' if source is not None else "here"
    raise SpecError(f"there is no spec {where}", f"write {DEFAULT_FILES[0]}, or name a file with -f")


def load(
    source: str | Path | None = None, *, project: str | None = None, environ: Mapping[str, str] | None = None
) -> Spec:
    """Read one project's spec.

    Args:
        source: a file, a folder, `-` for standard input, or None for the default files of the working folder.
        project: its name, instead of the one that the spec gives.
        environ: the variables for `${NAME}`; none where not given.

    Raises:
        SpecError: the spec can't be read or is invalid; it lists everything that is wrong.
    """
    from reconciler.spec.document import parse, read  # yaml costs 30 ms: only who loads pays

    here = Path.cwd()
    if source == STANDARD_INPUT:
        return _build(parse(sys.stdin.buffer.read(), "<stdin>"), here, project, environ or {})
    path = find(source, here)
    shown = str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
    return _build(read(path, shown), path.resolve().parent, project, environ or {})


def _build(document: Document, folder: Path, project: str | None, environ: Mapping[str, str]) -> Spec:
    from reconciler.spec.checks import check  # pydantic costs 60 ms: only who loads pays
    from reconciler.spec.diagnostics import spec_error
    from reconciler.spec.interpolation import interpolate
    from reconciler.spec.validation import validate

    problems = []
    data: dict[str, Any] = interpolate(
        document.data, environ, lambda *place: problems.append(document.diagnostic_in(*place))
    )
    if problems:
        raise spec_error(problems)
    name = project or data.get("name") or _folder_name(folder)
    spec = validate(document, {**data, "name": name}, folder)
    if not (spec.containers or spec.images or spec.networks or spec.volumes):
        # Most likely a mistake, and carried out it would remove everything.
        raise spec_error(
            [document.diagnostic((), "the spec declares nothing", "to remove a project use `reconciler down`")]
        )
    check(spec, document)
    return spec


def _folder_name(folder: Path) -> str:
    """Compose's rule: the folder's name, lowercase, without what a project name can't have."""
    return re.sub(r"^[_-]+", "", re.sub(r"[^a-z0-9_-]", "", folder.name.lower())) or "default"
