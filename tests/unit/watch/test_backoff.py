"""When what failed is tried again, by the numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest

from reconciler.errors import Conflict, EngineError, EngineUnreachable, NotFound, ReconcilerError, Stale
from reconciler.execution.outcome import ActionOutcome, Outcome, Result
from reconciler.planning.actions import Action, PullImage, StartContainer
from reconciler.planning.plan import Plan
from reconciler.spec.model import Spec
from reconciler.state.identity import EngineIdentity
from reconciler.state.resource import Kind, ResourceKey
from reconciler.watch.backoff import MOST_SECONDS, STABLE_SECONDS, Backoff, delay

WEB = ResourceKey(Kind.CONTAINER, "p-web-1")
IMAGE = ResourceKey(Kind.IMAGE, "app:1")
START = StartContainer(id="s", resource=WEB, reason="", container="c")
PULL = PullImage(id="i", resource=IMAGE, reason="", reference="app:1")


def spec(**web: Any) -> Spec:
    data = {"name": "p", "containers": {"web": {"image": "app:1", **web}}}
    return Spec.model_validate(data, context={"folder": None})


def outcome(action: Action, error: ReconcilerError | None) -> Outcome:
    found = Plan("p", EngineIdentity("28", "1.51", "linux", "amd64"), actions=(action,))
    return Outcome(found, (ActionOutcome(action, Result.FAILED if error else Result.DONE, error=error),))


def failed(times: int, action: Action = START, error: ReconcilerError | None = None) -> Backoff:
    """After so many failures in a row, the last one at the moment 0."""
    found = Backoff()
    for _ in range(times):
        found = found.after(outcome(action, error or EngineError("no")), spec(), 0.0, 0.0)
    return found


def test_it_waits_twice_as_long_each_time_up_to_five_minutes() -> None:
    assert [delay(count, 0.0) for count in range(1, 12)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert delay(10_000, 0.0) == MOST_SECONDS


def test_jitter_takes_a_fifth_at_most_and_never_the_whole_wait() -> None:
    assert delay(1, 1.0) == pytest.approx(0.8)
    assert delay(50, 1.0) == pytest.approx(240)
    assert delay(1, 0.5) == pytest.approx(0.9)


@pytest.mark.parametrize(("times", "seconds"), [(1, 1.0), (2, 2.0), (4, 8.0), (30, 300.0)])
def test_a_resource_that_failed_is_left_alone_for_that_long(times: int, seconds: float) -> None:
    found = failed(times)
    assert found.due(0.0) == seconds
    assert found.held(seconds - 0.01) == {WEB}
    assert found.held(seconds) == frozenset()


def test_another_definition_starts_anew() -> None:
    found = failed(5)
    assert found.at(spec(), 1.0).held(1.0) == {WEB}
    assert found.at(spec(user="x"), 1.0).held(1.0) == frozenset()
    assert found.at(spec(user="x"), 1.0).due(1.0) is None


def test_what_was_well_for_long_starts_anew_and_what_was_not_goes_on() -> None:
    found = failed(3)
    soon, late = 4.0 + STABLE_SECONDS - 1, 4.0 + STABLE_SECONDS + 1
    again = found.at(spec(), soon).after(outcome(START, EngineError("no")), spec(), soon, 0.0)
    assert again.due(soon) == soon + 8
    again = found.at(spec(), late).after(outcome(START, EngineError("no")), spec(), late, 0.0)
    assert again.due(late) == late + 1


def test_an_engine_that_is_away_says_nothing_against_a_resource() -> None:
    assert failed(3, error=EngineUnreachable("away")).failing == {}


def test_an_image_that_no_registry_knows_is_not_asked_for_again() -> None:
    found = failed(1, PULL, NotFound("no such image", status=404))
    assert found.held(10.0**9) == {IMAGE}
    assert found.due(0.0) is None
    assert found.failing[IMAGE].until == math.inf
    assert failed(1, PULL, EngineError("the registry failed", status=500)).due(0.0) == 1.0


def test_what_changed_under_an_action_is_tried_again_shortly() -> None:
    assert failed(1, error=Stale("it is another one now")).due(0.0) == pytest.approx(0.1)
    assert failed(3, error=Conflict("its removal is under way")).due(0.0) == pytest.approx(0.4)


def test_what_is_done_is_no_failure() -> None:
    assert Backoff().after(outcome(START, None), spec(), 0.0, 0.0).failing == {}
