"""The loop of one project: when it looks, what it leaves alone and for how long, without waiting for any of it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import EngineError, EngineUnreachable
from reconciler.watch.backoff import ENGINE_MOST_SECONDS
from tests.support.simulated import Scene
from tests.unit.watch.watching import Watched

BAD = {"command": ["no-such-command"]}


@pytest.fixture
def watched() -> Watched:
    scene = Scene()
    scene.declare({"web": {}})
    found = Watched(scene)
    found.settle()
    return found


# --- when nothing is to be done ---------------------------------------------------------------------------------------


def test_it_looks_once_more_after_a_change_and_then_waits_for_others(watched: Watched) -> None:
    watched.scene.expect_in_sync()
    assert [len(one.outcome.actions) if one.outcome else None for one in watched.seen.cycles][1:] == [None]
    assert watched.watch.pause() is None, "nothing is due: whoever has something to say asks"


def test_a_cycle_that_finds_nothing_says_nothing_and_changes_nothing(watched: Watched) -> None:
    said, calls = watched.log.events, len(watched.engine.calls)
    for reason in ("event", "resync", "file", "due", "engine"):
        watched.cycle(reason)
    assert watched.log.events == said
    assert len(watched.engine.calls) == calls


def test_each_cycle_is_told_with_its_number_and_reasons(watched: Watched) -> None:
    watched.scene.hand("POST", f"/containers/{watched.scene.id('web')}/stop")
    cycle = watched.cycle("event", "resync")
    assert (cycle.project, cycle.number, cycle.reasons) == ("p", 3, ("event", "resync"))
    assert cycle.plan
    assert cycle.snapshot
    assert cycle.outcome
    assert cycle.error is None
    assert watched.log.of("drift")[-1]["reason"] == "event,resync"


# --- an Engine that is away -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [EngineUnreachable("refused"), EngineError("it fails", status=500)])
def test_it_looks_later_and_later_and_never_without_a_pause(watched: Watched, error: EngineError) -> None:
    watched.engine.error = error
    watched.cycle("event")
    pauses = []
    for _ in range(12):
        pauses.append(watched.wait())
        watched.cycle("due")
    assert pauses == [1, 2, 4, 8, 16, 32, *[ENGINE_MOST_SECONDS] * 6]
    assert len(watched.log.of("engine_error")) == 1, "said once"

    watched.engine.error = None
    watched.cycle("engine")
    assert watched.watch.pause() is None
    watched.engine.error = error
    watched.cycle("event")
    assert watched.wait() == 1, "it begins anew"


def test_what_asks_meanwhile_does_not_make_it_spin(watched: Watched) -> None:
    watched.engine.error = EngineUnreachable("refused")
    for _ in range(50):
        watched.cycle("event")
        assert (watched.watch.pause() or 0) >= 1
    assert len(watched.log.of("engine_error")) == 1


def test_an_error_that_says_something_else_each_time_is_not_said_each_time(watched: Watched) -> None:
    for number in range(100):
        watched.engine.error = EngineError(f"it fails at {number}")
        watched.cycle("due")
    assert len(watched.log.of("engine_error")) < 10


def test_a_defect_is_said_and_does_not_end_it(watched: Watched) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("of its own")

    before, watched.watch.prune = watched.watch.prune, broken
    watched.watch._used_by = ("", "")
    watched.cycle("event")
    assert watched.log.of("cycle_broke")[0]["error"] == "ZeroDivisionError: of its own"
    assert watched.wait() == 1
    watched.watch.prune = before
    watched.cycle("due")
    assert watched.watch.pause() is None


def test_while_it_is_known_to_be_away_it_is_not_asked(watched: Watched) -> None:
    """The daemon follows the Engine, and asks again once it is back."""
    looks = watched.engine.looks
    watched.watch.is_there = lambda: False
    watched.watch.triggers.ask("event")
    watched.watch.stop.clear()
    original = watched.watch.triggers.wait
    calls = []

    def wait(seconds: float | None) -> list[str]:
        calls.append(seconds)
        if len(calls) > 1:
            watched.watch.stop.set()
            return ["stop"]
        return original(seconds)

    watched.watch.triggers.wait = wait  # type: ignore[method-assign]
    watched.watch.run()
    assert watched.engine.looks == looks
    assert calls == [None, None], "it waits as long as it takes"


# --- what fails -------------------------------------------------------------------------------------------------------


def test_a_resource_that_fails_is_tried_later_and_later_and_the_rest_goes_on(watched: Watched) -> None:
    scene = watched.scene
    scene.declare({"web": {}, "db": {"networks": ["gone"]}}, networks={"gone": {"external": True, "name": "gone"}})
    scene.hand("POST", "/networks/create", body={"Name": "gone", "Driver": "bridge"})
    watched.settle()
    identity = scene.id("db")
    scene.hand("POST", f"/containers/{identity}/stop")

    def refuse(*_: Any) -> Any:
        raise EngineError("driver failed programming external connectivity: port is already allocated", status=500)

    working, scene.daemon._start = scene.daemon._start, refuse  # type: ignore[method-assign,assignment]
    pauses = []
    watched.cycle("event")
    for _ in range(4):
        # The look after a change comes at once, and holds back what failed.
        while watched.watch.pause() == 0.0:
            assert not watched.cycle("due").outcome
        pauses.append(watched.wait())
        assert watched.cycle("due").outcome, "it is tried again"
    assert pauses == [1, 2, 4, 8]
    tried = len(watched.log.of("action_failed"))
    for _ in range(20):
        watched.cycle("event")
    assert len(watched.log.of("action_failed")) == tried, "events don't make it try earlier"
    scene.hand("POST", f"/containers/{scene.id('web')}/pause")
    scene.daemon._start = working  # type: ignore[method-assign]
    watched.cycle("event")
    assert (scene.status("web"), scene.status("db")) == ("running", "exited"), "the rest is mended meanwhile"
    watched.cycle("signal")
    assert scene.status("db") == "running", "a person may ask for it at once"


def test_another_definition_is_tried_at_once() -> None:
    scene = Scene()
    scene.declare({"web": {"image": "nobody-has:1"}})
    watched = Watched(scene)
    watched.cycle("start")
    while watched.watch.pause() == 0.0:
        watched.cycle("due")
    assert scene.names() == []
    scene.daemon.add_image("other:1", Cmd=["idle"])
    scene.declare({"web": {"image": "other:1"}})
    watched.cycle("file")
    assert scene.names() == ["p-web-1"]


def test_an_image_that_nobody_has_is_asked_for_once() -> None:
    scene = Scene()
    scene.declare({"web": {"image": "nobody-has:1"}, "db": {}})
    watched = Watched(scene)
    watched.cycle("start")
    for _ in range(50):
        watched.cycle("resync")
        watched.clock.now += 300
    pulls = [call for call in watched.engine.calls if call == "POST /images/create"]
    assert len(pulls) == 1
    assert scene.names() == ["p-db-1"]
    assert len(watched.log.of("held_back")) == 1, "said once"
    scene.daemon.add_image("nobody-has:1", Cmd=["idle"])
    watched.cycle("event")
    assert scene.names() == ["p-db-1", "p-web-1"], "it came by another way"


def test_with_on_failure_stop_everything_waits_with_what_failed() -> None:
    scene = Scene()
    scene.declare({"bad": {"image": "nobody-has:1"}, "good": {}}, settings={"on_failure": "stop", "parallelism": 1})
    watched = Watched(scene)
    watched.cycle("start")
    names = scene.names()
    for _ in range(3):
        watched.cycle("event")
    assert scene.names() == names
    watched.scene.declare({"good": {}}, settings={"on_failure": "stop", "parallelism": 1})
    watched.cycle("file")
    assert scene.names() == ["p-good-1"]


def test_a_command_that_is_not_there_is_not_started_in_vain() -> None:
    scene = Scene()
    scene.declare({"web": BAD})
    watched = Watched(scene)
    watched.cycle("start")
    starts = watched.engine.calls.count(f"POST /containers/{scene.id('web')}/start") if scene.names() else 1
    for _ in range(20):
        watched.clock.now += 1000
        watched.cycle("resync")
    calls = [call for call in watched.engine.calls if call.endswith("/start")]
    assert len(calls) <= max(1, starts)
    scene.declare({"web": {}})
    watched.cycle("file")
    assert scene.status("web") == "running"


def test_a_dance_that_never_ends_gets_slower(watched: Watched) -> None:
    """Something undoes each time what is done: as a defect of a plan would look."""
    pauses = []
    for _ in range(8):
        watched.scene.hand("POST", f"/containers/{watched.scene.id('web')}/stop")
        assert watched.cycle("due").outcome
        pauses.append(watched.watch.pause() or 0.0)
    assert pauses[-1] > 10
    assert sorted(pauses) == pauses
    watched.cycle("due")
    watched.scene.hand("POST", f"/containers/{watched.scene.id('web')}/stop")
    watched.cycle("event")
    assert watched.watch.pause() == 0.0, "once it has come to rest, it is quick again"


# --- the end of a project ---------------------------------------------------------------------------------------------


def test_a_project_is_taken_down_and_then_watched_no_more(watched: Watched) -> None:
    watched.watch.take_down()
    down = []
    for _ in range(2):
        watched.cycle("pruned")
        down.append(watched.watch.is_down)
    assert down == [False, True], "once it has seen that nothing is left"
    assert watched.scene.names() == []


def test_the_guard_keeps_a_large_project_up() -> None:
    scene = Scene()
    scene.declare({f"s{number}": {} for number in range(8)})
    watched = Watched(scene)
    watched.settle()
    watched.watch.take_down()
    for _ in range(5):
        watched.cycle("due")
    assert len(scene.names()) == 8
    assert not watched.watch.is_down
    assert len(watched.log.of("needs_person")) == 1
    watched.watch.want(scene.spec)
    watched.cycle("file")
    scene.expect_in_sync()
