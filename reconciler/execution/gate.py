"""The gates of a replacement: a new container proves itself, an old one finishes what it has begun."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.errors import EngineError, ReconcilerError
from reconciler.execution.health import tell_health

if TYPE_CHECKING:
    from reconciler.planning.gates import AwaitProof, Drain
    from reconciler.ports import Clock, Engine, Tell
    from reconciler.state.snapshot import ContainerState

POLL_SECONDS = 0.2
"""How often a gate looks."""

_LOG_LINES = 10


class Unproven(ReconcilerError):
    """A container is not what is waited for: a new one did not prove itself, or others can't go on.

    Attributes:
        log: the last lines that it wrote.
    """

    def __init__(self, message: str, hint: str = "", log: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.log = log


def await_proof(
    gate: AwaitProof,
    created: Mapping[str, str],
    engine: Engine,
    clock: Clock,
    stop: threading.Event,
    tell: Tell | None = None,
) -> bool:
    """Wait until the container is healthy, or has run for a while without a restart.

    A container that ends with exit code 0 and is not to be restarted has done its work: proof enough.

    Returns:
        Whether it has proven itself; False when `stop` was set before that was known.

    Raises:
        Unproven: it exited, restarted, became unhealthy or took too long.
    """
    container = created.get(gate.container, gate.container)
    began = clock.monotonic()
    said = ""
    while True:
        state = engine.inspect(container)
        waited = clock.monotonic() - began
        said = tell_health(state, said, tell)
        if why := failure(state, waited, gate.deadline_seconds):
            which = "new container" if gate.container in created else "container"
            raise Unproven(
                f"the {which} {why}",
                "see its last lines, and mend the spec or the image",
                last_lines(engine, container),
            )
        if state.status == "exited":
            return True
        if state.health == "healthy" or (state.health is None and waited >= gate.monitor_seconds):
            return True
        if stop.is_set():
            return False
        clock.sleep(POLL_SECONDS)


def failure(state: ContainerState, waited: float, deadline: float) -> str:
    """Why a new container has not proven itself; empty while it still may, or has."""
    if state.status == "exited" and (state.exit_code or state.restarts_by_itself):
        return f"exited with code {state.exit_code}"
    if state.status == "restarting":
        return f"exited with code {state.exit_code} and is restarted again and again"
    if state.restart_count:
        return "exited and was restarted"  # with which code is forgotten once it runs again
    if state.status in {"dead", "removing", "created", "paused"}:
        return f"is {state.status}"
    if state.health == "unhealthy":
        return "is unhealthy"
    if state.health == "starting" and waited >= deadline:
        return f"was not healthy within {deadline:.0f} s"
    return ""


def drain(gate: Drain, clock: Clock, stop: threading.Event) -> bool:
    """Wait as long as the container has to finish what it has begun; False when `stop` was set before."""
    end = clock.monotonic() + gate.seconds
    while (left := end - clock.monotonic()) > 0:
        if stop.is_set():
            return False
        clock.sleep(min(POLL_SECONDS, left))
    return True


def last_lines(engine: Engine, container: str) -> tuple[str, ...]:
    """What a container wrote last; nothing where that can't be read."""
    try:
        return tuple(engine.logs(container, _LOG_LINES))
    except EngineError:
        return ()  # the log only helps to explain: the failure itself is what counts
