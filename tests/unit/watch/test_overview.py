"""What is known of a watch: its projects, specs and Engine; and what became of a cycle, in a word."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import EngineUnreachable, SpecError
from reconciler.planning.plan import Notice
from reconciler.watch.observing import Cycle, CycleResult, Observers
from reconciler.watch.overview import STILL, Overview
from tests.support.simulated import FakeClock
from tests.unit.report import scenes

BROKEN = SpecError("a.yaml:3: no such attribute", "leave it out")
AWAY = EngineUnreachable("no Docker Engine at unix:///nope.sock", "start it")


def cycle(**more: Any) -> Cycle:
    given: dict[str, Any] = {"project": "hello", "number": 1, "reasons": ["start"], "seconds": 0.5, **more}
    return Cycle(**given)


def started() -> Any:
    return scenes.plan(scenes.change("container", "hello-job-1", "start", "", scenes.STATE), actions=[])


def replaced() -> Any:
    return scenes.plan(scenes.change("container", "hello-db-1", "replace", "", scenes.TZ))


def held() -> Any:
    return scenes.plan(scenes.change("container", "hello-db-1", "hold", "", scenes.TZ))


DONE = scenes.outcome(started(), scenes.done(scenes.start("hello-job-1")))
FAILED = scenes.outcome(started(), scenes.failed(scenes.start("hello-job-1"), "the port is taken"))
ROLLED_BACK = scenes.outcome(replaced(), *scenes.rolled_back())


@pytest.mark.parametrize(
    ("more", "result", "unfinished"),
    [
        ({"plan": scenes.plan()}, "in_sync", 0),
        ({"plan": DONE.plan, "outcome": DONE}, "done", 0),
        ({"plan": FAILED.plan, "outcome": FAILED}, "failed", 1),
        ({"plan": ROLLED_BACK.plan, "outcome": ROLLED_BACK}, "rolled_back", 1),
        ({"plan": held()}, "held", 1),
        ({"plan": held(), "outcome": scenes.outcome(held())}, "held", 1),
        ({"plan": scenes.plan(conflicts=(scenes.NOT_OURS,))}, "refused", 0),
        ({"plan": scenes.plan(needs_person=Notice(scenes.key("container", "a"), "too many", "look"))}, "refused", 0),
        ({"plan": DONE.plan, "outcome": scenes.outcome(DONE.plan, interrupted=True)}, "interrupted", 0),
        ({}, "skipped", 0),
        ({"error": AWAY}, "error", 0),
    ],
)
def test_what_became_of_a_cycle(more: dict[str, Any], result: str, unfinished: int) -> None:
    found = cycle(**more)
    assert (found.result, len(found.unfinished)) == (result, unfinished)
    assert found.result.is_well == (result in {"in_sync", "done"})


def overview() -> tuple[Overview, FakeClock, list[float]]:
    clock, now = FakeClock(), [1000.0]
    return Overview(clock, lambda: now[0]), clock, now


def test_it_is_ready_once_the_engine_answers_and_every_spec_is_valid() -> None:
    seen, _, _ = overview()
    assert seen.view.in_the_way == ["the Engine has not been asked yet"]
    seen.read("b.yaml", "shop", None)
    seen.read("a.yaml", "", BROKEN)
    seen.engine(AWAY)
    assert seen.view.in_the_way == [
        "the Engine is away: no Docker Engine at unix:///nope.sock",
        "a spec is broken: a.yaml:3: no such attribute",
    ]
    seen.engine(None)
    seen.read("a.yaml", "hello", None)
    assert seen.view.in_the_way == []
    seen.read("b.yaml", "shop", BROKEN)
    assert seen.view.in_the_way == ["the spec of shop is broken: a.yaml:3: no such attribute"]
    assert list(seen.view.projects) == ["hello", "shop"]
    seen.gone("shop")
    assert (list(seen.view.projects), list(seen.view.specs), seen.view.in_the_way) == (["hello"], ["a.yaml"], [])


def test_a_loop_that_stands_still_is_neither_healthy_nor_ready() -> None:
    seen, clock, _ = overview()
    seen.engine(None)
    clock.now += STILL - 1
    assert seen.view.is_healthy
    clock.now += 2
    assert seen.view.in_the_way == ["the loop gave no sign of life for 61 s"]
    seen.alive()
    assert seen.view.is_healthy
    assert seen.view.in_the_way == []


def test_cycles_come_and_go() -> None:
    seen, _, now = overview()
    seen.began("hello", ["start", "file"])
    assert seen.view.projects["hello"].reasons == ("start", "file")
    seen.ended(cycle(plan=DONE.plan, outcome=DONE, snapshot=object()))
    found = seen.view.projects["hello"]
    assert found.cycle
    assert (found.reasons, found.ended_at, found.succeeded_at, found.cycle.snapshot) == (None, 1000.0, 1000.0, None)
    now[0] = 2000.0
    seen.ended(cycle(number=2, plan=FAILED.plan, outcome=FAILED))
    found = seen.view.projects["hello"]
    assert found.cycle
    assert (found.cycle.number, found.ended_at, found.succeeded_at) == (2, 2000.0, 1000.0)
    seen.missed(3)
    seen.missed(1)
    assert seen.view.misses == 4


def test_a_defect_of_one_observer_reaches_neither_the_loop_nor_the_others() -> None:
    seen, _, _ = overview()

    class Bad(Overview):
        def engine(self, error: object) -> None:
            raise ZeroDivisionError

    defects: list[Exception] = []
    clock = FakeClock()
    both = Observers([Bad(clock, lambda: 0.0), seen], defects.append)
    both.engine(None)
    both.alive()
    both.read("a.yaml", "hello", None)
    both.began("hello", ["start"])
    both.ended(cycle())
    both.missed(1)
    assert [type(one) for one in defects] == [ZeroDivisionError]
    assert seen.view.in_the_way == []
    assert seen.view.projects["hello"].cycle
    assert seen.view.projects["hello"].cycle.result is CycleResult.SKIPPED
    both.gone("hello")
    assert not seen.view.projects
