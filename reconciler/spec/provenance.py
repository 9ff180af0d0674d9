"""Where each value of a resolved spec came from: the place where it was written, and the variables that made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.spec.origin import Origin, Part
from reconciler.spec.places import index_of, ports_of
from reconciler.spec.uses import Path_, Place, Use, Uses


@dataclass(frozen=True, slots=True)
class Trace:
    """What a load leaves behind, by which its values can be found again.

    Attributes:
        part: the data of all files as one, with variables put in.
        uses: those variables.
    """

    part: Part
    uses: Uses


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one value came from.

    Attributes:
        place: where it was written; of what a value in another form stands for, where that is written.
        variables: those that had a part in it.
    """

    place: Place
    variables: tuple[Use, ...]


def provenance(data: Mapping[str, Any], trace: Trace) -> dict[Path_, Provenance]:
    """Where each value came from, by its path; all that no file says is left out.

    Args:
        data: a spec as `writing.native` gives it.
        trace: of the load that made it.
    """
    found = {}
    for section, value in data.items():
        part = trace.part.get(section)
        # The project's name may be the command's or the folder's instead.
        if part is None or (isinstance(value, str) and value != str(part.data)):
            continue
        for path, origin in _origins(value, part, (section,)):
            given = origin.elsewhere
            uses = trace.uses.of(origin.document, origin.path) if given is None else given.uses
            found[path] = Provenance(origin.place, uses)
    return found


def _origins(value: Any, part: Part, path: Path_) -> Iterator[tuple[Path_, Origin]]:
    """Each single value below here, with where it was written.

    Args:
        value: native data.
        part: what it was made from, or the nearest that is known.
        path: of the value.
    """
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _origins(item, _under(part, key), (*path, key))
    elif isinstance(value, list) and value:
        for index, (item, one) in enumerate(zip(value, _items(value, part, path), strict=True)):
            yield from _origins(item, one, (*path, index))
    else:
        yield path, part.origin


def _under(part: Part, key: str) -> Part:
    if isinstance(part.data, dict) and key in part.data:
        return part.at(key)
    index = index_of(part.data, key) if isinstance(part.data, list) else None
    return part if index is None else part.at(index)


def _items(value: list[Any], part: Part, path: Path_) -> list[Part]:
    """What each item was made from: the item as it was written, or all of the list."""
    if not isinstance(part.data, list):
        return [part] * len(value)
    parts = part.elements()
    if path[-1] == "ports":
        parts = [one for one in parts for _ in range(ports_of(one.data) or 1)]
    if not isinstance(value[0], dict | list):
        by_text = {str(one.data).replace("$", "$$"): one for one in reversed(parts)}
        return [by_text.get(str(item), part) for item in value]
    return parts if len(parts) == len(value) else [part] * len(value)
