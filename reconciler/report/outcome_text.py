"""What became of an apply, summed up at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import EngineTimeout
from reconciler.execution.outcome import Outcome, Result
from reconciler.report.layout import paragraph
from reconciler.report.style import Style, visible
from reconciler.report.tally import Tally
from reconciler.report.words import counted, done, duration, to_do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.report.layout import Paint
    from reconciler.state.resource import ResourceKey

_MOST_NAMES = 5
_IN_SIGHT = 10
"""Of more resources than these, the lines of those that failed may have left the window: they are named again."""


def outcome_text(
    outcome: Outcome, style: Style, *, seconds: float | None = None, settled: str = "is as declared", width: int = 0
) -> str:
    """The closing lines: what was done, what was not, what that means, what to do. Without a line break at the end.

    Args:
        outcome: what to sum up.
        style: its colours.
        seconds: how long the whole took; not said where not known.
        settled: what the project is when everything was done.
        width: the columns of the window, where lines are to be broken between words; 0 where they stay whole.
    """
    return "\n".join(
        paint(line)
        for text, paint in _lines(outcome, style, seconds, settled)
        for line in (_broken(text, width) if width else [text])
    )


def _broken(text: str, width: int) -> list[str]:
    indent = len(text) - len(text.lstrip(" "))
    return paragraph(text.lstrip(" "), width, indent=indent)


def _lines(outcome: Outcome, style: Style, seconds: float | None, settled: str) -> Iterator[tuple[str, Paint]]:
    tally = Tally(outcome)
    project, total = visible(outcome.plan.project), tally.total
    took = f" ({duration(seconds)})" if seconds is not None else ""
    achieved = done(tally.summary("done"))
    old = tally.old_containers()
    told = {resource for resource, _, _ in old}
    if outcome.interrupted:
        left = tally.having("failed", "rolled back", "skipped")
        what = to_do(tally.summary("failed", "rolled back", "skipped"))
        head = f"Interrupted{took}: {f'{achieved}; ' if achieved else ''}left of {total}: {what or 'nothing'}."
        yield head, style.changed
        yield from _listed([change.resource for change in left if change.resource not in told])
    elif not outcome.failed and outcome.not_ready:
        yield from _not_ready(outcome, style, achieved, took)
        return
    elif not outcome.failed:
        held = len(tally.having("held"))
        but = f", but for {held} held back" if held else ""
        yield f"{project} {settled}{but}: {achieved or 'nothing to do'}{took}.", style.good
        return
    else:
        yield _failed_head(outcome, tally, achieved, took), style.bad
        failed = [change.resource for change in tally.having("failed") if change.resource not in told]
        yield from _listed(failed if total > _IN_SIGHT else [])
    for resource, words, is_well in old:
        yield f"  {resource.kind} {visible(resource.name)}: {words}.", str if is_well else style.bad
    mended = "" if outcome.interrupted else "Once that is mended, run"
    yield f"{mended or 'Run'} the same command again to go on.", str


def _failed_head(outcome: Outcome, tally: Tally, achieved: str, took: str) -> str:
    rolled_back = len(tally.having("rolled back"))
    failed = rolled_back + len(tally.having("failed"))
    skipped = len(tally.having("skipped"))
    counts = f"{failed} of {tally.total} could not be done{f', {skipped} skipped' if skipped else ''}{took}."
    if not failed:
        counts = f"{skipped} of {tally.total} skipped{took}."  # what they need was there, and not as it should be
    if achieved:
        return f"Partly failed: {achieved}; {counts}"
    if rolled_back and rolled_back == failed:
        return f"Rolled back: {counts}"
    touched = outcome.having(Result.DONE) or rolled_back
    unsure = any(isinstance(one.error, EngineTimeout) for one in outcome.failed)
    return f"Failed: {counts}{'' if touched or unsure else ' Nothing was changed.'}"


def _not_ready(outcome: Outcome, style: Style, achieved: str, took: str) -> Iterator[tuple[str, Paint]]:
    waited = [gate.action.resource for gate in outcome.not_ready]
    what = f"{counted(len(waited), 'container')} {'is' if len(waited) == 1 else 'are'} not ready"
    yield f"Not ready: {achieved or 'nothing was to be done'}, and {what}{took}.", style.bad
    yield from _listed(waited)


def _listed(resources: list[ResourceKey]) -> Iterator[tuple[str, Paint]]:
    for resource in resources[:_MOST_NAMES]:
        yield f"  {resource.kind} {visible(resource.name)}", str
    if (more := len(resources) - _MOST_NAMES) > 0:
        yield f"  and {more} more", str
