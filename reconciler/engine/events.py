"""What the Engine says that happened, as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.errors import EngineTimeout
from reconciler.state.output import Event

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.engine.stream import JsonStream

IDLE_SECONDS = 3600.0
"""Seconds of silence after which whoever listens asks again: an Engine may be quiet for hours, or dead."""


@contextmanager
def events(
    client: Client, filters: Mapping[str, Sequence[str]], *, since: str = "", until: str = ""
) -> Iterator[Iterator[Event]]:
    """Subscribe to what happens. The subscription stands when this is entered.

    Args:
        client: the Engine.
        filters: the Engine's own: `type`, `event`, `label`.
        since: seconds since 1970, with nine digits after the point: what the Engine remembers of before comes first.
        until: likewise: the stream ends then.

    Raises:
        EngineError: the call failed, or the Engine was stopped.
    """
    with subscribe(client, filters, since=since, until=until) as stream:
        yield events_of(stream)


def subscribe(client: Client, filters: Mapping[str, Sequence[str]], *, since: str = "", until: str = "") -> JsonStream:
    """The same as messages, in a stream that any thread may close."""
    params = {"filters": dict(filters), "since": since or None, "until": until or None}
    return client.stream("GET", "/events", params=params, idle=IDLE_SECONDS)


def events_of(messages: Iterator[dict[str, Any]]) -> Iterator[Event]:
    """The messages of such a stream as values; they end where nothing happened for long."""
    try:
        for message in messages:
            actor = message.get("Actor") or {}
            yield Event(
                nanoseconds=int(message.get("timeNano") or int(message.get("time") or 0) * 10**9),
                kind=str(message.get("Type") or ""),
                action=str(message.get("Action") or ""),
                id=str(actor.get("ID") or ""),
                attributes=actor.get("Attributes") or {},
            )
    except EngineTimeout:
        return  # nothing happened for long
