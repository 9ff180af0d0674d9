"""A plan as lines of JSON: one for each change, action, conflict and notice, and a summary at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.report.json_form import plan_dict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.planning.plan import Plan

_TYPES = {"changes": "change", "actions": "action", "conflicts": "conflict", "notices": "notice"}


def plan_ndjson(plan: Plan) -> str:
    """The lines. Without a line break at the end."""
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in _lines(plan_dict(plan)))


def _lines(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key, kind in _TYPES.items():
        for one in data.pop(key):
            yield {"type": kind, **one}
    yield {"type": "summary", **data}
