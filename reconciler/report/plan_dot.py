"""A plan's graph of actions in Graphviz's language: time runs along the arrows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.planning.gates import Gate
from reconciler.report.style import visible
from reconciler.report.words import counted, to_do

if TYPE_CHECKING:
    from reconciler.planning.actions import Action
    from reconciler.planning.plan import Plan
    from reconciler.state.resource import ResourceKey

_LINE = r"\n"
"""A line break in a label."""


def plan_dot(plan: Plan) -> str:
    """The graph: a cluster for each resource, a box for each effect, an ellipse for each gate.

    A full arrow leads to what needs an action to be done, a dashed one to what only comes after it. Without a line
    break at the end.
    """
    clusters: dict[ResourceKey, list[Action]] = defaultdict(list)
    for action in plan.actions:
        clusters[action.resource].append(action)
    lines = [
        f"digraph {_quoted(plan.project)} {{",
        f'  graph [rankdir="LR", labelloc="t", label="{_title(plan)}"];',
        '  node [shape="box"];',
    ]
    for resource, actions in clusters.items():
        lines += [f"  subgraph {_quoted(f'cluster {resource}')} {{", f'    label="{_label(str(resource))}";']
        lines += [f"    {_node(action)};" for action in actions]
        lines += ["  }"]
    for action in plan.actions:
        lines += [f"  {_quoted(need)} -> {_quoted(action.id)};" for need in action.needs]
        after = [one for one in action.after if one not in action.needs]
        lines += [f'  {_quoted(one)} -> {_quoted(action.id)} [style="dashed"];' for one in after]
    return "\n".join([*lines, "}"])


def _title(plan: Plan) -> str:
    what = to_do(plan.summary) or "nothing to do"
    title = _label(f"{plan.project} on Docker {plan.engine.version}: {what}")
    conflicts = [_label(conflict.message) for conflict in plan.conflicts]
    if conflicts:
        title = _LINE.join([title, f"It can't be applied: {counted(len(conflicts), 'conflict')}", *conflicts])
    return title


def _node(action: Action) -> str:
    step = action.id.removeprefix(f"{action.resource.kind}/{action.resource.name}:")
    shape = ', shape="ellipse"' if isinstance(action, Gate) else ""
    return f'{_quoted(action.id)} [label="{_label(step)}", tooltip="{_label(action.reason)}"{shape}]'


def _quoted(text: str) -> str:
    """An identifier. A backslash is doubled, so that none stands before the closing quote."""
    return '"' + visible(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(text: str) -> str:
    """Text in quotes that Graphviz shows as it is: neither an escape nor an entity."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
