"""An apply, line by line while it runs, and summed up at its end."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from reconciler.errors import EngineTimeout
from reconciler.execution.outcome import ActionOutcome, Advance, Outcome, Result, Started, Told
from reconciler.planning.actions import (
    Action,
    BuildImage,
    CreateNetwork,
    PullImage,
    RenameContainer,
    RunCommand,
)
from reconciler.planning.gates import AwaitCompleted, AwaitHealthy, Drain
from reconciler.planning.slots import NEXT
from reconciler.report.layout import shorten
from reconciler.report.progress_words import (
    awaited,
    done_words,
    failed_words,
    is_of_a_replacement,
    skipped_words,
    step_words,
    undone_words,
)
from reconciler.report.style import Style, one_line, visible
from reconciler.report.tally import Tally
from reconciler.report.words import counted, done, duration, to_do

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.report.layout import Paint
    from reconciler.state.resource import ResourceKey

_COLOUR_CODES = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")
_MOST_OF_A_LOG_LINE = 300
_MOST_NAMES = 5
_WORTH_SAYING = 0.05
"""Seconds; what takes less has no duration to speak of."""


class Writable(Protocol):
    """A file of text, or what takes its place."""

    def write(self, text: str, /) -> int:
        """Write a whole line."""
        ...

    def flush(self) -> None:
        """Let it be seen."""
        ...


class ProgressText:
    """Prints one line for each thing that is finished and that a person cares about.

    The steps of a replacement are dimmed, and a last line says that it is done. Not every action has a line: a rename
    in a replacement is nobody's concern, nor is the second thing that is skipped because of the same failure.
    """

    def __init__(
        self, stream: Writable, style: Style, *, folded: Iterable[Action] | None = None, quiet: bool = False
    ) -> None:
        """Where and how.

        Args:
            stream: where to.
            style: how to paint.
            folded: the actions of the plan, where steps are shown elsewhere while they last: what is done with one
                resource then becomes one line, and steps none. None for a line for each.
            quiet: tell of nothing but what fails.
        """
        self._stream: Writable | None = stream
        self._style = style
        self._is_folded = folded is not None
        self._quiet = quiet
        self._left: dict[ResourceKey, set[str]] = defaultdict(set)
        """Where it is folded: the actions that have not ended, by the resource that they are for."""
        for action in folded or ():
            self._left[action.resource].add(action.id)
        self._held: dict[ResourceKey, tuple[str, list[str], float]] = {}
        """What has been done with a resource with which more is to be done: its name, the words, the seconds."""
        self._causes: dict[str, ResourceKey] = {}
        """The resource whose failure an action failed or was skipped for, by the action's ID."""
        self._told: set[ResourceKey] = set()
        """The resources of which a failure or a skip has been told."""
        self._seconds: dict[ResourceKey, float] = defaultdict(float)
        """How long a replacement has taken so far."""

    def __call__(self, event: Told) -> None:
        """Tell of one event; a `reconciler.execution.outcome.Progress`."""
        if isinstance(event, Started):
            self._started(event.action)
            return
        if isinstance(event, Advance):
            return
        resource = event.action.resource
        self._left[resource].discard(event.action.id)
        if event.result is Result.FAILED:
            self._unfold(resource)
        match event.result:
            case Result.DONE:
                self._done(event)
            case Result.FAILED:
                self._failed(event)
            case Result.SKIPPED:
                self._skipped(event)
            case Result.UNDONE:
                self._undone(event)
        if not self._left[resource]:
            self._unfold(resource)

    def finish(self) -> None:
        """Say what is still held back; nothing more of the plan comes."""
        for resource in list(self._held):
            self._unfold(resource)

    def _started(self, action: Action) -> None:
        # These may take minutes: better to know what is waited for.
        if isinstance(action, PullImage):
            self._step(f"{_named(action)}: pulling")
        elif isinstance(action, BuildImage):
            self._step(f"{_named(action)}: building")
        elif isinstance(action, AwaitHealthy | AwaitCompleted):
            self._step(f"{_named(action)}: waiting until it {awaited(action)}")
        elif isinstance(action, RunCommand):
            self._step(f"{_named(action)}: running {action.what}")
        elif isinstance(action, Drain):
            self._step(f"{_named(action)}: the old one has {duration(action.seconds)} to finish what it has begun")

    def _done(self, outcome: ActionOutcome) -> None:
        action, seconds = outcome.action, outcome.seconds
        if outcome.error:
            words = f"{one_line(outcome.error.message)}; others go on without it"
            self._line("!", self._style.changed, f"{_named(action)}: {words}")
            return
        if is_of_a_replacement(action):
            return  # that it was replaced has been said
        if not action.group:
            if words := done_words(action):
                _, said, took = self._held.get(action.resource, ("", [], 0.0))
                self._held[action.resource] = (_named(action), [*said, words], took + seconds)
            if not self._is_folded:
                self._unfold(action.resource)
            return
        self._seconds[action.resource] += seconds
        in_place = isinstance(action, RenameContainer) and action.old_name.endswith(NEXT)
        if in_place or isinstance(action, CreateNetwork):
            self._line("✓", self._style.good, f"{_named(action)} replaced{_took(self._seconds[action.resource])}")
        elif words := step_words(action):
            self._step(f"{_named(action)}: {words}{_took(seconds)}")

    def _failed(self, outcome: ActionOutcome) -> None:
        action, error = outcome.action, outcome.error
        self._causes[action.id] = action.resource
        self._told.add(action.resource)
        message = one_line(error.message) if error else "failed"
        self._line("✗", self._style.bad, f"{_named(action)}: {failed_words(action)}{message}")
        if error and error.hint:
            self._print(f"      {one_line(error.hint)}")
        for line in outcome.log:
            self._print(self._style.dim(f"      | {_log_line(line)}".rstrip()))

    def _skipped(self, outcome: ActionOutcome) -> None:
        action = outcome.action
        cause = next((self._causes[need] for need in action.needs if need in self._causes), None)
        if cause:
            self._causes[action.id] = cause
        if action.resource in self._told:
            return
        self._told.add(action.resource)
        why = f", because {cause.kind} {visible(cause.name)} failed" if cause else ""
        if not why and outcome.error:
            why = f": {one_line(outcome.error.message)}"
        self._line("!", self._style.changed, f"{_named(action)} not {skipped_words(action)}{why}")

    def _undone(self, outcome: ActionOutcome) -> None:
        if words := undone_words(outcome.action):
            line = f"{_named(outcome.action)}: {words}{_took(outcome.seconds)}"
            self._line("←", self._style.changed, line)

    def _unfold(self, resource: ResourceKey) -> None:
        if held := self._held.pop(resource, None):
            name, words, seconds = held
            self._line("✓", self._style.good, f"{name} {', '.join(words)}{_took(seconds)}")

    def _step(self, text: str) -> None:
        if self._is_folded or self._quiet:
            return
        self._print(self._style.dim(f"  · {text}"))

    def _line(self, sign: str, paint: Paint, text: str) -> None:
        if self._quiet and sign in {"✓", "←"}:
            return
        self._print(f"  {paint(sign)} {text}")

    def _print(self, line: str) -> None:
        # Whoever reads may go away (`apply | head`): an apply under way must not break off because of that.
        if self._stream is None:
            return
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            # A terminal that has no `✓` shows a question mark: nor must an apply break off because of that.
            self._stream.write(f"{line}\n".encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = None


def outcome_text(
    outcome: Outcome, style: Style, *, seconds: float | None = None, settled: str = "is as declared"
) -> str:
    """The closing lines: what was done, what was not, what that means, what to do. Without a line break at the end.

    Args:
        outcome: what to sum up.
        style: its colours.
        seconds: how long the whole took; not said where not known.
        settled: what the project is when everything was done.
    """
    tally = Tally(outcome)
    project, total = visible(outcome.plan.project), tally.total
    took = f" ({duration(seconds)})" if seconds is not None else ""
    achieved = done(tally.summary("done"))
    if outcome.interrupted:
        left = tally.having("failed", "rolled back", "skipped")
        what = to_do(tally.summary("failed", "rolled back", "skipped"))
        head = f"Interrupted{took}: {f'{achieved}; ' if achieved else ''}left of {total}: {what or 'nothing'}."
        told = {resource for resource, _, _ in tally.old_containers()}
        lines = [style.changed(head), *_listed([change.resource for change in left if change.resource not in told])]
    elif not outcome.failed and outcome.not_ready:
        return "\n".join(_not_ready(outcome, style, achieved, took))
    elif not outcome.failed:
        held = len(tally.having("held"))
        but = f", but for {held} held back" if held else ""
        return style.good(f"{project} {settled}{but}: {achieved or 'nothing to do'}{took}.")
    else:
        lines = [style.bad(_failed_head(outcome, tally, achieved, took))]
    for resource, words, is_well in tally.old_containers():
        line = f"  {resource.kind} {visible(resource.name)}: {words}."
        lines.append(line if is_well else style.bad(line))
    mended = "" if outcome.interrupted else "Once that is mended, run"
    lines.append(f"{mended or 'Run'} the same command again to go on.")
    return "\n".join(lines)


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


def _not_ready(outcome: Outcome, style: Style, achieved: str, took: str) -> list[str]:
    waited = [gate.action.resource for gate in outcome.not_ready]
    what = f"{counted(len(waited), 'container')} {'is' if len(waited) == 1 else 'are'} not ready"
    return [style.bad(f"Not ready: {achieved or 'nothing was to be done'}, and {what}{took}."), *_listed(waited)]


def _listed(resources: list[ResourceKey]) -> list[str]:
    names = [f"  {resource.kind} {visible(resource.name)}" for resource in resources[:_MOST_NAMES]]
    more = len(resources) - len(names)
    return [*names, f"  and {more} more"] if more else names


def _named(action: Action) -> str:
    return f"{action.resource.kind} {visible(action.resource.name)}"


def _took(seconds: float) -> str:
    return f" ({duration(seconds)})" if seconds >= _WORTH_SAYING else ""


def _log_line(line: str) -> str:
    """A line of a container's log: its own colours would end up in ours."""
    return shorten(visible(_COLOUR_CODES.sub("", line).rstrip().expandtabs()), _MOST_OF_A_LOG_LINE)
