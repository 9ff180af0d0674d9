"""A plan as Markdown, for the comment of a pull request: what matters first, the rest to be unfolded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.report.layout import excerpts
from reconciler.report.loss import loss
from reconciler.report.markdown import code, prose
from reconciler.report.style import visible
from reconciler.report.words import SIGN, counted, hidden_change, to_do

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.planning.plan import Change, FieldChange, Lost, Plan

LIMIT = 65_536
"""GitHub takes no longer comment. It counts characters; bytes are counted here, to be on the safe side."""

_ROOM_FOR_THE_END = 600
"""What is left for the words that say how much was cut, and for closing what is open."""

_FOLDED_FROM = 25
"""More changes than these are folded."""

_LONGEST_VALUE = 120


def plan_markdown(plan: Plan, *, limit: int = LIMIT) -> str:
    """The comment. Without a line break at the end.

    Args:
        plan: what to show.
        limit: how many bytes it may have; what does not fit is counted instead.
    """
    page = _Page(limit - _ROOM_FOR_THE_END)
    page.lines(_head(plan))
    notices = (*plan.notices, *([plan.needs_person] if plan.needs_person else []))
    for title, told in (("Conflicts", plan.conflicts), ("Notices", notices)):
        items = [f"- {prose(one.message)}" + (f"<br>{prose(one.hint)}" if one.hint else "") for one in told]
        if items:
            page.some(["", f"**{title}**", ""], items, [], title.lower())
    if plan.changes:
        start, end = _fold(counted(len(plan.changes), "change"), folded=len(plan.changes) > _FOLDED_FROM)
        lost = {one.resource: one for one in plan.lost}
        rows = [_row(change, lost.get(change.resource)) for change in plan.changes]
        page.some([*start, "| | resource | | what |", "| :-: | --- | --- | --- |"], rows, end, "changes")
    if plan.actions:
        start, end = _fold(f"{counted(len(plan.actions), 'action')}, in this order", folded=True)
        steps = [f"1. {code(action.id)}: {prose(action.reason)}" for action in plan.actions]
        page.some(start, steps, end, "actions")
    if plan.kept_volumes:
        page.some(["", "**Volumes that stay**", ""], [f"- {code(name)}" for name in plan.kept_volumes], [], "volumes")
    return "\n".join(page.text)


class _Page:
    """Lines, as long as there is room."""

    def __init__(self, room: int) -> None:
        self.text: list[str] = []
        self._room = room

    def lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.text.append(line)
            self._room -= _size(line)

    def some(self, start: Sequence[str], items: Sequence[str], end: Sequence[str], what: str) -> None:
        """A part, with as many items as there is room for; and how many were left out."""
        room = self._room - sum(map(_size, (*start, *end)))
        fitting = 0
        for item in items:
            room -= _size(item)
            if room < 0:
                break
            fitting += 1
        more = len(items) - fitting
        if fitting:
            self.lines([*start, *items[:fitting], *end])
        if more:
            self._room = 0  # nothing that comes later stands in its place
            self.text += ["", f"_{more} more {what}: too long for a comment, see `reconciler plan`._"]


def _size(line: str) -> int:
    return len(line.encode()) + 1


def _head(plan: Plan) -> list[str]:
    what = "in sync, nothing to do" if plan.in_sync else to_do(plan.summary) or "nothing to do"
    lines = [f"### {code(plan.project)}: {what}", "", f"On Docker {prose(plan.engine.version)}."]
    if plan.conflicts:
        conflicts = counted(len(plan.conflicts), "conflict")
        lines[-1] += f" **This plan can't be applied: {conflicts} to settle first.**"
    if plan.destructive:
        lines[-1] += f" **{len(plan.destructive)} would be replaced or removed.**"
    return lines


def _fold(title: str, *, folded: bool) -> tuple[list[str], list[str]]:
    return (["", f"<details><summary>{title}</summary>", ""], ["", "</details>"]) if folded else ([""], [])


def _row(change: Change, lost: Lost | None) -> str:
    name = f"{change.resource.kind} {code(change.resource.name)}"
    operation = f"**{change.operation}**" if change.operation.is_destructive else change.operation.value
    said = [prose(change.note)] if change.note else []
    gone = [f"**{loss(lost, code)}**"] if lost and change.operation.is_destructive else []
    what = "<br>".join([*said, *map(_difference, change.fields), *gone])
    return f"| {code(SIGN[change.operation])} | {name} | {operation} | {what} |"


def _difference(field: FieldChange) -> str:
    if field.sensitive:
        return f"{code(field.path)}: (sensitive) {hidden_change(field.actual, field.wanted)}"
    actual, wanted = excerpts([visible(field.actual_text), visible(field.wanted_text)], _LONGEST_VALUE)
    return f"{code(field.path)}: {code(actual)} → {code(wanted)}"
