from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

import pytest

from reconciler.errors import EngineError
from reconciler.logs.events import resumed
from reconciler.state.output import Event
from tests.unit.logs.fake import FakeOutputs


def event(nanoseconds: int, action: str) -> Event:
    return Event(nanoseconds, "container", action, "1", {"name": "web"})


class Streams(FakeOutputs):
    """An Engine whose event streams are told beforehand: each a list, or an error instead."""

    def __init__(self, *streams: list[Event] | EngineError) -> None:
        super().__init__()
        self.streams = list(streams)
        self.asked: list[str] = []

    @contextmanager
    def events(
        self, filters: Mapping[str, Sequence[str]], *, since: str = "", until: str = ""
    ) -> Iterator[Iterator[Event]]:
        self.asked.append(since)
        stream = self.streams.pop(0)
        if isinstance(stream, EngineError):
            raise stream
        yield iter(stream)


class NoTime:
    def __init__(self) -> None:
        self.pauses = 0

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.pauses += 1


def test_a_stream_that_ends_is_taken_up_where_it_ended() -> None:
    first = [event(5_000_000_001, "start"), event(7_000_000_002, "die"), event(7_000_000_002, "start")]
    again = [event(7_000_000_002, "die"), event(7_000_000_002, "start"), event(7_000_000_002, "kill"), event(9, "x")]
    engine, told = Streams(first, EngineError("away"), EngineError("away"), again), list[EngineError]()
    clock = NoTime()
    found = resumed(engine, {}, clock, told.append, since="1.000000000")
    assert [one.action for one in islice(found, 5)] == ["start", "die", "start", "kill", "x"]
    assert engine.asked == ["1.000000000", "7.000000002", "7.000000002", "7.000000002"]
    assert (len(told), clock.pauses) == (1, 3)


def test_with_an_end_it_ends() -> None:
    engine = Streams([event(1, "start")])
    found = resumed(engine, {}, NoTime(), lambda _: None, since="0", until="2")
    assert [one.action for one in found] == ["start"]


def test_an_engine_that_was_never_there_is_an_error() -> None:
    with pytest.raises(EngineError, match="away"):
        next(resumed(Streams(EngineError("away")), {}, NoTime(), lambda _: None, since="0"))
