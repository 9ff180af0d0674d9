"""Events without a gap: where the stream ends, it is taken up where it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.errors import EngineError

if TYPE_CHECKING:
    from reconciler.ports import Clock, Outputs
    from reconciler.state.output import Event

_PAUSE = 1.0
"""Seconds between attempts to reach an Engine that is away."""


def resumed(
    engine: Outputs,
    filters: Mapping[str, Sequence[str]],
    clock: Clock,
    away: Callable[[EngineError], None],
    *,
    since: str,
    until: str = "",
) -> Iterator[Event]:
    """The events from `since` on, each once, for ever or until `until`.

    An Engine that is restarted forgets what happened before; what happens while it is away nobody tells.

    Args:
        engine: whose.
        filters: the Engine's own.
        clock: for pauses.
        away: told of an Engine that went away, once each time.
        since: seconds since 1970, with nine digits after the point.
        until: likewise; empty for no end.

    Raises:
        EngineError: the Engine refuses, or is away from the start.
    """
    heard = told = False
    at_last: set[object] = set()
    last = -1
    while True:
        try:
            with engine.events(filters, since=since, until=until) as events:
                heard, told = True, False
                for event in events:
                    key = (event.kind, event.action, event.id, tuple(sorted(event.attributes.items())))
                    if event.nanoseconds != last:
                        last, at_last = event.nanoseconds, set()
                        since = f"{last // 10**9}.{last % 10**9:09d}"
                    elif key in at_last:
                        continue  # the Engine begins with what happened at that very moment
                    at_last.add(key)
                    yield event
            if until:
                return
        except EngineError as error:
            if not heard:
                raise
            if not told:
                away(error)
            told = True
        clock.sleep(_PAUSE)
