"""The forms of a plan, by the names that `plan -o` knows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.report.style import Style


def plan_form(plan: Plan, output: str, style: Style, width: int, *, closing: str = "") -> str:
    """The plan in one form. Without a line break at the end.

    Args:
        plan: what to show.
        output: `text`, `json`, `ndjson`, `markdown` or `dot`.
        style: the colours of text.
        width: of the terminal, in cells, for text.
        closing: a sentence at the end of text.
    """
    match output:  # each form pays for what it needs
        case "json":
            from reconciler.report.json_form import plan_dict

            return json.dumps(plan_dict(plan), indent=2, ensure_ascii=False)
        case "ndjson":
            from reconciler.report.plan_ndjson import plan_ndjson

            return plan_ndjson(plan)
        case "markdown":
            from reconciler.report.plan_markdown import plan_markdown

            return plan_markdown(plan)
        case "dot":
            from reconciler.report.plan_dot import plan_dot

            return plan_dot(plan)
        case _:
            from reconciler.report.plan_text import plan_text

            return plan_text(plan, style, width, closing=closing)
