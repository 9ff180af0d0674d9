"""When a new container has proven itself, and when it has not."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from reconciler.errors import EngineError
from reconciler.execution.gate import Unproven, await_proof
from reconciler.planning.gates import AwaitProof
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState
from tests.support.simulated import FakeClock, SimulatedEngine

GATE = AwaitProof(
    id="prove",
    resource=ResourceKey(Kind.CONTAINER, "web"),
    reason="",
    container="create",
    monitor_seconds=2.0,
    deadline_seconds=10.0,
)


class Life(SimulatedEngine):
    """An Engine whose container goes through a list of states, a second each; the last one stays."""

    def __init__(
        self, *states: dict[str, Any], clock: FakeClock, policy: str = "no", start_period: int | None = None
    ) -> None:
        super().__init__()
        self._states, self._clock, self._policy, self._start_period = states, clock, policy, start_period

    def inspect(self, container: str) -> ContainerState:
        assert container == "the-id"
        state = self._states[min(int(self._clock.now), len(self._states) - 1)]
        return ContainerState(
            {
                "Id": container,
                "State": {"ExitCode": 0, **state},
                "RestartCount": state.get("RestartCount", 0),
                "HostConfig": {"RestartPolicy": {"Name": self._policy}},
                "Config": {"Healthcheck": {"StartPeriod": self._start_period}},
            }
        )

    def logs(self, container: str, lines: int) -> list[str]:
        raise EngineError("no log driver")


def health(status: str) -> dict[str, Any]:
    return {"Status": "running", "Health": {"Status": status}}


RUNNING = {"Status": "running"}


@pytest.mark.parametrize(
    ("states", "seconds"),
    [
        ([RUNNING], 2),
        ([{"Status": "running", "Health": {"Status": "none"}}], 2),
        ([health("starting"), health("starting"), health("starting"), health("healthy")], 3),
        ([health("healthy")], 0),
        ([RUNNING, {"Status": "exited"}], 1),
    ],
    ids=["runs", "no check", "becomes healthy", "is healthy", "has done its work"],
)
def test_proven(states: list[dict[str, Any]], seconds: int) -> None:
    clock = FakeClock()
    assert await_proof(GATE, {"create": "the-id"}, Life(*states, clock=clock), clock, threading.Event())
    assert seconds <= clock.now < seconds + 0.5


@pytest.mark.parametrize(
    ("states", "policy", "says"),
    [
        ([RUNNING, {"Status": "exited", "ExitCode": 3}], "no", "exited with code 3"),
        ([RUNNING, {"Status": "exited"}], "always", "exited with code 0"),
        (
            [RUNNING, {"Status": "restarting", "ExitCode": 1}],
            "always",
            "exited with code 1 and is restarted again and again",
        ),
        ([RUNNING, {**RUNNING, "RestartCount": 1}], "on-failure", "exited and was restarted"),
        ([RUNNING, {"Status": "dead"}], "no", "is dead"),
        ([RUNNING, {"Status": "removing"}], "no", "is removing"),
        ([RUNNING, {"Status": "paused"}], "no", "is paused"),
        ([health("starting"), health("unhealthy")], "no", "is unhealthy"),
        ([health("starting")], "no", "was not healthy within 10 s"),
    ],
)
def test_not_proven(states: list[dict[str, Any]], policy: str, says: str) -> None:
    clock = FakeClock()
    life = Life(*states, clock=clock, policy=policy)
    with pytest.raises(Unproven) as caught:
        await_proof(GATE, {"create": "the-id"}, life, clock, threading.Event())
    assert caught.value.message == f"the new container {says}"
    assert caught.value.hint
    assert caught.value.log == (), "a log that can't be read hides nothing"


def test_interrupted() -> None:
    clock, stop = FakeClock(), threading.Event()
    stop.set()
    assert not await_proof(GATE, {"create": "the-id"}, Life(RUNNING, clock=clock), clock, stop)
