"""A saved plan that no longer holds, beside the plan that there is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.report.plan_text import plan_text
from reconciler.report.style import visible
from reconciler.report.words import counted

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.planning.saved import Differences, SavedPlan
    from reconciler.report.style import Style


def both_plans(saved: SavedPlan, now: Plan, differences: Differences, style: Style, width: int) -> str:
    """Both, and which actions differ. Without a line break at the end."""
    lines = [style.bold("What was agreed to:"), plan_text(saved.plan, style, width), ""]
    lines += [style.bold("What it would be now:"), plan_text(now, style, width)]
    told = [
        *((style.removed("-"), action, "only agreed to") for action in differences.gone),
        *((style.added("+"), action, "only now") for action in differences.new),
        *((style.changed("~"), action, "does something else now") for action in differences.other),
    ]
    if told:
        lines += ["", style.bold("Actions that differ:")]
        lines += [f"  {sign} {visible(action)}: {what}" for sign, action, what in told]
    return "\n".join(lines)


def differing(differences: Differences) -> str:
    """`1 action is gone, 2 are new`: in a few words."""
    parts = [
        f"{counted(len(actions), 'action')} {what}"
        for actions, what in (
            (differences.gone, "gone"),
            (differences.new, "new"),
            (differences.other, "with other content"),
        )
        if actions
    ]
    return ", ".join([*(["the spec has changed"] if differences.spec else []), *parts])


def differences_dict(differences: Differences) -> dict[str, Any]:
    """For a program."""
    return {
        "spec": differences.spec,
        "gone": list(differences.gone),
        "new": list(differences.new),
        "other": list(differences.other),
    }
