"""What is worth telling of cycles, specs and the Engine."""

from __future__ import annotations

from reconciler.errors import EngineTimeout
from reconciler.notify.news import Failing, News, of_cycle, of_engine, of_spec
from reconciler.watch.observing import Cycle
from tests.unit.report import scenes
from tests.unit.watch.test_overview import AWAY, BROKEN, DONE, FAILED, ROLLED_BACK, cycle, held

NOTHING = Failing({})


def told(news: list[News]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.resource, one.text) for one in news]


def follow(*cycles: Cycle) -> list[list[tuple[str, str, str]]]:
    """What each of some cycles brings."""
    failing, found = NOTHING, []
    for one in cycles:
        news, failing = of_cycle(one, failing)
        found.append(told(news))
    return found


def test_drift_that_was_mended_is_told_and_what_somebody_wrote_is_not() -> None:
    news, _ = of_cycle(cycle(plan=DONE.plan, outcome=DONE, reasons=["event"]), NOTHING)
    assert told(news) == [("mended", "container hello-job-1", "start: state: exited (0) → running")]
    assert news[0].project == "hello"
    assert of_cycle(cycle(plan=DONE.plan, outcome=DONE, reasons=["file", "event"]), NOTHING)[0] == []


def test_a_secret_is_not_told() -> None:
    field = scenes.field("environment.KEY", '"hunter1"', '"hunter2"', sensitive=True)
    plan = scenes.plan(scenes.change("container", "hello-job-1", "update", "", field))
    outcome = scenes.outcome(plan, scenes.done(scenes.start("hello-job-1")))
    assert follow(cycle(plan=plan, outcome=outcome)) == [
        [("mended", "container hello-job-1", "update: environment.KEY")]
    ]


def test_a_failure_is_told_each_time_it_was_tried_and_its_end_once() -> None:
    failed = cycle(plan=FAILED.plan, outcome=FAILED)
    done = cycle(plan=DONE.plan, outcome=DONE)
    assert follow(failed, failed, done, done) == [
        [("failure", "container hello-job-1", "the port is taken")],
        [("failure", "container hello-job-1", "the port is taken")],
        [("recovery", "container hello-job-1", "before: the port is taken")],
        [("mended", "container hello-job-1", "start: state: exited (0) → running")],
    ]


def test_what_was_rolled_back_is_well_again_once_it_is_no_longer_held() -> None:
    why = "the new container exited with code 1"
    assert follow(
        cycle(plan=ROLLED_BACK.plan, outcome=ROLLED_BACK),
        cycle(plan=held()),
        cycle(error=EngineTimeout("no answer")),
        cycle(plan=held()),
        cycle(plan=scenes.plan()),
    ) == [
        [("rollback", "container hello-db-1", why)],
        [],
        [("failure", "project hello", "no answer")],
        [("recovery", "project hello", "before: no answer")],
        [("recovery", "container hello-db-1", f"before: {why}")],
    ]


def test_what_stands_in_the_way_is_told_once() -> None:
    refused = cycle(plan=scenes.plan(conflicts=(scenes.NOT_OURS,)))
    assert [len(one) for one in follow(refused, refused, cycle(), refused, cycle(plan=scenes.plan()))] == [
        1,
        0,
        0,
        0,
        1,
    ]


def test_an_engine_that_is_away_is_told_once_and_not_by_each_project() -> None:
    news, failing = of_engine(AWAY, NOTHING)
    assert told(news) == [("failure", "the Engine", AWAY.message)]
    assert of_engine(EngineTimeout("other words"), failing) == ([], failing)
    assert of_cycle(cycle(error=AWAY), failing) == ([], failing)
    news, failing = of_engine(None, failing)
    assert told(news) == [("recovery", "the Engine", f"before: {AWAY.message}")]
    assert failing == NOTHING
    assert of_engine(None, failing) == ([], NOTHING)


def test_a_broken_spec_is_told_once_for_each_thing_that_is_wrong() -> None:
    news, failing = of_spec("a.yaml", "hello", BROKEN, NOTHING)
    assert told(news) == [("failure", "spec a.yaml", BROKEN.message)]
    assert of_spec("a.yaml", "hello", BROKEN, failing)[0] == []
    other = type(BROKEN)("something else")
    news, failing = of_spec("a.yaml", "hello", other, failing)
    assert told(news) == [("failure", "spec a.yaml", "something else")]
    news, failing = of_spec("a.yaml", "hello", None, failing)
    assert told(news) == [("recovery", "spec a.yaml", "before: something else")]
    assert failing == NOTHING


def test_texts_are_one_line_and_not_long() -> None:
    news, _ = of_engine(type(AWAY)("a\nb " + "x" * 1000), NOTHING)
    assert "\n" not in news[0].text
    assert len(news[0].text) == 300
