"""Runs a plan: every action as soon as what it needs is done, several at once, and back again where a step fails."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, defect
from reconciler.execution.conditions import await_condition
from reconciler.execution.gate import await_proof, drain
from reconciler.execution.outcome import ActionOutcome, Advance, Outcome, Progress, Result, Started, Told
from reconciler.planning.actions import (
    Action,
    DisconnectNetwork,
    RemoveNetwork,
    RenameContainer,
    StopContainer,
)
from reconciler.planning.gates import AwaitCondition, AwaitProof, Drain, Gate
from reconciler.planning.rollback import rollback

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.ports import Clock, Engine, Tell

CONCURRENCY = 6
"""How many calls are under way at once: 4 to 8 keep an Engine at its limit, more only queue there."""

GATES = 64
"""How many gates are waited at beside the calls."""


def apply(
    plan: Plan,
    engine: Engine,
    clock: Clock,
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    concurrency: int | None = None,
    gates: int = GATES,
) -> Outcome:
    """Carry out a plan, no more and no less.

    An action that fails skips those that need it; everything else goes on. Where it is a step of a replacement, the
    steps done are taken back, so that the old container serves again. With `on_failure: stop` no action begins
    any more once one has failed, as if it had been told to stop.

    Args:
        plan: what to do.
        engine: where.
        clock: for gates and durations.
        progress: told of each action as it begins and ends.
        stop: when set, no action begins any more; those under way are waited for.
        concurrency: how many calls at once; the plan's, or else `CONCURRENCY`, where not given.
        gates: how many gates may be waited at beside them, so that what is waited for holds nothing else up; with 0 a
            gate takes the place of a call.
    """
    concurrency = concurrency or plan.parallelism or CONCURRENCY
    return _Run(plan, engine, clock, progress, stop or threading.Event(), concurrency, gates).run()


_NOT_DONE = {Result.FAILED, Result.SKIPPED}


class _Run:
    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        clock: Clock,
        progress: Progress | None,
        stop: threading.Event,
        concurrency: int,
        gates: int,
    ) -> None:
        self._plan = plan
        self._engine = engine
        self._clock = clock
        self._progress = progress
        self._stop = stop
        self._concurrency = concurrency
        self._gates = gates
        self._actions = {action.id: action for action in plan.actions}
        self._waits_for = {action.id: {*action.needs, *action.after} for action in plan.actions}
        self._dependents: dict[str, list[str]] = defaultdict(list)
        self._followers: dict[str, list[str]] = defaultdict(list)
        self._groups: dict[str, list[str]] = defaultdict(list)
        for action in plan.actions:
            if action.group:
                self._groups[action.group].append(action.id)
            for need in action.needs:
                self._dependents[need].append(action.id)
            for need in action.after:
                self._followers[need].append(action.id)
        self._ready: deque[Action] = deque()
        self._ready_gates: deque[Action] = deque()
        self._ended: dict[str, ActionOutcome] = {}
        self._ended_in: dict[str, dict[str, ActionOutcome]] = defaultdict(dict)
        self._broken: set[str] = set()
        self._to_look_at: set[str] = set()
        self._under_way: set[str] = set()
        self._undoing: set[str] = set()
        self._failed_undos: list[ActionOutcome] = []
        self._created: dict[str, str] = {}
        self._telling = threading.Lock()
        self._gave_up: ReconcilerError | None = None

    def run(self) -> Outcome:
        self._make_ready(action for action in self._plan.actions if not self._waits_for[action.id])
        running: dict[Future[list[ActionOutcome]], Action] = {}
        with ThreadPoolExecutor(self._concurrency + self._gates, thread_name_prefix="apply") as pool:
            while True:
                for action in self._next(running.values()):
                    self._under_way.add(action.id)
                    running[pool.submit(self._perform, action)] = action
                for group in self._to_undo(running.values()):
                    self._undoing.add(group)
                    steps = self._tried_steps(group)
                    running[pool.submit(self._undo, steps)] = steps[-1]
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    running.pop(future)
                    for outcome in future.result():
                        self._make_ready(self._end(outcome))
        for action in self._plan.actions:
            if action.id not in self._ended:
                self._note(outcome := ActionOutcome(action, Result.SKIPPED, error=self._gave_up))
                if self._gave_up:
                    self._tell(outcome)
        interrupted = self._stop.is_set() and any(outcome.result in _NOT_DONE for outcome in self._ended.values())
        return Outcome(self._plan, (*self._ended.values(), *self._failed_undos), interrupted, self._created)

    def _make_ready(self, actions: Iterable[Action]) -> None:
        for action in actions:
            beside = self._gates and isinstance(action, Gate)
            (self._ready_gates if beside else self._ready).append(action)

    def _next(self, running: Collection[Action]) -> Iterator[Action]:
        """Take the actions that can begin now, and for which there is room."""
        gates = sum(isinstance(action, Gate) for action in running) if self._gates else 0
        calls = len(running) - gates
        for ready, room in ((self._ready, self._concurrency - calls), (self._ready_gates, self._gates - gates)):
            taken = 0
            while ready and taken < room and not self._ends:
                action = ready.popleft()
                if action.id not in self._ended and action.group not in self._undoing:
                    taken += 1
                    yield action

    @property
    def _ends(self) -> bool:
        """Whether nothing is to begin any more, but for what takes back."""
        return self._stop.is_set() or self._gave_up is not None

    def _end(self, outcome: ActionOutcome) -> list[Action]:
        """Note what became of an action; the actions that can begin now."""
        action = outcome.action
        self._under_way.discard(action.id)
        if action.id not in self._actions:
            self._failed_undos.append(outcome)
            return []
        self._note(outcome)
        if outcome.result is Result.FAILED and self._plan.on_failure == "stop" and not self._gave_up:
            self._gave_up = ReconcilerError(f"{action.resource} failed, and `settings.on_failure` is stop")
        if outcome.result is Result.DONE:
            return self._release(action.id, [*self._dependents[action.id], *self._followers[action.id]])
        if outcome.result in _NOT_DONE:
            return self._skip(action)
        return []

    def _note(self, outcome: ActionOutcome) -> None:
        """Note that an action ended, in order; what is taken back ends a second time, later."""
        action = outcome.action
        self._ended.pop(action.id, None)
        self._ended[action.id] = outcome
        if group := action.group:
            self._ended_in[group].pop(action.id, None)
            self._ended_in[group][action.id] = outcome
            if outcome.result in _NOT_DONE:
                self._broken.add(group)
            if group in self._broken:
                self._to_look_at.add(group)

    def _release(self, action_id: str, waiting: list[str]) -> list[Action]:
        """The actions that waited for this one only."""
        ready = []
        for other in waiting:
            self._waits_for[other].discard(action_id)
            if not self._waits_for[other] and other not in self._ended:
                ready.append(self._actions[other])
        return ready

    def _skip(self, cause: Action) -> list[Action]:
        """Skip what needs an action that was not done, and the rest of its group; the actions that can begin now."""
        error = None if self._stop.is_set() else ReconcilerError(f"it needs {cause.resource}, which failed")
        ready: list[Action] = []
        todo = [cause.id]
        while todo:
            not_done = todo.pop()
            ready += self._release(not_done, self._followers[not_done])
            mates = self._groups[self._actions[not_done].group]
            skipped = [
                other
                for other in dict.fromkeys([*self._dependents[not_done], *mates])
                if other not in self._ended and other not in self._under_way
            ]
            for dependent in skipped:
                self._note(outcome := ActionOutcome(self._actions[dependent], Result.SKIPPED, error=error))
                self._tell(outcome)
            todo += reversed(skipped)
        return ready

    def _to_undo(self, running: Collection[Action]) -> list[str]:
        """The replacements that can't come to their end, and of which no step is under way any more.

        A broken one is looked at as often as one of its steps has ended: nothing else changes what is to be done about
        it. Where nothing is to begin any more, every one that has not come to its end is broken.
        """
        broken = self._to_look_at
        if self._ends:
            broken = self._broken | {
                group for group, steps in self._groups.items() if any(step not in self._ended for step in steps)
            }
        self._to_look_at = set()
        if not broken:
            return []
        out_of_reach = self._undoing.union(action.group for action in running)
        return [
            group
            for group in self._groups
            if group in broken and group not in out_of_reach and self._tried_steps(group)
        ]

    def _tried_steps(self, group: str) -> list[Action]:
        """What is to be taken back: the steps done, and those whose failure may be a lost answer only."""
        may_be_done = StopContainer | RenameContainer | RemoveNetwork | DisconnectNetwork
        return [
            outcome.action
            for outcome in self._ended_in[group].values()
            if outcome.result is Result.DONE
            or (outcome.result is Result.FAILED and isinstance(outcome.action, may_be_done))
        ]

    def _undo(self, steps: list[Action]) -> list[ActionOutcome]:
        outcomes = []
        for step_id, back in rollback(steps).items():
            outcome = self._carry_out(back)
            if outcome.result is Result.DONE:
                outcome = ActionOutcome(self._actions[step_id], Result.UNDONE, outcome.seconds)
            self._tell(outcome)
            # A step that failed stays a failure, whether or not there was something to take back.
            if outcome.result is Result.FAILED or self._ended[step_id].result is Result.DONE:
                outcomes.append(outcome)
        return outcomes

    def _perform(self, action: Action) -> list[ActionOutcome]:
        self._tell(Started(action))
        outcome = self._carry_out(action)
        self._tell(outcome)
        return [outcome]

    def _carry_out(self, action: Action) -> ActionOutcome:
        began = self._clock.monotonic()
        error: ReconcilerError | None = None
        log: tuple[str, ...] = ()

        def tell(text: str, done: int = 0, total: int = 0, unit: str = "") -> None:
            self._tell(Advance(action, text, done, total, unit))

        try:
            if isinstance(action, Gate):
                if not self._wait_at(action, tell):
                    return ActionOutcome(action, Result.SKIPPED, self._clock.monotonic() - began)
            else:
                created = self._engine.perform(action, self._created, tell)
                if created:
                    self._created[action.id] = created
        except ReconcilerError as failure:
            error, log = failure, failure.log
        except Exception as unexpected:
            # A failure like any other: what was begun is taken back, and the rest goes on.
            error = defect(unexpected)
            error.__cause__ = unexpected
        seconds = self._clock.monotonic() - began
        matters = not (isinstance(action, AwaitCondition) and not action.required)
        return ActionOutcome(action, Result.FAILED if error and matters else Result.DONE, seconds, error, log)

    def _wait_at(self, gate: Gate, tell: Tell) -> bool:
        match gate:
            case AwaitProof():
                return await_proof(gate, self._created, self._engine, self._clock, self._stop, tell)
            case Drain():
                return drain(gate, self._clock, self._stop)
            case AwaitCondition():
                if gate.container in self._actions and gate.container not in self._created:
                    # Only who does not require it comes here: the others are skipped.
                    raise ReconcilerError("could not be created")
                return await_condition(gate, self._created, self._engine, self._clock, self._stop, tell)
            case _:
                raise TypeError(f"nothing waits at {gate!r}")

    def _tell(self, event: Told) -> None:
        if self._progress is not None:
            with self._telling:
                self._progress(event)
