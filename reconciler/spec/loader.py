"""Files → one Spec: reads them, puts variables in, merges, validates, checks."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.spec.folders import STANDARD_INPUT, compose_files, find
from reconciler.spec.project_names import hint, is_name, normalised, project_name
from reconciler.spec.uses import PROJECT_NAME

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.document import Document
    from reconciler.spec.model import Spec
    from reconciler.spec.origin import Part
    from reconciler.spec.places import Text
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

    Raises:
        SpecError: the spec can't be read or is invalid; it lists everything that is wrong.
    """
    asked = Asked(
        project,
        dict(environ or {}),
        frozenset(profiles),
        tuple(map(Path, env_files)),
        trusted,
        warn or _ignore,
        trace or _ignore,
    )
    here = Path.cwd()
    if is_standard_input(source):
        return load_text(sys.stdin.buffer.read(), here, asked).spec
    return load_files(files_of(source, asked.environ, here, asked.env_files, trusted=trusted), here, asked).spec


def is_standard_input(source: Source | None) -> bool:
    """Whether the spec comes from standard input."""
    return source in (STANDARD_INPUT, [STANDARD_INPUT], (STANDARD_INPUT,))


def files_of(
    source: Source | None,
    environ: Mapping[str, str],
    here: Path,
    env_files: Sequence[str | Path] = (),
    *,
    trusted: bool = True,
) -> list[Path]:
    """The files of the one project that is meant, absolute.

    Args:
        source: as for `load`; COMPOSE_FILE may say it where it is not given.
        environ: where that variable is looked up; and in the `.env` of the working folder.
        here: the working folder.
        env_files: as for `load`: looked in instead of that `.env`.
        trusted: whether that `.env` may name files.

    Raises:
        SpecError: there is none, or a folder has several projects.
    """
    files = [] if source else named_by_environment(environ, here, env_files, trusted=trusted)
    return [_absolute(path) for path in files or find(source, here)]


def named_by_environment(
    environ: Mapping[str, str], here: Path, env_files: Sequence[str | Path] = (), *, trusted: bool = True
) -> list[Path]:
    """The files that COMPOSE_FILE names, where none is named otherwise; as for `files_of`."""
    if named := _env_files(env_files, environ):  # who loads names them, and not the source
        variables = _variables([here / path for path in named], environ)
    elif trusted and not _without_dot_env(environ):
        variables = _variables([path for path in [here / ".env"] if path.is_file()], environ)
    else:
        variables = {}
    return compose_files({**variables, **environ}, here)


def _absolute(path: Path) -> Path:
    # Links stay, ".." does not.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _ignore(_told: object) -> None:
    return None


def _variables(files: Sequence[Path], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of these files, which may name the Compose files. Their warnings are told when they are loaded."""
    if not files or "COMPOSE_FILE" in environ:
        return {}
    from reconciler.spec.document import content
    from reconciler.spec.env_file import parse_variables

    found: dict[str, str] = {}
    for path in files:
        found |= parse_variables(content(path, path.name), path.name, environ, earlier=found)[0]
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What who loads asked for.

    Attributes:
        project: the project's name, instead of the one that the spec gives.
        environ: the variables for `${NAME}`.
        profiles: containers with profiles are wanted if they have one of these, or `*`.
        env_files: files of more variables, instead of the `.env` beside the spec.
        trusted: whether the spec may name files outside of its folder.
        warn: told of each warning.
        trace: told where everything was written, once the spec is valid.
        leave_out: whether an attribute that is refused by name is left out with a warning, rather than an error.
        reads: filled with the files that are read, each as soon as it is; for one load.
    """

    project: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    profiles: frozenset[str] = frozenset()
    env_files: tuple[Path, ...] = ()
    trusted: bool = True
    warn: Callable[[Diagnostic], None] = _ignore
    trace: Callable[[Trace], None] = _ignore
    leave_out: bool = False
    reads: list[Path] = field(default_factory=list)


class Loaded(NamedTuple):
    """A spec, and the text that it was read from, for positions."""

    spec: Spec
    text: Text


def load_files(files: Sequence[Path], here: Path, asked: Asked) -> Loaded:
    """Read the spec that these files, merged in this order, make.

    Args:
        files: absolute.
        here: the working folder: files below it are named relative to it.
        asked: with what.

    Raises:
        SpecError: as for `load`.
    """
    reading = _reading(files[0].parent, here, asked, _dot_env_folders(files, here, asked))
    return _loaded([reading.document(path) for path in files], tuple(files), reading, asked)


def load_text(text: bytes, here: Path, asked: Asked) -> Loaded:
    """Read a spec from standard input.

    Args:
        text: what it holds.
        here: the working folder: relative paths are relative to it.
        asked: with what.

    Raises:
        SpecError: as for `load`.
    """
    from reconciler.spec.document import parse

    return _loaded([parse(text, "<stdin>")], (), _reading(here, here, asked, [here]), asked)


def _env_files(given: Sequence[str | Path], environ: Mapping[str, str]) -> Sequence[str | Path]:
    """The files of variables that count instead of `.env`."""
    return given or [name for name in environ.get("COMPOSE_ENV_FILES", "").split(",") if name]


def _without_dot_env(environ: Mapping[str, str]) -> bool:
    return environ.get("COMPOSE_DISABLE_ENV_FILE", "").lower() in {"1", "t", "true"}


def _dot_env_folders(files: Sequence[Path], here: Path, asked: Asked) -> list[Path]:
    """Whose `.env` counts, the strongest first: where COMPOSE_FILE names the files, the working folder's too."""
    folder = files[0].parent
    if not asked.trusted or folder == here:
        return [folder]
    named = [_absolute(path) for path in named_by_environment(asked.environ, here)]
    return [here, folder] if named == [*files] else [folder]


def _reading(folder: Path, here: Path, asked: Asked, dot_env_folders: Sequence[Path]) -> Reading:
    from reconciler.spec.reading import Reading
    from reconciler.spec.variables import variables_of

    reading = Reading(folder, folder, here, asked.environ, asked.trusted, asked.warn, count=asked.reads)
    if named := _env_files(asked.env_files, asked.environ):  # who loads names them, and not the source
        variables = variables_of([(here / path, None) for path in named], replace(reading, trusted=True))
        return reading.below(folder, {**variables, **asked.environ})
    if _without_dot_env(asked.environ):
        return reading
    for default in [one / ".env" for one in dot_env_folders]:
        if default.is_file():
            variables = variables_of([(default, None)], reading)
            reading = reading.below(folder, {**variables, **reading.variables})
    return reading


def _loaded(documents: list[Document], chain: tuple[Path, ...], reading: Reading, asked: Asked) -> Loaded:
    # pydantic costs 60 ms: only who loads pays
    from reconciler.spec import checks, compose
    from reconciler.spec.contents import with_variables
    from reconciler.spec.doors import is_compose
    from reconciler.spec.origin import Written
    from reconciler.spec.provenance import Trace
    from reconciler.spec.validation import validate

    reading = replace(reading, compose=is_compose(documents))
    problems = reading.problems
    name = _name(documents, reading, asked)
    # What is wrong with the name is said of the name, not of where it is used.
    reading = reading.below(reading.folder, {**reading.variables, PROJECT_NAME: project_name(name)})
    part = _merged(documents, reading, chain)
    profiles = asked.profiles | set(filter(None, reading.variables.get("COMPOSE_PROFILES", "").split(",")))
    inactive = compose.inactive(part, profiles, problems)
    part = compose.resolved(part, reading, inactive)
    if asked.leave_out:
        part = _without_refused(part, reading)
    compose_labels = {"compose_labels": True} if reading.compose else {}
    given = (part.data or {}).get("name")
    # What is no text is no name, which validation says without showing it.
    data = {**(part.data or {}), "name": given if isinstance(given, dict | list) else name, **compose_labels}
    text = Written(part)
    spec = validate(text, data, reading.folder, problems)
    if spec is None:
        raise problems.error()
    if not problems and not (spec.containers or spec.images or spec.networks or spec.volumes):
        # Most likely a mistake, and carried out it would remove everything.
        hint = "to remove a project use `reconciler down`"
        problems.add([documents[0].diagnostic((), "the spec declares nothing", hint)])
    spec = compose.selected(spec, text, inactive, problems, only_used=reading.compose)
    spec = with_variables(spec, reading.variables, reading.contents)
    if not reading.trusted:
        spec = _within(spec, part, reading)
    if reading.compose:
        spec = compose.with_jobs(compose.with_stop_first(spec, text, reading.warn))
    for found in checks.problems(spec, text):
        if found.severity == "warning":
            reading.warn(found)
        else:
            problems.add([found])
    if problems:
        raise problems.error()
    asked.trace(Trace(part, reading.uses))
    return Loaded(spec, text)


def _within(spec: Spec, part: Part, reading: Reading) -> Spec:
    """The spec without images that name something outside of the project's folder: all that do so are problems."""
    from reconciler.errors import SpecError
    from reconciler.spec.named_files import named_files

    images = dict(spec.images)
    for place, path in named_files(spec):
        try:
            reading.allow(path, part.origin.find(place))
        except SpecError as error:
            reading.problems.add_failure(error)
            if place[0] == "images":
                images.pop(str(place[1]), None)
    return spec.model_copy(update={"images": images})


def _name(documents: list[Document], reading: Reading, asked: Asked) -> str:
    """The project's name; known before the files are read in full, since they may use it."""
    from reconciler.spec.interpolation import interpolate
    from reconciler.spec.scalar import Placeholder, Scalar

    if asked.project:
        return _asked_name(asked.project, "--project")
    if reading.compose and (name := reading.variables.get(PROJECT_NAME)):
        return _asked_name(name, PROJECT_NAME)
    # What is wrong with it is said when the whole file is read.
    undefined = _ignore_place if reading.compose else None
    for document in reversed(documents):
        given = document.data.get("name")
        if given and isinstance(given, str):
            found = interpolate(given, reading.variables, _ignore_place, undefined=undefined)
            if reading.compose and not isinstance(found, Placeholder):
                found = normalised(found) or found
            return found if isinstance(found, Scalar) else str(found)
    return project_name(reading.folder.name)


def _ignore_place(*_place: object) -> None:
    return None


def _asked_name(name: str, by: str) -> str:
    """A name that does not stand in the spec: what is wrong with it is said of who gave it."""
    from reconciler.errors import SpecError

    if not is_name(name):
        raise SpecError(f'{by}: "{name}" is not a project name', hint(name))
    return name


def _merged(documents: list[Document], reading: Reading, chain: tuple[Path, ...]) -> Part:
    """The files' data as one, with all that they extend and include."""
    from reconciler.spec.doors import opened
    from reconciler.spec.extends import extended
    from reconciler.spec.include import included
    from reconciler.spec.merge import merge, unmarked

    def open_files(files: list[tuple[Path, Part]], below: Reading, before: tuple[Path, ...]) -> Part:
        paths = tuple(path for path, _ in files)
        return _merged([below.document(path, named.origin) for path, named in files], below, (*before, *paths))

    problems: list[Diagnostic] = []
    parts = [
        included(extended(opened(reading.interpolated(document)), reading), reading, chain, open_files)
        for document in documents
    ]
    result = unmarked(parts[0])
    for part in parts[1:]:
        result = merge(result, part, problems)
    reading.problems.add(problems)
    return result


def _without_refused(part: Part, reading: Reading) -> Part:
    from reconciler.spec.origin import Part
    from reconciler.spec.refused import refusals, without

    data = part.data
    for refusal in refusals(data):
        origin = part.origin.find(refusal.path)
        message = f"{refusal.message}; it is left out"
        reading.warn(origin.diagnostic(message, refusal.hint, key=True, severity="warning"))
        data = without(data, refusal.path)
    return Part(data, part.origin)
