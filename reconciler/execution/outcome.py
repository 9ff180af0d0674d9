"""What became of each action, and of the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.errors import ExitCode, ReconcilerError
from reconciler.planning.actions import Action
from reconciler.planning.gates import AwaitProof
from reconciler.planning.plan import Plan
from reconciler.planning.rollback import is_undo


class Result(StrEnum):
    """What became of one action."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """What became of one action.

    Attributes:
        action: which.
        result: done; failed, by `error`; skipped, because what it needs failed or the apply was stopped; undone, when
            it was done and then taken back because a later step of its replacement failed.
        seconds: how long it took.
        error: why it failed; of a gate that is done, why it was passed without what it waited for.
        log: the last lines of the container that failed to prove itself, or to become what others wait for.
    """

    action: Action
    result: Result
    seconds: float = 0.0
    error: ReconcilerError | None = None
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """An action begins."""

    action: Action


@dataclass(frozen=True, slots=True)
class Advance:
    """An action goes on.

    Attributes:
        action: which.
        text: what it does now, in a few words; may be empty.
        done: how much of it is done; 0 where that can't be counted.
        total: of how much; 0 where that is not known (yet).
        unit: what is counted: `bytes`, `steps`; empty where nothing is.
    """

    action: Action
    text: str
    done: int = 0
    total: int = 0
    unit: str = ""


Told = Started | Advance | ActionOutcome
"""What can be told of an action."""

Progress = Callable[[Told], None]
"""Told of everything as it happens, by one thread at a time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan.

    Attributes:
        plan: which.
        actions: what became of each of its actions, in the order in which they ended.
        interrupted: whether somebody stopped it before its end.
        created: the IDs of the containers that it created, by the IDs of the actions that did.
        not_ready: the containers that were waited for afterwards and are not what they were waited for; each as the
            gate that it did not pass.
    """

    plan: Plan
    actions: tuple[ActionOutcome, ...]
    interrupted: bool = False
    created: Mapping[str, str] = field(default_factory=dict)
    not_ready: tuple[ActionOutcome, ...] = ()

    def having(self, result: Result) -> tuple[ActionOutcome, ...]:
        """The actions that ended in that way."""
        return tuple(outcome for outcome in self.actions if outcome.result is result)

    @property
    def failed(self) -> tuple[ActionOutcome, ...]:
        """The actions that failed."""
        return self.having(Result.FAILED)

    @property
    def unproven(self) -> tuple[Action, ...]:
        """The actions that were taken back, and those that created a container that did not prove itself and stays.

        Without those that were only taken back because the run came to an early end.
        """
        failed = {one.action.container for one in self.failed if isinstance(one.action, AwaitProof)}
        groups = {one.action.group for one in self.failed}
        ended_early = self.interrupted or self.plan.on_failure == "stop"
        undone = [one.action for one in self.having(Result.UNDONE)]
        failed |= {action.id for action in undone if action.group in groups or not ended_early}
        return tuple(action for action in self.plan.actions if action.id in failed)

    @property
    def rolled_back(self) -> bool:
        """Whether a replacement failed and was taken back, so that the old container has its place again."""
        return bool(self.having(Result.UNDONE)) and not any(is_undo(outcome.action) for outcome in self.failed)

    @property
    def exit_code(self) -> ExitCode:
        """How the command that applied it ends."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if not self.failed:
            return ExitCode.PARTLY_FAILED if self.not_ready else ExitCode.OK
        some = self.having(Result.DONE) or self.having(Result.UNDONE)
        return ExitCode.PARTLY_FAILED if some else ExitCode.FAILED
