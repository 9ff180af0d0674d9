"""The labels by which the reconciler knows what is its own, and what it had declared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.fields import compose_labels

PREFIX = "io.reconciler."
PROJECT = f"{PREFIX}project"
RESOURCE = f"{PREFIX}resource"
REPLICA = f"{PREFIX}replica"
DECLARED = f"{PREFIX}declared"
DIGEST = f"{PREFIX}digest"
VERSION = f"{PREFIX}version"
IN_PLACE = f"{PREFIX}in-place"
"""Of each declared field that can be changed in place, a digest of what was declared: JSON, by path."""

ANONYMOUS = f"{PREFIX}anonymous"
"""The anonymous volumes that moved along from the container's forerunner: `Anonymous` as JSON."""
REPLACES = f"{PREFIX}replaces"
"""The ID of the container's forerunner, where that bears no label of ours: it would not be known when cut off."""

_ANONYMOUS_NAME = re.compile(r"[0-9a-f]{64}")

LOCK = f"{PREFIX}lock"
"""Of a volume that is a lock, and of which no plan is: the project's name. Who holds it stands under
`io.reconciler.lock.host` and the like."""

CONFIGS = f"{PREFIX}configs"
SECRETS = f"{PREFIX}secrets"
"""What the container was given as files: name → a list of files, as JSON; never a content, only its digest."""

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)

Labels = Mapping[str, str]
_T = TypeVar("_T")


def project(labels: Labels) -> str:
    """The project that a network or volume belongs to, ours or Compose's; empty for none."""
    return labels.get(PROJECT) or labels.get(compose_labels.PROJECT) or ""


def declared(labels: Labels) -> frozenset[str]:
    """The paths that were declared when the container was made, such as `command` and `environment.TZ`."""
    return frozenset(_json(labels.get(DECLARED), list) or ())


def in_place(labels: Labels) -> Mapping[str, str]:
    """The digests of what was declared of fields that can be changed in place, by path; `{}` where nobody knows."""
    return _json(labels.get(IN_PLACE), dict) or {}


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


def contents(labels: Labels, label: str) -> dict[str, tuple[dict[str, str], ...]]:
    """What the label CONFIGS or SECRETS says."""
    said = _json(labels.get(label), dict) or {}
    return {
        str(name): tuple(file for file in files if isinstance(file, dict) and isinstance(file.get("target"), str))
        for name, files in said.items()
        if isinstance(files, list)
    }


def content_targets(labels: Labels) -> frozenset[str]:
    """The paths in the container of its configs and secrets."""
    return frozenset(
        file["target"] for label in (CONFIGS, SECRETS) for files in contents(labels, label).values() for file in files
    )


def carried_by_compose(source: str, labels: Labels) -> bool:
    """Whether a mounted volume is an anonymous one that moved along when Compose replaced the container: by its name.

    What we carry, `anonymous` says.
    """
    return DECLARED not in labels and is_anonymous(source)


def is_anonymous(volume: str) -> bool:
    """Whether a volume's name is one that the Engine chose."""
    return bool(_ANONYMOUS_NAME.fullmatch(volume))


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
