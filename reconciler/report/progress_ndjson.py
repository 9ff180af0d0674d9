"""An apply as lines of JSON while it runs: one event each, and the outcome at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from reconciler.execution.outcome import Advance, Outcome, Started, Told
from reconciler.report.json_form import action_dict, action_outcome_dict, outcome_dict

if TYPE_CHECKING:
    from reconciler.ports import Clock

_EVERY_SECONDS = 1.0
"""How often it is told at most how far one action is."""


class ProgressNdjson:
    """Writes one line for each event; a `reconciler.execution.outcome.Progress`."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._stream: TextIO | None = stream
        self._clock = clock
        self._told: dict[str, float] = {}
        """When it was told last how far an action is, by its ID."""

    def __call__(self, event: Told) -> None:
        """Tell of one event."""
        match event:
            case Started():
                self._write({"type": "started", **action_dict(event.action)})
            case Advance():
                self._advance(event)
            case _:
                data = action_outcome_dict(event)
                self._write({"type": data.pop("result"), **data})

    def close(self, outcome: Outcome) -> None:
        """The last line."""
        self._write({"type": "summary", **outcome_dict(outcome)})

    def _advance(self, event: Advance) -> None:
        now = self._clock.monotonic()
        if now - self._told.get(event.action.id, -_EVERY_SECONDS) < _EVERY_SECONDS:
            return
        self._told[event.action.id] = now
        self._write(
            {
                "type": "progress",
                **action_dict(event.action),
                "text": event.text,
                "done": event.done,
                "total": event.total or None,
                "unit": event.unit or None,
            }
        )

    def _write(self, line: dict[str, Any]) -> None:
        # Whoever reads may go away: an apply under way must not break off because of that.
        if self._stream is None:
            return
        try:
            self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = None
