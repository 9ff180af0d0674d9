"""What becomes of containers once they were started: whether they are up; with `--wait`, whether they are ready."""

from __future__ import annotations

import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.errors import EngineError, NotFound
from reconciler.execution.gate import POLL_SECONDS, Unproven, failure, last_lines
from reconciler.execution.health import tell_health
from reconciler.execution.outcome import ActionOutcome, Advance, Outcome, Progress, Result, Started
from reconciler.planning.actions import StartContainer
from reconciler.planning.gates import AwaitCompleted, AwaitHealthy, AwaitProof, Gate
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.ports import Clock, Engine
    from reconciler.state.snapshot import ContainerState, Snapshot

LOOK_SECONDS = 0.3
"""How long after the last start: a container that dies at once is seen to be dead some 0.1 s after its start."""

STABLE_SECONDS = 2.0
"""How long a container without a healthcheck must run without a restart to be ready."""

_CONCURRENCY = 8
"""How many containers are looked at at once."""

_HINT = "see its last lines, and mend the spec or the image"


# --- looked at once more ---------------------------------------------------------------------------------------------


def look_again(
    outcome: Outcome,
    engine: Engine,
    clock: Clock,
    *,
    jobs: Collection[str] = (),
    progress: Progress | None = None,
) -> Outcome:
    """The outcome, with the starts as failed whose containers died at once; they are not waited for.

    Replacements have proven themselves, so it is about the other starts.

    Args:
        outcome: of a plan that was carried out.
        engine: where.
        clock: passes the moment that dying takes.
        jobs: the names in the spec of containers that are to end: they may, and be tried again.
        progress: told of each that failed.
    """
    told = {one.action.resource for one in outcome.actions if one.error}  # also where others go on without it
    starts = [
        (one, one.action)
        for one in outcome.actions
        if isinstance(one.action, StartContainer)
        and one.result is Result.DONE
        and not one.action.group
        and one.action.resource not in told
    ]
    if not starts or outcome.interrupted:
        return outcome
    clock.sleep(LOOK_SECONDS)
    dead: dict[str, ActionOutcome] = {}
    started = [outcome.created.get(action.container, action.container) for _, action in starts]
    with ThreadPoolExecutor(min(_CONCURRENCY, len(starts)), thread_name_prefix="look") as pool:
        states = list(pool.map(lambda container: _seen(engine, container), started))
    for (one, action), container, state in zip(starts, started, states, strict=True):
        if state is None:
            continue  # somebody else removed it, or the Engine went: it was started
        if why := died(state, is_job=state.resource in jobs, is_new=action.container in outcome.created):
            failed = replace(one, result=Result.FAILED, error=Unproven(why, _HINT), log=last_lines(engine, container))
            dead[action.id] = failed
            if progress is not None:
                progress(failed)
    return replace(outcome, actions=tuple(dead.get(one.action.id, one) for one in outcome.actions))


def _seen(engine: Engine, container: str) -> ContainerState | None:
    try:
        return engine.inspect(container)
    except EngineError:
        return None


def died(state: ContainerState, *, is_job: bool, is_new: bool) -> str:
    """Why a container that was just started is not up; empty where it is, or has ended as it should.

    Args:
        state: of the container.
        is_job: whether it is to end, so that it may be tried again.
        is_new: whether this was its first start: only then do its restarts say something.
    """
    if is_job:
        return f"exited with code {state.exit_code}" if state.has_failed and not state.restarts_by_itself else ""
    if state.status in {"paused", "created", "removing"}:
        return ""  # by somebody's will
    if state.status == "running" and not is_new:
        return ""
    return failure(state, 0.0, float("inf"))


# --- waited for ------------------------------------------------------------------------------------------------------


def await_ready(
    outcome: Outcome,
    snapshot: Snapshot,
    engine: Engine,
    clock: Clock,
    stop: threading.Event,
    *,
    seconds: float,
    jobs: Collection[str] = (),
    progress: Progress | None = None,
) -> Outcome:
    """Wait until containers are ready; the outcome, with those that are not.

    Args:
        outcome: what was done before.
        snapshot: what is there: those of its containers.
        engine: where.
        clock: measures.
        stop: when set, nothing is waited for any more, and the outcome is interrupted.
        seconds: how long all of it may take.
        jobs: the names in the spec of containers that are to end.
        progress: told of those that are not ready yet, and of what becomes of them.
    """

    def tell(event: Started | Advance | ActionOutcome) -> None:
        if progress is not None:
            progress(event)

    began = clock.monotonic()
    left = [
        _Waited(state, state.resource in jobs, began, began - _ran(state, snapshot.taken_at))
        for state in snapshot.containers
    ]
    failed: list[ActionOutcome] = []
    while left:
        is_late = clock.monotonic() - began >= seconds
        for waited in list(left):
            ended = waited.look(engine, clock, tell, f"within {seconds:g} s" if is_late else "")
            if ended is None:
                continue
            left.remove(waited)
            if ended.result is Result.FAILED:
                failed.append(ended)
            if waited.is_told or ended.result is Result.FAILED:
                tell(ended)
        if left and stop.is_set():
            return replace(outcome, interrupted=True, not_ready=tuple(failed))
        if left:
            clock.sleep(POLL_SECONDS)
    return replace(outcome, not_ready=tuple(failed))


@dataclass(frozen=True, slots=True)
class Stand:
    """How ready a container is.

    Attributes:
        is_ready: whether it is.
        why: why not; empty where it is.
        is_final: whether waiting is of no use.
    """

    is_ready: bool
    why: str = ""
    is_final: bool = False


READY = Stand(True)


def stand(state: ContainerState, *, is_job: bool, ran_for: float) -> Stand:
    """How ready a container is.

    Args:
        state: of the container.
        is_job: whether it is to end.
        ran_for: how long it has been seen running without a restart, in seconds.
    """
    ends = is_job or not state.restarts_by_itself
    if state.has_completed and ends:
        return READY
    if state.has_failed and ends:
        return Stand(False, f"exited with code {state.exit_code}", is_final=True)
    if state.status == "restarting":
        return Stand(False, f"exited with code {state.exit_code} and is restarted again and again")
    if state.status != "running":
        return Stand(False, f"is {state.status}")
    if is_job:
        return Stand(False, "has not completed")
    if state.health == "unhealthy":
        return Stand(False, "is unhealthy", is_final=True)
    if state.health is not None:
        return READY if state.is_healthy else Stand(False, "is not healthy")
    return (
        READY if ran_for >= STABLE_SECONDS else Stand(False, f"has not run for {STABLE_SECONDS:g} s without a restart")
    )


@dataclass(slots=True)
class _Waited:
    """One container that is waited for.

    Attributes:
        state: as it was first seen.
        is_job: whether it is to end.
        began: when waiting began.
        since: when its present run began.
        is_told: whether somebody was told that it is waited for.
    """

    state: ContainerState
    is_job: bool
    began: float
    since: float
    is_told: bool = False
    _run: tuple[str, int] = field(init=False)
    _said: str = ""
    _gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self._gate = _gate(self.state, is_job=self.is_job)
        self._run = _run_of(self.state)

    def look(self, engine: Engine, clock: Clock, tell: Progress, late: str) -> ActionOutcome | None:
        """What became of it; None while it is waited for.

        Args:
            engine: where.
            clock: measures.
            tell: told that it is waited for, and how far it is.
            late: `within 60 s`, where it has had its time; else empty.
        """
        now = clock.monotonic()
        took = now - self.began
        try:
            state = engine.inspect(self.state.id)
        except NotFound:
            return ActionOutcome(self._gate, Result.FAILED, took, Unproven("is gone", "run the same command again"))
        except EngineError as error:
            return ActionOutcome(self._gate, Result.FAILED, took, error)
        if (run := _run_of(state)) != self._run:
            self._run, self.since = run, now
        found = stand(state, is_job=self.is_job, ran_for=now - self.since)
        if found.is_ready:
            return ActionOutcome(self._gate, Result.DONE, took)
        if found.is_final or late:
            log = last_lines(engine, state.id)
            words = found.why if found.is_final else f"was not ready {late}: {found.why}"
            return ActionOutcome(self._gate, Result.FAILED, took, Unproven(words, _HINT), log)
        if not self.is_told:
            self.is_told = True
            tell(Started(self._gate))
        self._said = tell_health(state, self._said, lambda text, *_: tell(Advance(self._gate, text)))
        return None


def _run_of(state: ContainerState) -> tuple[str, int]:
    """Another value for each run."""
    return state.started_at, state.restart_count


def _ran(state: ContainerState, taken_at: str) -> float:
    """For how many seconds it had run at a moment; 0 where that is not known."""
    started = state.started_at.partition(".")[0].rstrip("Z")
    try:
        seconds = (datetime.fromisoformat(taken_at) - datetime.fromisoformat(f"{started}+00:00")).total_seconds()
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, seconds - 1)  # both are cut to whole seconds


def _gate(state: ContainerState, *, is_job: bool) -> Gate:
    """What is waited at, as the value that reports know."""
    resource = ResourceKey(Kind.CONTAINER, state.name)
    name, reason = f"{Kind.CONTAINER}/{state.name}:ready", "--wait"
    if is_job:
        return AwaitCompleted(id=name, resource=resource, reason=reason, container=state.id)
    if state.health is not None:
        return AwaitHealthy(id=name, resource=resource, reason=reason, container=state.id, deadline_seconds=0.0)
    return AwaitProof(
        id=name,
        resource=resource,
        reason=reason,
        container=state.id,
        monitor_seconds=STABLE_SECONDS,
        deadline_seconds=0.0,
    )
