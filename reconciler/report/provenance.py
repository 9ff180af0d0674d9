"""Where values came from, as text and as data for `-o json`; never with the value of a variable."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from reconciler.spec.provenance import Provenance
from reconciler.spec.uses import Path_, Use

_STEP = re.compile(r"[A-Za-z0-9_-]+")


def provenance_comments(data: Mapping[str, Any], found: Mapping[Path_, Provenance]) -> dict[Path_, str]:
    """The comments of a spec in YAML: what holds of all parts of a value is said once.

    Args:
        data: the spec.
        found: where each single value came from.
    """
    said: dict[Path_, str] = {}
    for section, value in data.items():
        _say(value, (section,), found, said)
    return said


def _say(value: Any, path: Path_, found: Mapping[Path_, Provenance], said: dict[Path_, str]) -> Provenance | None:
    """Comments on a value and its parts; where all of it came from, if that is one place."""
    children = dict(enumerate(value)) if isinstance(value, list) else value if isinstance(value, dict) else {}
    ways = {(*path, step): _say(item, (*path, step), found, said) for step, item in children.items()}
    one = next(iter(ways.values()), None) if ways else found.get(path)
    if one is None or any(other != one for other in ways.values()):
        return None
    # A single key keeps its comment, and so does each item of a list that has a line of its own.
    is_list = isinstance(value, list)
    if (is_list and any(isinstance(item, dict | list) for item in value)) or (len(ways) == 1 and not is_list):
        return None
    for child in ways:
        del said[child]
    said[path] = provenance_text(one)
    return one


def provenance_text(one: Provenance) -> str:
    """`shop.yaml:12:7, TAG from .env:3`."""
    return ", ".join([":".join(map(str, one.place)), *map(_variable_text, one.variables)])


def _variable_text(use: Use) -> str:
    if use.place:
        return f"{use.name} from {use.place.file}:{use.place.line}"
    ways = {
        "environment": "from the environment",
        "project": "from the project's name",
        "default": "by its default",
        "nobody": "not set",
    }
    return f"{use.name} {ways[use.giver]}"


def provenance_dict(found: Mapping[Path_, Provenance]) -> dict[str, Any]:
    """By dotted path; a step that is no plain word stands in quotes: `containers.web.labels."com.example.a"`."""
    return {
        ".".join(map(_step, path)): {
            **one.place._asdict(),
            "variables": [
                {"name": use.name, "from": use.giver, **({} if use.place is None else _file(use))}
                for use in one.variables
            ],
        }
        for path, one in found.items()
    }


def _file(use: Use) -> dict[str, Any]:
    return {"file": use.place.file, "line": use.place.line} if use.place else {}


def _step(step: str | int) -> str:
    text = str(step)
    return text if _STEP.fullmatch(text) else json.dumps(text, ensure_ascii=False)
