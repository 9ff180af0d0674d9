from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event as Flag

import pytest

from reconciler.errors import EngineError
from reconciler.logs.ours import with_runs
from reconciler.state.output import RUN, Event


def event(nanoseconds: int) -> Event:
    return Event(nanoseconds, "container", "start", "1")


def run(nanoseconds: int) -> Event:
    return Event(nanoseconds, RUN, "apply", "7")


def told(*calls: Sequence[Event]) -> Iterator[Sequence[Event]]:
    yield from calls
    while True:
        yield ()


def test_each_run_stands_where_it_ended() -> None:
    runs = told([run(2), run(5)], [run(9)])
    found = with_runs(iter([event(1), event(3), event(5), event(7)]), lambda: next(runs))
    assert [(one.kind, one.nanoseconds) for one in found] == [
        ("container", 1),
        ("run", 2),
        ("container", 3),
        ("run", 5),
        ("container", 5),
        ("container", 7),
        ("run", 9),
    ]


def test_a_run_is_told_while_the_engine_is_silent() -> None:
    over = Flag()

    def silent() -> Iterator[Event]:
        yield event(1)
        over.wait(60)

    runs = told([], [run(2)])
    found = with_runs(silent(), lambda: next(runs))
    assert [next(found).kind, next(found).kind] == ["container", RUN]
    over.set()
    assert list(found) == []


def test_an_engine_that_refuses_is_an_error() -> None:
    def refusing() -> Iterator[Event]:
        yield from ()
        raise EngineError("no")

    with pytest.raises(EngineError):
        next(with_runs(refusing(), lambda: ()))
