"""An apply, line by line while it runs."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from reconciler.execution.outcome import ActionOutcome, Advance, Result, Started, Told
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
from reconciler.report.layout import cells, shorten, wrap
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
from reconciler.report.words import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconciler.report.layout import Paint
    from reconciler.state.resource import ResourceKey

_COLOUR_CODES = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")
_MOST_OF_A_LOG_LINE = 300
_LEAST_TEXT = 20
"""Cells; where a window leaves less, it may break the lines itself."""
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
        self,
        stream: Writable,
        style: Style,
        *,
        folded: Iterable[Action] | None = None,
        width: Callable[[], int] | None = None,
        quiet: bool = False,
    ) -> None:
        """Where and how.

        Args:
            stream: where to.
            style: how to paint.
            folded: the actions of the plan, where steps are shown elsewhere while they last: what is done with one
                resource then becomes one line, and steps none. None for a line for each.
            width: the window's columns, now: longer lines are broken between words. None where lines stay whole.
            quiet: tell of nothing but what fails.
        """
        self._stream: Writable | None = stream
        self._style = style
        self._is_folded = folded is not None
        self._width = width
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
        so_far = f" {done}, then" if (done := self._so_far(action.resource)) else ""
        self._line("✗", self._style.bad, f"{_named(action)}{so_far}: {failed_words(action)}{message}")
        if error and error.hint:
            self._print("      ", one_line(error.hint))
        for line in outcome.log:
            self._print("      | ", _log_line(line), self._style.dim)

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
        so_far = f"{done}, but " if (done := self._so_far(action.resource)) else ""
        self._line("!", self._style.changed, f"{_named(action)} {so_far}not {skipped_words(action)}{why}")

    def _undone(self, outcome: ActionOutcome) -> None:
        if words := undone_words(outcome.action):
            line = f"{_named(outcome.action)}: {words}{_took(outcome.seconds)}"
            self._line("←", self._style.changed, line)

    def _unfold(self, resource: ResourceKey) -> None:
        if held := self._held.pop(resource, None):
            name, words, seconds = held
            self._line("✓", self._style.good, f"{name} {', '.join(words)}{_took(seconds)}")

    def _so_far(self, resource: ResourceKey) -> str:
        """What is held back of a resource, to be said together with what ends it."""
        _, words, _ = self._held.pop(resource, ("", [], 0.0))
        return ", ".join(words)

    def _step(self, text: str) -> None:
        if self._is_folded or self._quiet:
            return
        self._print("  · ", text, self._style.dim)

    def _line(self, sign: str, paint: Paint, text: str) -> None:
        if self._quiet and sign in {"✓", "←"}:
            return
        self._print(f"  {paint(sign)} ", text, start=4)

    def _print(self, before: str, text: str, paint: Paint = str, *, start: int = 0) -> None:
        """Print a text; what does not fit on a line goes on below its beginning, `start` columns from the left."""
        start = start or cells(before)
        room = self._width() - start if self._width else 0
        first, *more = wrap(text, room) if room >= _LEAST_TEXT else [text]
        if paint is not str:
            first, before = paint(f"{before}{first}".rstrip()), ""
        self._write(f"{before}{first}")
        for line in more:
            self._write(f"{' ' * start}{paint(line)}")

    def _write(self, line: str) -> None:
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


def _named(action: Action) -> str:
    return f"{action.resource.kind} {visible(action.resource.name)}"


def _took(seconds: float) -> str:
    return f" ({duration(seconds)})" if seconds >= _WORTH_SAYING else ""


def _log_line(line: str) -> str:
    """A line of a container's log: its own colours would end up in ours."""
    return shorten(visible(_COLOUR_CODES.sub("", line).rstrip().expandtabs()), _MOST_OF_A_LOG_LINE)
