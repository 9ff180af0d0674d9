"""Leaves out of a spec's data what the tables refuse, for who would rather have the rest than an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from reconciler.spec import attributes
from reconciler.spec.places import Path_, place


class Refusal(NamedTuple):
    """An attribute that can't be used.

    Attributes:
        path: where it is.
        message: why.
        hint: what to do instead.
    """

    path: Path_
    message: str
    hint: str


def refusals(data: Any, path: Path_ = ()) -> Iterator[Refusal]:
    """Every attribute in this data, in its order, that is refused or not supported yet.

    Args:
        data: a spec's data in the native form, or a part of it.
        path: of the part.
    """
    if isinstance(data, dict):
        for key, value in data.items():
            if found := attributes.refusal(path, key, place(path)):
                yield Refusal((*path, key), *found)
            else:
                yield from refusals(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from refusals(value, (*path, index))


def without(data: Any, path: Path_) -> Any:
    """The data without the attribute at this path."""
    step, rest = path[0], path[1:]
    if isinstance(data, list):
        return [without(value, rest) if index == step else value for index, value in enumerate(data)]
    if not rest:
        return {key: value for key, value in data.items() if key != step}
    inner = without(data[step], rest)
    return {key: inner if key == step else value for key, value in data.items()}
