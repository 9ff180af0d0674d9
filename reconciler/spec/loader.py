"""Files → one Spec: reads them, puts variables in, merges, validates, checks."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.spec.folders import STANDARD_INPUT, compose_files, find
from reconciler.spec.uses import PROJECT_NAME

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.document import Document
    from reconciler.spec.model import Spec
    from reconciler.spec.origin import Part
    from reconciler.spec.provenance import Trace
    from reconciler.spec.reading import Reading

Source = str | Path | Sequence[str | Path]


def load(
    source: Source | None = None,
    *,
    project: str | None = None,
    environ: Mapping[str, str] | None = None,
    profiles: Sequence[str] = (),
    env_files: Sequence[str | Path] = (),
    trusted: bool = True,
    warn: Callable[[Diagnostic], None] | None = None,
    trace: Callable[[Trace], None] | None = None,
    leave_out: bool = False,
    text: bytes | None = None,
) -> Spec:
    """Read one project's spec.

    Args:
        source: a file, a folder, `-` for standard input, several files that are merged in this order, or None for
            the default files of the working folder.
        project: its name, instead of the one that the spec gives.
        environ: the variables for `${NAME}`; none where not given.
        profiles: containers with profiles are wanted if they have one of these, or `*`.
        env_files: files of more variables, instead of the `.env` beside the spec.
        trusted: whether the spec may name files outside of its folder; what comes from elsewhere must not.
        warn: told of each warning.
        trace: told where everything was written, once the spec is valid.
        leave_out: an attribute that is refused by name is left out with a warning, and is no error.
        text: what is on standard input, for who has read it already.

    Raises:
        SpecError: the spec can't be read or is invalid; it lists everything that is wrong.
    """
    here = Path.cwd()
    told = warn or _ignore, trace or _ignore
    asked = _Asked(project, dict(environ or {}), frozenset(profiles), *told, leave_out)
    if source in (STANDARD_INPUT, [STANDARD_INPUT], (STANDARD_INPUT,)):
        return _Load(asked, here, here, trusted, env_files).from_text(sys.stdin.buffer.read() if text is None else text)
    files = files_of(source, asked.environ, here)
    return _Load(asked, files[0].parent, here, trusted, env_files).from_files(files)


def files_of(source: Source | None, environ: Mapping[str, str], here: Path) -> list[Path]:
    """The files of the one project that is meant, absolute.

    Args:
        source: as for `load`; COMPOSE_FILE may say it where it is not given.
        environ: where that variable is looked up; and in the `.env` of the working folder.
        here: the working folder.

    Raises:
        SpecError: there is none, or a folder has several projects.
    """
    files = compose_files({**_beside(here), **environ}, here) if not source else []
    # Links stay, ".." does not.
    return [Path(os.path.abspath(path)) for path in files or find(source, here)]  # noqa: PTH100


def _ignore(_told: object) -> None:
    return None


def _beside(folder: Path) -> dict[str, str]:
    """The variables of the working folder's `.env`, which may name the Compose files."""
    path = folder / ".env"
    if not path.is_file():
        return {}
    from reconciler.spec.document import content
    from reconciler.spec.env_file import parse_variables

    return parse_variables(content(path, path.name), path.name, {})[0]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What who loads asked for."""

    project: str | None
    environ: Mapping[str, str]
    profiles: frozenset[str]
    warn: Callable[[Diagnostic], None]
    trace: Callable[[Trace], None]
    leave_out: bool


class _Load:
    """One load: from files, or from a text."""

    def __init__(self, asked: _Asked, folder: Path, here: Path, trusted: bool, env_files: Sequence[str | Path]) -> None:
        from reconciler.spec.reading import Reading
        from reconciler.spec.variables import variables_of

        self._asked = asked
        reading = Reading(folder, folder, here, asked.environ, trusted, asked.warn)
        default = folder / ".env"
        beside = [default] if default.is_file() else []
        named = [here / path for path in env_files] or beside
        variables = variables_of([(path, None) for path in named], reading)
        self._reading = reading.below(folder, {**variables, **asked.environ})

    def from_text(self, text: bytes) -> Spec:
        from reconciler.spec.document import parse

        return self._spec([parse(text, "<stdin>")], ())

    def from_files(self, files: Sequence[Path]) -> Spec:
        return self._spec([self._reading.document(path) for path in files], tuple(files))

    def _spec(self, documents: list[Document], chain: tuple[Path, ...]) -> Spec:
        from reconciler.spec import compose  # pydantic costs 60 ms: only who loads pays
        from reconciler.spec.checks import check
        from reconciler.spec.diagnostics import spec_error
        from reconciler.spec.doors import is_compose
        from reconciler.spec.origin import Written
        from reconciler.spec.provenance import Trace
        from reconciler.spec.validation import validate

        reading = replace(self._reading, compose=is_compose(documents))
        name = self._name(documents, reading)
        reading = reading.below(reading.folder, {**reading.variables, PROJECT_NAME: name})
        part = _merged(documents, reading, chain)
        problems: list[Diagnostic] = []
        inactive = compose.inactive(part, self._profiles(reading), problems)
        if problems:
            raise spec_error(problems)
        part = compose.resolved(part, reading, inactive)
        if self._asked.leave_out:
            part = _without_refused(part, reading)
        compose_labels = {"compose_labels": True} if reading.compose else {}
        given = (part.data or {}).get("name")
        # What is no text is no name, which validation says without showing it.
        data = {**(part.data or {}), "name": given if isinstance(given, dict | list) else name, **compose_labels}
        text = Written(part)
        spec = validate(text, data, reading.folder)
        if not (spec.containers or spec.images or spec.networks or spec.volumes):
            # Most likely a mistake, and carried out it would remove everything.
            message = "the spec declares nothing"
            raise spec_error([documents[0].diagnostic((), message, "to remove a project use `reconciler down`")])
        spec = compose.selected(spec, text, inactive, only_used=reading.compose)
        for image in spec.images.values():
            if image.import_:
                reading.allow(image.import_)
        check(spec, text, reading.warn)
        self._asked.trace(Trace(part, reading.uses))
        return spec

    def _profiles(self, reading: Reading) -> frozenset[str]:
        return self._asked.profiles | set(filter(None, reading.variables.get("COMPOSE_PROFILES", "").split(",")))

    def _name(self, documents: list[Document], reading: Reading) -> str:
        """The project's name; known before the files are read in full, since they may use it."""
        from reconciler.spec.interpolation import interpolate

        if self._asked.project:
            return self._asked.project
        if reading.compose and (name := reading.variables.get(PROJECT_NAME)):
            return name
        for document in reversed(documents):
            given = document.data.get("name")
            if given and isinstance(given, str):
                # What is wrong with it is said when the whole file is read.
                return str(interpolate(given, reading.variables, lambda *_: None))
        return _folder_name(reading.folder)


def _merged(documents: list[Document], reading: Reading, chain: tuple[Path, ...]) -> Part:
    """The files' data as one, with all that they extend and include."""
    from reconciler.errors import SpecError
    from reconciler.spec.diagnostics import spec_error
    from reconciler.spec.doors import opened
    from reconciler.spec.extends import extended
    from reconciler.spec.include import included
    from reconciler.spec.merge import merge, unmarked

    def open_files(files: list[tuple[Path, Part]], below: Reading, before: tuple[Path, ...]) -> Part:
        paths = tuple(path for path, _ in files)
        return _merged([below.document(path, named.origin) for path, named in files], below, (*before, *paths))

    problems: list[Diagnostic] = []
    result: Part | None = None
    for document in documents:
        try:
            part = included(extended(opened(reading.interpolated(document)), reading), reading, chain, open_files)
        except SpecError as error:
            problems += error.diagnostics  # the other files may have problems too
            continue
        result = unmarked(part) if result is None else merge(result, part, problems)
    if problems or result is None:
        raise spec_error(problems)
    return result


def _without_refused(part: Part, reading: Reading) -> Part:
    from reconciler.spec.origin import Part
    from reconciler.spec.refused import refusals, without

    data = part.data
    for refusal in refusals(data):
        origin = part.origin.find(refusal.path)
        reading.warn(
            origin.diagnostic(f"{refusal.message}; it is left out", refusal.hint, key=True, severity="warning")
        )
        data = without(data, refusal.path)
    return Part(data, part.origin)


def _folder_name(folder: Path) -> str:
    """Compose's rule: the folder's name, lowercase, without what a project name can't have."""
    return re.sub(r"^[_-]+", "", re.sub(r"[^a-z0-9_-]", "", folder.name.lower())) or "default"
