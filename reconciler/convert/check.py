"""Whether what a conversion comes to loads: nothing is printed that does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.convert.result import Conversion
from reconciler.convert.short import shortened
from reconciler.errors import SpecError, UsageError
from reconciler.spec.refused import refusals, without
from reconciler.spec.writing import spec_yaml

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.model import Spec

_VARIABLE = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)")
_ATTRIBUTE = re.compile(r" {4}([a-z_]+):")
_ANY = "1"
"""Stands for a variable that is not set: it is good for a text, a number, a port, a size."""


def variables(data: Any) -> list[str]:
    """The names of the variables in this data, each once, in their order."""
    return list(dict.fromkeys(found[1] for found in _VARIABLE.finditer(spec_yaml(data)) if found[1]))


def checked(
    conversion: Conversion,
    environ: Mapping[str, str],
    flags: Mapping[str, str] | None = None,
) -> Conversion:
    """The conversion as it loads: without what is refused by name, which is noted.

    Args:
        conversion: of one container.
        environ: the variables that are set.
        flags: the flag that each attribute came from. With it, what is wrong is the user's error; without, the
            attribute at fault is left out too, with a note.

    Raises:
        UsageError: something is wrong; with the flag.
    """
    data, notes = conversion.data, list(conversion.notes)
    for refusal in list(refusals(data)):
        flag = (flags or {}).get(str(refusal.path[2])) if len(refusal.path) > 2 else None
        instead = f"; {refusal.hint}" if refusal.hint != "leave it out" else ""
        notes.append(f"{f'{flag}: ' if flag else ''}{refusal.message}; it is left out{instead}")
        data = without(data, refusal.path)
    known = {**dict.fromkeys(variables(data), _ANY), **environ}
    while problems := _problems(data, known):
        first, attribute = problems[0]
        if flags is not None or not attribute or attribute == "image":
            raise _error(problems, flags or {})
        notes.append(f"{attribute} is left out: {first.message}")
        container = next(iter(data["containers"]))
        data = without(data, ("containers", container, attribute))
    return Conversion(data, tuple(notes))


def tidied(conversion: Conversion) -> Conversion:
    """A conversion that loads and has no variables, as a person would write it."""
    from reconciler.spec.writing import native

    return Conversion(shortened(native(loaded(conversion.data, {}))), conversion.notes)


def loaded(data: Mapping[str, Any], environ: Mapping[str, str]) -> Spec:
    """The spec that this native data is, in the working folder.

    Raises:
        SpecError: it is not valid.
    """
    from reconciler.spec.loader import Asked, load_text  # pydantic costs 60 ms

    return load_text(spec_yaml(data).encode(), Path.cwd(), Asked(environ=environ)).spec


def _problems(data: Mapping[str, Any], known: Mapping[str, str]) -> list[tuple[Diagnostic, str]]:
    """What is wrong, and the container's attribute that it is about; empty where it is none of them."""
    try:
        loaded(data, known)
    except SpecError as error:
        text = spec_yaml(data)
        return [(problem, _attribute(text, problem.line)) for problem in error.diagnostics]
    return []


def _attribute(text: str, line: int) -> str:
    """The attribute of a container on this line of the YAML, from 1, or around it."""
    for above in reversed(text.splitlines()[:line]):
        if found := _ATTRIBUTE.match(above):
            return found[1]
        if not above.startswith("  "):
            break
    return ""


def _error(problems: list[tuple[Diagnostic, str]], flags: Mapping[str, str]) -> UsageError:
    first, attribute = problems[0]
    where = flags.get(attribute) or attribute
    more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
    return UsageError(f"{where}: {first.message}{more}" if where else f"{first.message}{more}", first.hint)
