"""A spec as it may be stored: without the values that may be secret; and with today's put in their places again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

Path_ = tuple[str | int, ...]

IsSecret = Callable[[str, object], bool]
"""Whether the value of a key may be a secret; the key is empty for a word of a command."""

_MAPPINGS = ("environment", "labels", "annotations", "args", "driver_opts", "options")
"""Attributes whose keys are the user's own."""

_LISTS = ("command", "entrypoint", "test", "before")
"""Commands: left out as a whole where one of their words may be a secret."""

LEFT_OUT = None
"""What stands in the place of a value that was left out."""


def without_secrets(data: Mapping[str, Any], is_secret: IsSecret) -> tuple[dict[str, Any], list[Path_]]:
    """Plain data in the native form without secrets, and the paths of the values that were left out, sorted.

    Args:
        data: as of `reconciler.spec.writing.native`.
        is_secret: tells which values may be.
    """
    kept = deepcopy(dict(data))
    paths = sorted(_secrets(data, (), is_secret), key=str)
    for path in paths:
        _parent(kept, path)[path[-1]] = LEFT_OUT
    return kept, paths


def with_secrets(data: Mapping[str, Any], paths: Iterable[Path_], today: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the values that today's spec has at these paths.

    Raises:
        KeyError: today's spec has no value at a path, which is the error's argument, with dots.
    """
    whole = deepcopy(dict(data))
    for path in paths:
        try:
            _parent(whole, path)[path[-1]] = _parent(today, path)[path[-1]]
        except (KeyError, IndexError, TypeError):
            raise KeyError(".".join(map(str, path))) from None
    return whole


def _secrets(value: Any, path: Path_, is_secret: IsSecret) -> Iterator[Path_]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secrets(item, (*path, index), is_secret)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        here = (*path, key)
        if key in _MAPPINGS and isinstance(item, dict):
            yield from ((*here, name) for name, text in item.items() if is_secret(str(name), text))
        elif key in _LISTS:
            words = item if isinstance(item, list) else [item]
            if any(is_secret("", word) for word in words):
                yield here
        elif key == "content" and path[:1] in {("secrets",), ("configs",)}:
            if path[0] == "secrets" or is_secret("", f"-{item}"):
                yield here
        else:
            yield from _secrets(item, here, is_secret)


def _parent(data: Any, path: Path_) -> Any:
    for step in path[:-1]:
        data = data[step]
    return data
