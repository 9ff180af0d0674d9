"""Runs a plan: every action as soon as what it needs is done, several at once, and back again where a step fails."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.execution.gate import Unproven, await_proof
from reconciler.execution.outcome import ActionOutcome, Outcome, Progress, Result, Started
from reconciler.planning.actions import (
    Action,
    AwaitProof,
    DisconnectNetwork,
    RemoveNetwork,
    RenameContainer,
    StopContainer,
)
from reconciler.planning.rollback import rollback

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.ports import Clock, Engine

CONCURRENCY = 6
"""How many calls are under way at once: 4 to 8 keep an Engine at its limit, more only queue there."""


def apply(
    plan: Plan,
    engine: Engine,
    clock: Clock,
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    concurrency: int = CONCURRENCY,
) -> Outcome:
    """Carry out a plan, no more and no less.

    An action that fails skips those that need it; everything else goes on. Where it is a step of a replacement, the
    steps done are taken back, so that the old container serves again.

    Args:
        plan: what to do.
        engine: where.
        clock: for gates and durations.
        progress: told of each action as it begins and ends.
        stop: when set, no action begins any more; those under way are waited for.
        concurrency: how many actions at once.
    """
    return _Run(plan, engine, clock, progress, stop or threading.Event(), concurrency).run()


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
    ) -> None:
        self._plan = plan
        self._engine = engine
        self._clock = clock
        self._progress = progress
        self._stop = stop
        self._concurrency = concurrency
        self._actions = {action.id: action for action in plan.actions}
        self._waits_for = {action.id: set(action.needs) for action in plan.actions}
        self._dependents: dict[str, list[str]] = defaultdict(list)
        for action in plan.actions:
            for need in action.needs:
                self._dependents[need].append(action.id)
        self._ended: dict[str, ActionOutcome] = {}
        self._undoing: set[str] = set()
        self._failed_undos: list[ActionOutcome] = []
        self._created: dict[str, str] = {}
        self._telling = threading.Lock()

    def run(self) -> Outcome:
        ready = deque(action for action in self._plan.actions if not action.needs)
        running: dict[Future[list[ActionOutcome]], Action] = {}
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="apply") as pool:
            while True:
                while ready and len(running) < self._concurrency and not self._stop.is_set():
                    action = ready.popleft()
                    if action.id not in self._ended:
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
                        ready.extend(self._end(outcome))
        for action in self._plan.actions:
            if action.id not in self._ended:
                self._ended[action.id] = ActionOutcome(action, Result.SKIPPED)
        interrupted = self._stop.is_set() and any(outcome.result in _NOT_DONE for outcome in self._ended.values())
        return Outcome(self._plan, (*self._ended.values(), *self._failed_undos), interrupted)

    def _end(self, outcome: ActionOutcome) -> list[Action]:
        """Note what became of an action; the actions that can begin now."""
        action = outcome.action
        if action.id not in self._actions:
            self._failed_undos.append(outcome)
            return []
        self._ended.pop(action.id, None)  # what is taken back ends a second time, later
        self._ended[action.id] = outcome
        if outcome.result is Result.DONE:
            ready = []
            for dependent in self._dependents[action.id]:
                self._waits_for[dependent].discard(action.id)
                if not self._waits_for[dependent] and dependent not in self._ended:
                    ready.append(self._actions[dependent])
            return ready
        if outcome.result in _NOT_DONE:
            self._skip(action.id, because=action)
        return []

    def _skip(self, action_id: str, because: Action) -> None:
        for dependent in self._dependents[action_id]:
            if dependent not in self._ended:
                skipped = self._actions[dependent]
                error = None if self._stop.is_set() else ReconcilerError(f"it needs {because.resource}, which failed")
                self._ended[dependent] = outcome = ActionOutcome(skipped, Result.SKIPPED, error=error)
                self._tell(outcome)
                self._skip(dependent, because)

    def _to_undo(self, running: Collection[Action]) -> list[str]:
        """The replacements that can't come to their end, and of which no step is under way any more."""
        busy = {action.group for action in running}
        groups: dict[str, list[Action]] = defaultdict(list)
        for action in self._plan.actions:
            if action.group:
                groups[action.group].append(action)
        found = []
        for group, steps in groups.items():
            stuck = self._stop.is_set() and any(step.id not in self._ended for step in steps)
            failed = any(step.id in self._ended and self._ended[step.id].result in _NOT_DONE for step in steps)
            if (stuck or failed) and group not in busy | self._undoing and self._tried_steps(group):
                found.append(group)
        return found

    def _tried_steps(self, group: str) -> list[Action]:
        """What is to be taken back: the steps done, and those whose failure may be a lost answer only."""
        may_be_done = StopContainer | RenameContainer | RemoveNetwork | DisconnectNetwork
        return [
            outcome.action
            for outcome in self._ended.values()
            if outcome.action.group == group
            and (
                outcome.result is Result.DONE
                or (outcome.result is Result.FAILED and isinstance(outcome.action, may_be_done))
            )
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
        try:
            if isinstance(action, AwaitProof):
                if not await_proof(action, self._created, self._engine, self._clock, self._stop):
                    return ActionOutcome(action, Result.SKIPPED, self._clock.monotonic() - began)
            else:
                created = self._engine.perform(action, self._created)
                if created:
                    self._created[action.id] = created
        except Unproven as unproven:
            error, log = unproven, unproven.log
        except ReconcilerError as failure:
            error = failure
        seconds = self._clock.monotonic() - began
        return ActionOutcome(action, Result.FAILED if error else Result.DONE, seconds, error, log)

    def _tell(self, event: Started | ActionOutcome) -> None:
        if self._progress is not None:
            with self._telling:
                self._progress(event)
