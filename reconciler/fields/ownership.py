"""The labels by which the reconciler knows what is its own, and what it had declared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

PREFIX = "io.reconciler."
PROJECT = f"{PREFIX}project"
RESOURCE = f"{PREFIX}resource"
REPLICA = f"{PREFIX}replica"
DECLARED = f"{PREFIX}declared"
DIGEST = f"{PREFIX}digest"
VERSION = f"{PREFIX}version"
ANONYMOUS = f"{PREFIX}anonymous"
"""The anonymous volumes that moved along from the container's forerunner: `Anonymous` as JSON."""

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

Labels = Mapping[str, str]
_T = TypeVar("_T")


def declared(labels: Labels) -> frozenset[str]:
    """The paths that were declared when the container was made, such as `command` and `environment.TZ`."""
    return frozenset(_json(labels.get(DECLARED), list) or ())


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Anonymous volumes that moved along: path in the container → volume name.

    Attributes:
        of_spec: those that the spec mounts.
        of_image: those that an image asked for.
    """

    of_spec: Mapping[str, str] = field(default_factory=dict)
    of_image: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The label's value."""
        return write_json({"spec": dict(self.of_spec), "image": dict(self.of_image)})


def anonymous(labels: Labels) -> Anonymous:
    """The anonymous volumes that moved along."""
    said = _json(labels.get(ANONYMOUS), dict) or {}
    spec, image = said.get("spec"), said.get("image")
    return Anonymous(spec if isinstance(spec, dict) else {}, image if isinstance(image, dict) else {})


def write_json(value: object) -> str:
    """A label's value, the same for equal values."""
    return _ENCODER.encode(value)


def _json(text: str | None, kind: type[_T]) -> _T | None:
    # Labels are text that anybody may have written: what can't be read says nothing.
    try:
        value = json.loads(text) if text else None
    except ValueError:
        return None
    return value if isinstance(value, kind) else None
