"""When those that depend on a container may go on, and when they never will."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from reconciler.execution.conditions import await_condition
from reconciler.execution.gate import Unproven
from reconciler.planning.gates import AwaitCompleted, AwaitHealthy
from reconciler.state.resource import Kind, ResourceKey
from tests.support.simulated import FakeClock
from tests.unit.execution.test_gate import RUNNING, Life, health

WEB: dict[str, Any] = {
    "id": "gate",
    "resource": ResourceKey(Kind.CONTAINER, "web"),
    "reason": "",
    "container": "create",
}
HEALTHY = AwaitHealthy(deadline_seconds=10.0, **WEB)
COMPLETED = AwaitCompleted(**WEB)
RESTARTING = {"Status": "restarting", "ExitCode": 1}


@pytest.mark.parametrize(
    ("gate", "states", "seconds"),
    [
        (HEALTHY, [health("healthy")], 0),
        (HEALTHY, [health("starting"), health("starting"), health("healthy")], 2),
        (HEALTHY, [RESTARTING, health("starting"), health("healthy")], 2),
        (COMPLETED, [{"Status": "exited"}], 0),
        (COMPLETED, [RUNNING, RESTARTING, {"Status": "exited"}], 2),
        (COMPLETED, [*[RUNNING] * 1000, {"Status": "exited"}], 1000),
    ],
)
def test_reached(gate: AwaitHealthy | AwaitCompleted, states: list[dict[str, Any]], seconds: int) -> None:
    clock = FakeClock()
    life = Life(*states, clock=clock, policy="on-failure")
    assert await_condition(gate, {"create": "the-id"}, life, clock, threading.Event())
    assert seconds <= clock.now < seconds + 0.5


@pytest.mark.parametrize(
    ("gate", "states", "policy", "says"),
    [
        (HEALTHY, [health("starting"), health("unhealthy")], "no", "is unhealthy"),
        (HEALTHY, [health("starting")], "no", "was not healthy within 10 s"),
        (HEALTHY, [RESTARTING], "always", "was not healthy within 10 s and is restarted again and again"),
        (HEALTHY, [{"Status": "exited", "ExitCode": 0}], "no", "exited with code 0 before it was healthy"),
        (HEALTHY, [{"Status": "created"}], "no", "is created, and others wait until it is healthy"),
        (HEALTHY, [{**health("healthy"), "Status": "paused"}], "no", "is paused, and others wait until it is healthy"),
        (HEALTHY, [RUNNING], "no", "has no healthcheck, and others wait until it is healthy"),
        (COMPLETED, [RUNNING, {"Status": "exited", "ExitCode": 3}], "no", "exited with code 3"),
        (COMPLETED, [RUNNING], "always", "is restarted whenever it ends, and others wait for its end"),
        (COMPLETED, [{"Status": "created"}], "no", "is created, and others wait until it has completed"),
        (COMPLETED, [{"Status": "dead"}], "no", "is dead, and others wait until it has completed"),
    ],
)
def test_never_reached(
    gate: AwaitHealthy | AwaitCompleted, states: list[dict[str, Any]], policy: str, says: str
) -> None:
    clock = FakeClock()
    life = Life(*states, clock=clock, policy=policy)
    with pytest.raises(Unproven) as caught:
        await_condition(gate, {"create": "the-id"}, life, clock, threading.Event())
    assert caught.value.message == says
    assert caught.value.hint


@pytest.mark.parametrize(("gate", "state"), [(HEALTHY, health("starting")), (COMPLETED, RUNNING)])
def test_interrupted(gate: AwaitHealthy | AwaitCompleted, state: dict[str, Any]) -> None:
    clock, stop = FakeClock(), threading.Event()
    stop.set()
    assert not await_condition(gate, {"create": "the-id"}, Life(state, clock=clock), clock, stop)


def test_the_start_period_of_its_check_is_granted_besides() -> None:
    clock = FakeClock()
    life = Life(*[health("starting")] * 30, health("healthy"), clock=clock, start_period=25 * 10**9)
    assert await_condition(HEALTHY, {"create": "the-id"}, life, clock, threading.Event())
    life = Life(health("starting"), clock=FakeClock(), start_period=25 * 10**9)
    with pytest.raises(Unproven, match="within 35 s"):
        await_condition(HEALTHY, {"create": "the-id"}, life, life._clock, threading.Event())
