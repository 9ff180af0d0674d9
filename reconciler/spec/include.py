"""`include`: another project's files become part of this one, each with its own folder and variables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import SpecError
from reconciler.spec.attributes import refusal
from reconciler.spec.contents import variables_of_contents
from reconciler.spec.diagnostics import closest
from reconciler.spec.origin import Part, mapping
from reconciler.spec.reading import MOST_STEPS
from reconciler.spec.relative import made_absolute
from reconciler.spec.scalar import REST
from reconciler.spec.valueless import with_included
from reconciler.spec.variables import variables_of

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.reading import Reading

_SECTIONS = ("containers", "networks", "volumes", "configs", "secrets", "images")
_OF_A_PROJECT = ("name", "version", "spec")
"""What only the including file says."""
_ATTRIBUTES = ("path", "project_directory", "env_file")

Open = Callable[[list[tuple[Path, Part]], "Reading", tuple[Path, ...]], Part]
"""Reads files, given with the places that name them, into one part; the last argument is what is being included."""


def included(part: Part, reading: Reading, chain: tuple[Path, ...], open_files: Open) -> Part:
    """The data of one file, with everything that it includes.

    What can't be included (it can't be read, includes itself, or declares again what is declared here) is a problem,
    and the data is marked with `REST`.

    Args:
        part: the file's data.
        reading: what it may read.
        chain: the files that led here.
        open_files: reads files.
    """
    entries = part.get("include")
    result = part.replaced({"include": None})
    if entries is None:
        return result
    problems: list[Diagnostic] = []
    for entry in entries.elements():
        try:
            other = _entry(entry, reading, chain, open_files, problems)
        except SpecError as error:
            reading.problems.add_failure(error)
            other = None
        result = _imported(result, other, entry, problems) if other else result.incomplete()
    reading.problems.add(problems)
    return result


def _entry(
    entry: Part, reading: Reading, chain: tuple[Path, ...], open_files: Open, problems: list[Diagnostic]
) -> Part | None:
    for name, value in entry.items():
        if name not in _ATTRIBUTES:
            hint = f"known here: {', '.join(_ATTRIBUTES)}"
            problems.append(value.origin.diagnostic(f'unknown attribute "{name}" in include', hint, key=True))
    paths = entry if isinstance(entry.data, str) else entry.get("path")
    if paths is None or not all(isinstance(one.data, str) and one.data for one in paths.elements()):
        problems.append(entry.origin.diagnostic("an include names a file", "write include: [FILE], or path: FILE"))
        return None
    files = [(reading.path(one.data), one) for one in paths.elements()]
    if len(chain) > MOST_STEPS:
        message = f"files include each other more than {MOST_STEPS} deep"
        problems.append(paths.origin.diagnostic(message, "include it further up"))
        return None
    for path, named in files:
        if path in chain:
            circle = " → ".join(reading.name(one) for one in (*chain[chain.index(path) :], path))
            message = f"files include each other in a circle: {circle}"
            problems.append(named.origin.diagnostic(message, "take one of these out"))
            return None
    directory = entry.get("project_directory")
    folder = reading.path(str(directory.data)) if directory else files[0][0].parent
    for path, named in [*files, *([(folder, directory)] if directory else [])]:
        reading.allow(path, named.origin)
    below = reading.below(folder, reading.variables)
    env_file = entry.get("env_file")
    # The including project's variables come first, as in Compose.
    if env_file:
        named_files = [(reading.path(str(one.data)), one.origin) for one in env_file.elements()]
        variables = variables_of(named_files, below)
    elif (default := folder / ".env").is_file():
        variables = variables_of([(default, entry.origin)], below)
    else:
        variables = {}
    below = below.below(folder, {**variables, **reading.variables})
    part = made_absolute(open_files(files, below, chain), below)
    for section, name, variable in variables_of_contents(part):
        if variable in below.variables:
            reading.contents.setdefault((section, name, variable), below.variables[variable])
    return with_included(part, below.variables, below.uses) if reading.compose else part


def _unknown(name: str) -> tuple[str, str]:
    if refused := refusal((), name, "an included file"):
        return refused
    guess = closest(name, (*_SECTIONS, "services", "include"))
    hint = f'did you mean "{guess}"?' if guess else f"known here: {', '.join(_SECTIONS)}, services, include"
    return f'unknown attribute "{name}" in an included file', hint


def _imported(result: Part, other: Part, entry: Part, problems: list[Diagnostic]) -> Part:
    sections: dict[str, Part | None] = {}
    if other.is_incomplete:
        result = result.incomplete()
    for name, value in other.items():
        if name not in (*_SECTIONS, *_OF_A_PROJECT) and not (name == REST and other.is_incomplete):
            problems.append(value.origin.diagnostic(*_unknown(name), key=True))
    for name in _SECTIONS:
        theirs = other.get(name)
        if theirs is None:
            continue
        if not isinstance(theirs.data, dict):
            problems.append(theirs.origin.diagnostic(f'"{name}" must be a mapping', f"write {name}: {{NAME: {{…}}}}"))
            continue
        ours = result.get(name)
        parts = dict(ours.items()) if ours else {}
        for key, value in theirs.items():
            if key in parts and parts[key].data != value.data:
                file = value.origin.document.name
                message = f'"{key}" in `{name}` is declared here, and differently in "{file}", which this file includes'
                hint = "give one of them another name; or change it in a file of its own, given with a further -f"
                problems.append(parts[key].origin.diagnostic(message, hint, key=True))
            parts.setdefault(key, value)
        sections[name] = mapping(parts, ours.origin if ours else entry.origin)
    return result.replaced(sections)
