"""The labels by which the reconciler knows what is its own, and what it had declared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar

PREFIX = "io.reconciler."
PROJECT = f"{PREFIX}project"
RESOURCE = f"{PREFIX}resource"
REPLICA = f"{PREFIX}replica"
DECLARED = f"{PREFIX}declared"
DIGEST = f"{PREFIX}digest"
VERSION = f"{PREFIX}version"
ANONYMOUS = f"{PREFIX}anonymous"
"""The anonymous volumes that moved along from the container's forerunner: a JSON mapping of path to volume name."""

Labels = Mapping[str, str]
_T = TypeVar("_T")


def declared(labels: Labels) -> frozenset[str]:
    """The paths that were declared when the container was made, such as `command` and `environment.TZ`."""
    return frozenset(_json(labels.get(DECLARED), list) or ())


def anonymous(labels: Labels) -> Mapping[str, str]:
    """The anonymous volumes that moved along: path in the container → volume name."""
    return _json(labels.get(ANONYMOUS), dict) or {}


def write_json(value: object) -> str:
    """A label's value, the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _json(text: str | None, kind: type[_T]) -> _T | None:
    # Labels are text that anybody may have written: what can't be read says nothing.
    try:
        value = json.loads(text) if text else None
    except ValueError:
        return None
    return value if isinstance(value, kind) else None
