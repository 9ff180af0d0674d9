"""Containers that end again and again: who is told of, who waits, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.state.identity import EngineIdentity
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, Snapshot
from reconciler.watch.crashes import LOOP, SHORT_SECONDS, Crashes, never_ran
from tests.support.simulated import Scene
from tests.unit.watch.watching import Watched

WEB = ResourceKey(Kind.CONTAINER, "web")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def moment(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def there(
    status: str, started: float, ended: float | None = None, *, code: int = 1, restarts: int = 0, **more: Any
) -> Snapshot:
    """A container on the Engine, whose clock may be any."""
    finished = moment(ended) if ended is not None else "0001-01-01T00:00:00Z"
    state = {"Status": status, "StartedAt": moment(started), "FinishedAt": finished, "ExitCode": code, **more}
    container = ContainerState({"Id": "c", "Name": "/web", "State": state, "RestartCount": restarts})
    return Snapshot(moment(0), EngineIdentity("28", "1.51", "linux", "amd64"), (container,))


def test_the_first_crash_is_mended_at_once_and_each_later_one_later() -> None:
    crashes, now, waits = Crashes(), 0.0, []
    for _ in range(12):
        crashes = crashes.seen(there("running", now), now, 0.0)
        now += 0.5
        crashes = crashes.seen(there("exited", now - 0.5, now), now, 0.0)
        waits.append((crashes.due(now) or now) - now)
        assert crashes.held(now) == ({WEB} if waits[-1] else frozenset())
        now += waits[-1]
        assert crashes.held(now) == frozenset()
    assert waits == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_three_in_a_row_are_a_loop_until_it_has_been_up_for_a_while() -> None:
    crashes, told = Crashes(), []
    for number in range(LOOP):
        crashes = crashes.seen(there("exited", number, number + 0.5), float(number), 0.0)
        told.append(bool(crashes.looping))
    assert told == [False] * (LOOP - 1) + [True]
    crashes = crashes.seen(there("running", 20), 20.0, 0.0)
    assert crashes.looping
    assert crashes.due(20.0) == 20 + SHORT_SECONDS
    crashes = crashes.seen(there("running", 20), 20 + SHORT_SECONDS, 0.0)
    assert crashes.looping == frozenset()
    assert crashes.due(40.0) is None


def test_one_whose_end_was_noted_before_its_start_has_crashed_too() -> None:
    """As Engine 20.10 reported one that ends at once: the other of two threads was faster."""
    crashes = Crashes()
    for number in range(LOOP):
        crashes = crashes.seen(there("exited", number + 0.2, number + 0.1), float(number), 0.0)
    assert crashes.looping
    assert Crashes().seen(there("running", 5, 1), 6.0, 0.0).looping == frozenset()


def test_a_long_life_makes_good_for_what_was_before() -> None:
    crashes = Crashes()
    for number in range(5):
        crashes = crashes.seen(there("exited", number, number + 0.5), float(number), 0.0)
    crashes = crashes.seen(there("exited", 100, 100 + 3600), 4000.0, 0.0)
    assert crashes.looping == frozenset()
    assert crashes.held(4000.0) == frozenset()


@pytest.mark.parametrize(
    ("code", "more", "counts"), [(137, {}, False), (143, {}, False), (137, {"OOMKilled": True}, True), (0, {}, True)]
)
def test_who_was_killed_by_somebody_has_not_crashed(code: int, more: dict[str, bool], *, counts: bool) -> None:
    crashes = Crashes()
    for number in range(10):
        crashes = crashes.seen(there("exited", number, number + 0.5, code=code, **more), float(number), 0.0)
    assert bool(crashes.looping) == counts
    assert bool(crashes.held(9.0)) == counts


def test_one_that_the_engine_restarts_is_told_of() -> None:
    crashes = Crashes()
    for number in range(6):
        crashes = crashes.seen(there("restarting", number, number + 0.1, restarts=number), float(number), 0.0)
    assert crashes.looping == {WEB}
    calm = Crashes().seen(there("running", 0, restarts=50), 0.0, 0.0)
    assert calm.looping == frozenset(), "it may have been up for days since"


def test_looking_twice_counts_once() -> None:
    crashes = Crashes()
    for now in range(100):
        crashes = crashes.seen(there("exited", 0, 0.5), float(now), 0.0)
    assert crashes.looping == frozenset()


@pytest.mark.parametrize("jump", [-86400.0, 86400.0])
def test_a_clock_that_jumps_moves_nothing(jump: float) -> None:
    """The Engine's clock says how long a life was; when to start again, the loop's own, which never jumps."""
    crashes = Crashes()
    for number in range(3):
        crashes = crashes.seen(there("exited", number + jump * number, number + jump * number + 0.5), 1.0 * number, 0.0)
    assert crashes.due(2.0) == 4.0
    within = crashes.seen(there("exited", 50, 50 + jump), 10.0, 0.0)
    assert within.held(10.0 + 301) == frozenset(), "a jump in the middle of a life holds nothing for long"


def test_a_container_that_never_ran_for_want_of_its_command() -> None:
    assert never_ran(there("created", 0, code=127)) == {WEB}
    assert never_ran(there("created", 0, code=128)) == frozenset(), "a port in use, which may be free tomorrow"
    assert never_ran(there("exited", 0, 1, code=127)) == frozenset()


def test_a_crash_loop_is_told_once_slowed_down_and_over_at_last() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    watched = Watched(scene)
    watched.settle()
    starts = []

    def crash() -> None:
        watched.clock.now += 1
        state = scene.inspect("web")["State"]
        state |= {"Status": "exited", "Running": False, "ExitCode": 1}
        state |= {"StartedAt": moment(watched.clock.now), "FinishedAt": moment(watched.clock.now + 0.2)}

    for _ in range(8):
        crash()
        before = watched.clock.now
        watched.cycle("event")
        while scene.status("web") != "running":
            watched.wait()
            watched.cycle("due")
        starts.append(watched.clock.now - before)
    assert starts[:1] == [0]
    assert starts[-1] == 64
    assert len(watched.log.of("crash_loop")) == 1
    scene.inspect("web")["State"]["StartedAt"] = moment(watched.clock.now)
    for _ in range(20):
        if watched.watch.pause() is None:
            break
        watched.wait()
        watched.cycle("due")
    assert len(watched.log.of("crash_loop_over")) == 1
