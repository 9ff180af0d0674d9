"""What the Compose specification lets people write: every attribute with each of its forms, of `syntaxes.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.spec.attributes import Place
from reconciler.spec.scalar import Scalar

PAIRS = ("mapping of text", "mapping of number", "mapping of boolean", "mapping of nothing", "list of text")
Written = tuple[Place, str, str]
"""A place, an attribute of it, and the form that it has there."""


@cache
def specified() -> dict[Place, dict[str, frozenset[str]]]:
    """By place and attribute, the forms that it may have."""
    found: dict[Place, dict[str, frozenset[str]]] = {}
    attributes: dict[str, frozenset[str]] = {}
    for line in Path(__file__).with_name("syntaxes.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            attributes = found[() if line == "(top)" else tuple(line.split("."))] = {}
            continue
        name, _, forms = line.strip().partition(": ")
        attributes[name] = frozenset(PAIRS if forms == "pairs" else forms.split(", "))
    return found


def written(data: dict[str, Any], place: Place = ()) -> Iterator[Written]:
    """All that stands in the data of a file."""
    for name, value in data.items():
        for form in _forms(value, (*place, name)):
            yield place, name, form
        yield from _below(value, (*place, "containers" if (place, name) == ((), "services") else name))


def _below(value: Any, place: Place) -> Iterator[Written]:
    if place in specified():
        if isinstance(value, dict):
            yield from written(value, place)
    elif any(known[: len(place) + 1] == (*place, "*") for known in specified()):
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for part in parts:
            yield from _below(part, (*place, "*"))


def _forms(value: Any, place: Place) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from (f"list of {form}" for form in _forms(item, (*place, "*")))
    elif isinstance(value, dict):
        if place in specified() or not value:
            yield "mapping"
        else:
            for item in value.values():
                yield from (f"mapping of {form}" for form in _forms(item, (*place, "*")))
    elif value is None:
        yield "nothing"
    else:
        kind = value.kind if isinstance(value, Scalar) else "str"
        yield {"str": "text", "bool": "boolean", "int": "number", "float": "number"}[kind]
