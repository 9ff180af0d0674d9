"""The history: what was done when, by whom, from which spec, and how it ended."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reconciler.fields import ownership
from reconciler.report.layout import Cell, Row, paragraph, table
from reconciler.report.style import Style, one_line, visible
from reconciler.report.words import PAST, SIGN, done, duration
from reconciler.state.output import RUN, Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from reconciler.journal.run import Done, Run
    from reconciler.report.layout import Paint

_LEAST_DETAIL = 20
_SHORT_COMMIT = 12


def history_text(runs: Sequence[Run], style: Style, width: int, *, zone: tzinfo | None = None) -> str:
    """The runs, a line each. Without a line break at the end.

    Args:
        runs: the newest first; at least one.
        style: its colours.
        width: of the terminal, in cells.
        zone: in which times are shown; the machine's own without it.
    """

    def row(run: Run) -> Row:
        what = f"{_summary(run)}; {run.result}" if run.result != "done" else _summary(run)
        return Row(
            Cell(_sign(run), _paint(run.result, style)),
            (Cell(str(run.number)), Cell(visible(run.project), style.bold), Cell(_when(run, zone)), Cell(run.command)),
            lambda _room: [Cell(what, _paint(run.result, style) if run.result != "done" else str)],
            [Cell(_by(run), style.dim)],
        )

    return "\n".join(table([row(run) for run in runs], width, _LEAST_DETAIL))


def run_text(run: Run, style: Style, width: int, *, zone: tzinfo | None = None) -> str:
    """One run in full. Without a line break at the end; arguments as for `history_text`."""
    facts = [
        f"{style.bold(visible(run.project))}, {run.command} {run.number}: {_paint(run.result, style)(run.result)}",
        f"  {_when(run, zone)}, {duration(run.seconds)}, {_by(run)}",
        *([f"  files: {', '.join(map(visible, run.source.files))}"] if run.source.files else []),
        *([f"  spec: {run.source.digest}"] if run.source.digest else []),
    ]

    def row(change: Done) -> Row:
        fields = [Cell(", ".join(map(visible, change.fields)))] if change.fields else []
        error = paragraph(one_line(change.error), max(_LEAST_DETAIL, width - 8), indent=0) if change.error else []
        words = PAST.get(change.operation, change.operation) if change.result == "done" else change.operation
        failed = "" if change.result == "done" else f": {change.result}"
        return Row(
            Cell(SIGN.get(change.operation, " "), _paint(change.result, style)),
            (Cell(change.kind), Cell(visible(change.name), style.bold), Cell(f"{words}{failed}")),
            lambda _room: fields,
            [Cell(line, style.bad) for line in error],
        )

    lines = [*facts, ""]
    if run.changes:
        lines += table([row(change) for change in run.changes], width, _LEAST_DETAIL)
    return "\n".join(lines)


def run_dict(run: Run, *, whole: bool = False) -> dict[str, Any]:
    """A run as data.

    Args:
        run: which.
        whole: with its spec.
    """
    data = asdict(run)
    spec, secrets = data.pop("spec"), data.pop("secrets")
    data |= {"summary": _counts(run.changes)}
    return data | ({"spec": spec, "secrets": secrets} if whole else {})


def run_event(run: Run) -> Event:
    """A run as something that happened, at the moment when it ended."""
    ended = datetime.fromisoformat(run.began) + timedelta(seconds=run.seconds)
    return Event(
        int(ended.timestamp() * 1000) * 10**6,
        RUN,
        run.command,
        str(run.number),
        {
            "name": run.project,
            ownership.PROJECT: run.project,
            "summary": _summary(run),
            "result": run.result,
            "by": _by(run),
        },
    )


def _summary(run: Run) -> str:
    return done(_counts(run.changes)) or "nothing done"


def _counts(changes: Iterable[Done]) -> dict[str, int]:
    """How many resources of each operation came to a good end."""
    counts: dict[str, int] = {}
    for change in changes:
        if change.result == "done":
            counts[change.operation] = counts.get(change.operation, 0) + 1
    return {operation: counts[operation] for operation in PAST if operation in counts}


def _when(run: Run, zone: tzinfo | None) -> str:
    return f"{datetime.fromisoformat(run.began).astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _by(run: Run) -> str:
    commit = f", commit {run.source.commit[:_SHORT_COMMIT]}{'+' * run.source.commit.endswith('+')}"
    return f"by {visible(run.user)} on {visible(run.host)}{commit if run.source.commit else ''}"


def _sign(run: Run) -> str:
    return "✓" if run.result == "done" else "✗" if "failed" in run.result else "!"


def _paint(result: str, style: Style) -> Paint:
    return style.good if result == "done" else style.bad if "failed" in result else style.changed
