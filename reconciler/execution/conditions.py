"""The gates before those that depend on a container: it becomes healthy, or ends well."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.execution.gate import POLL_SECONDS, Unproven, last_lines
from reconciler.execution.health import tell_health
from reconciler.planning.gates import AwaitHealthy

if TYPE_CHECKING:
    from reconciler.planning.gates import AwaitCondition
    from reconciler.ports import Clock, Engine, Tell
    from reconciler.state.snapshot import ContainerState


def await_condition(
    gate: AwaitCondition,
    created: Mapping[str, str],
    engine: Engine,
    clock: Clock,
    stop: threading.Event,
    tell: Tell | None = None,
) -> bool:
    """Wait until the container is what those that depend on it wait for.

    Returns:
        Whether it is; False when `stop` was set before that was known.

    Raises:
        Unproven: it can't be that any more, or took too long.
        EngineError: it can't be looked at.
    """
    container = created.get(gate.container, gate.container)
    began = clock.monotonic()
    said = ""
    while True:
        state = engine.inspect(container)
        said = tell_health(state, said, tell)
        if isinstance(gate, AwaitHealthy):
            reached = state.is_healthy
            why, hint = _unhealthy(gate, state, clock.monotonic() - began)
        else:
            reached = state.has_completed
            why, hint = _incomplete(state)
        if reached:
            return True
        if why:
            raise Unproven(why, hint, last_lines(engine, container))
        if stop.is_set():
            return False
        clock.sleep(POLL_SECONDS)


_LOOK = "see its last lines, and mend the spec or the image"
_DOES_NOT_RUN = {"created", "exited", "dead", "removing", "paused"}


def _unhealthy(gate: AwaitHealthy, state: ContainerState, waited: float) -> tuple[str, str]:
    """Why it won't be healthy, and what to do; empty while it still may."""
    deadline = gate.deadline_seconds + state.start_period_seconds
    if state.status == "exited":
        return f"exited with code {state.exit_code} before it was healthy", _LOOK
    if state.status in _DOES_NOT_RUN:
        return f"is {state.status}, and others wait until it is healthy", "let it run, or wait for service_started only"
    if state.status == "running" and state.health is None:
        return "has no healthcheck, and others wait until it is healthy", "declare one, or wait for service_started"
    if state.health == "unhealthy" and state.status == "running":
        return "is unhealthy", _LOOK
    if waited >= deadline:
        restarts = " and is restarted again and again" if state.status == "restarting" else ""
        return f"was not healthy within {deadline:.0f} s{restarts}", _LOOK
    return "", ""


def _incomplete(state: ContainerState) -> tuple[str, str]:
    """Why it won't end well, and what to do; empty while it still may."""
    if state.restarts_by_itself:
        return "is restarted whenever it ends, and others wait for its end", 'write restart: "no" or on-failure'
    if state.has_failed:
        return f"exited with code {state.exit_code}", _LOOK
    if state.status in _DOES_NOT_RUN - {"exited"}:
        return f"is {state.status}, and others wait until it has completed", "let it run: state: completed"
    return "", ""
