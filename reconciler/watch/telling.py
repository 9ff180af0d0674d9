"""What the loop of one project says of its cycles: each thing once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.execution.outcome import ActionOutcome, Result
from reconciler.planning.plan import LEFT_ALONE, Operation

if TYPE_CHECKING:
    from reconciler.execution.outcome import Outcome, Progress, Told
    from reconciler.planning.plan import Change, Plan
    from reconciler.state.resource import ResourceKey
    from reconciler.watch.log import Log


_FAILED = "what failed before: change it, or send SIGHUP to try again"


@dataclass(slots=True)
class Telling:
    """What was said so far."""

    _held: frozenset[tuple[ResourceKey, str]] = frozenset()
    _drifted: tuple[Change, ...] = ()
    _looping: frozenset[ResourceKey] = frozenset()
    _in_the_way: str = ""

    def plan(self, found: Plan, looping: frozenset[ResourceKey], log: Log) -> None:
        """Say what is left alone, and what ends again and again.

        Args:
            found: what was planned.
            looping: the containers that end again and again.
            log: where to.
        """
        held = [(change.resource, change.note) for change in found.changes if change.operation is Operation.HOLD]
        if not self._held.issuperset(held):
            names = [str(resource) for resource, _ in held]
            why = list(dict.fromkeys(note for _, note in held))
            tried = {"hint": _FAILED} if any("failed" in note for note in why) else {}
            log.warning("held_back", resources=names, why=why, **tried)
        # One that is tried again and fails again is held back as before.
        differing = {change.resource for change in found.changes}
        self._held = frozenset(one for one in self._held if one[0] in differing).union(held)
        drifted = tuple(change for change in found.changes if change.operation is Operation.DRIFT)
        for change in drifted:
            if change not in self._drifted:
                fields = [one.path for one in change.fields]
                log.warning("drift_left_alone", resource=str(change.resource), fields=fields)
        self._drifted = drifted
        for resource in sorted(looping - self._looping, key=str):
            hint = "it is started again later and later: look at its log with `reconciler logs`"
            log.error("crash_loop", resource=str(resource), hint=hint)
        for resource in sorted(self._looping - looping, key=str):
            log.info("crash_loop_over", resource=str(resource))
        self._looping = looping

    def stands_in_the_way(self, found: Plan, log: Log) -> bool:
        """Whether nothing may be done, and say why."""
        said = "; ".join(conflict.message for conflict in found.conflicts)
        guard = found.needs_person
        before, self._in_the_way = self._in_the_way, said or (guard.message if guard else "")
        if self._in_the_way == before:
            return bool(before)
        for conflict in found.conflicts:
            log.error("conflict", resource=str(conflict.resource), error=conflict.message, hint=conflict.hint)
        if guard and not said:
            log.error("needs_person", error=f"{guard.message}; nothing has been changed", hint=guard.hint)
        return bool(self._in_the_way)

    def drift(self, found: Plan, log: Log) -> None:
        """Say what is going to be mended."""
        todo = [change for change in found.changes if change.operation not in LEFT_ALONE]
        log.info("drift", changes=[f"{change.operation} {change.resource}" for change in todo])

    def progress(self, log: Log) -> Progress:
        """Says what became of each action."""
        return lambda event: _log(event, log)

    def outcome(self, outcome: Outcome, log: Log, seconds: float) -> None:
        """Say what became of it all."""
        done = len(outcome.having(Result.DONE))
        if outcome.interrupted:
            log.warning("cycle_stopped", done=done, left=len(outcome.having(Result.SKIPPED)))
        elif outcome.failed:
            log.error("cycle_failed", done=done, failed=len(outcome.failed), seconds=round(seconds, 1))
        else:
            log.info("cycle_done", done=done, seconds=round(seconds, 1))


def _log(event: Told, log: Log) -> None:
    if not isinstance(event, ActionOutcome):
        return
    fields = {"action": event.action.kind, "resource": str(event.action.resource), "why": event.action.reason}
    if event.result is Result.FAILED and event.error:
        log.error("action_failed", **fields, error=event.error.message, hint=event.error.hint, output=event.log)
    elif event.result is Result.SKIPPED and event.action.group:
        log.debug("action_skipped", **fields)  # the step of the replacement that failed has said why
    elif event.result is Result.DONE and event.error:
        log.warning("gate_passed_without", **fields, because=event.error.message)
    elif event.result is Result.SKIPPED:
        log.warning("action_skipped", **fields, because=event.error.message if event.error else "stopped")
    else:
        log.info(f"action_{event.result}", **fields, seconds=round(event.seconds, 1))
