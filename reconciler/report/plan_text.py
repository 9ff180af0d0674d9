"""A plan, as a person reads it before agreeing to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.plan import Change, FieldChange, Lost, Operation, Plan
from reconciler.report.layout import Cell, Row, cells, excerpts, paragraph, table, wrap
from reconciler.report.loss import loss
from reconciler.report.style import Style, one_line, visible
from reconciler.report.words import SIGN, counted, hidden_change, to_do

if TYPE_CHECKING:
    from reconciler.report.layout import Paint

_LEAST_DETAIL = 20
"""What names leave to the last column: enough for an image and a port."""


def plan_text(plan: Plan, style: Style, width: int, *, closing: str = "") -> str:
    """The plan as lines; the last one sums it up. Without a line break at the end.

    Args:
        plan: what to show.
        style: its colours.
        width: of the terminal, in cells.
        closing: a sentence to end with, such as what a command that only plans has to add.
    """
    project, engine = visible(plan.project), f"Docker {visible(plan.engine.version)}"
    stay = [*_noticed(plan, style, width), *_kept(plan, style, width)]
    if plan.in_sync:
        return "\n".join([f"{style.good(f'{project} is in sync')} on {engine}: nothing to do.", *stay])
    lines = [f"{style.bold(project)} on {engine}", ""]
    if plan.changes:
        lost = {one.resource: one for one in plan.lost}
        rows = [_row(change, style, lost.get(change.resource)) for change in plan.changes]
        lines += table(rows, width, _LEAST_DETAIL)
        lines += [*stay, ""]
    for conflict in plan.conflicts:
        message, *more = wrap(one_line(conflict.message), max(_LEAST_DETAIL, width - 4))
        lines += [f"  {style.bad('!')} {message}", *(f"    {line}" for line in more)]
        lines += [style.dim(line) for line in paragraph(one_line(conflict.hint), width, indent=4)]
    if plan.conflicts:
        lines += [*([] if plan.changes else stay), ""]
    lines += _summary(plan, style, width, closing)
    return "\n".join(lines)


def sign_of(operation: Operation, style: Style) -> Cell:
    """`+`, `~`, `-` or `=`, in its colour."""
    return Cell(SIGN[operation], paint_of(operation, style))


def paint_of(operation: Operation, style: Style) -> Paint:
    """The colour of an operation."""
    return {"+": style.added, "~": style.changed, "-": style.removed, "=": style.dim}[SIGN[operation]]


def _row(change: Change, style: Style, lost: Lost | None) -> Row:
    kind, name = Cell(change.resource.kind.value), Cell(visible(change.resource.name), style.bold)
    operation = Cell(change.operation.value, paint_of(change.operation, style))

    def flow(room: int) -> list[Cell]:
        lines = wrap(visible(change.note), room) if change.note else []
        for difference in change.fields:
            lines += _difference(difference, room)
        said = wrap(loss(lost), room) if lost and change.operation.is_destructive else []
        return [*map(Cell, lines), *(Cell(line, style.changed) for line in said)]

    return Row(sign_of(change.operation, style), (kind, name, operation), flow)


def _difference(field: FieldChange, room: int) -> list[str]:
    """`environment.TZ: "UTC" → "Europe/Berlin"`, or where that is too long, one value below the other."""
    path = visible(field.path)
    if field.sensitive:
        return wrap(f"{path}: (sensitive) {hidden_change(field.actual, field.wanted)}", room)
    actual, wanted = _apart(visible(field.actual_text)), _apart(visible(field.wanted_text))
    if cells(line := f"{path}: {actual} → {wanted}") <= room:
        return [line]
    actual, wanted = excerpts([actual, wanted], room - 4)
    return [*wrap(f"{path}:", room), f"    {actual}", f"  → {wanted}"]


def _apart(value: str) -> str:
    """A value whose own arrow, as in `8080→80`, would be taken for the one between the two values."""
    return f"[{value}]" if "→" in value else value


def _noticed(plan: Plan, style: Style, width: int) -> list[str]:
    lines: list[str] = []
    for notice in (*plan.notices, *([plan.needs_person] if plan.needs_person else [])):
        message, *more = wrap(one_line(notice.message), max(_LEAST_DETAIL, width - 4))
        lines += [f"  {style.changed('!')} {message}", *(f"    {line}" for line in more)]
        lines += [style.dim(line) for line in paragraph(one_line(notice.hint), width, indent=4)] if notice.hint else []
    return lines


def _kept(plan: Plan, style: Style, width: int) -> list[str]:
    said = [f"volumes that stay: {', '.join(map(visible, plan.kept_volumes))}"] if plan.kept_volumes else []
    return [style.dim(line) for text in said for line in paragraph(text, width, indent=4)]


def _summary(plan: Plan, style: Style, width: int, closing: str) -> list[str]:
    sentences = [f"{to_do(plan.summary)}."] if plan.changes else []
    if plan.conflicts:
        in_the_way = counted(len(plan.conflicts), "conflict")
        sentences.append(f"This plan can't be applied: {in_the_way} to settle first.")
    lines = wrap(" ".join(filter(None, [*sentences, closing])), max(_LEAST_DETAIL, width))
    return [style.bad(line) for line in lines] if plan.conflicts else lines
