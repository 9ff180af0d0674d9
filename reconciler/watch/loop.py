"""The loop: a cycle at once, and one for each trigger. It looks at spec and snapshot, never at an earlier cycle."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import EngineError, ReconcilerError, Refused, SpecError
from reconciler.execution.executor import apply
from reconciler.execution.outcome import ActionOutcome, Outcome, Result, Told
from reconciler.planning.failures import failed_jobs
from reconciler.planning.plan import LEFT_ALONE, Operation
from reconciler.planning.planner import plan

if TYPE_CHECKING:
    from reconciler.planning.plan import Change, Plan
    from reconciler.planning.pruning import UsedImage
    from reconciler.ports import Clock, Engine
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot
    from reconciler.watch.log import Log
    from reconciler.watch.memory import Memory
    from reconciler.watch.triggers import Triggers


INTERVAL = 30.0
"""Seconds between two looks, where nobody says another number."""

_NANOSECONDS = 10**9


_LEAST = 0.1
"""Seconds: an Engine has other things to do."""


def seconds_between(given: float | None, spec: Spec | None) -> float:
    """The seconds between two looks: as given on the command line, else as the spec says."""
    said = spec.settings.interval if spec else None
    return given or (max(_LEAST, said / _NANOSECONDS) if said is not None else INTERVAL)


@dataclass(slots=True)
class Watch:
    """Keeps one project as its spec declares it.

    Attributes:
        load: reads the spec; raises `SpecError` where it is invalid, `Refused` where its lock does not fit.
        connect: connects to the Engine.
        triggers: what asks for a cycle.
        interval: seconds after which a cycle comes without being asked for; None for what the spec says.
        clock: for durations.
        log: where it says what it does.
        stop: set to end it, after the calls under way.
        memory: of what failed and is not tried again.
        record: remembers what became of a cycle: its spec, what was there before, where, the outcome, the seconds.
        prune: the images that a project used on an Engine, of which those go that nothing uses now; None for none.
    """

    load: Callable[[], Spec]
    connect: Callable[[], Engine]
    triggers: Triggers
    interval: float | None
    clock: Clock
    log: Log
    stop: threading.Event
    memory: Memory
    record: Callable[[Spec, Snapshot, Engine, Outcome, float], None]
    prune: Callable[[str, Callable[[], str]], Sequence[UsedImage] | None] = lambda _project, _engine: None
    _spec: Spec | None = None
    _engine: Engine | None = None
    _said: str = ""
    _held: tuple[Change, ...] = ()
    _drifted: tuple[Change, ...] = ()
    _engine_id: str = ""
    _used_by: tuple[str, str] = ("", "")
    _used_images: Sequence[UsedImage] | None = None

    def run(self) -> None:
        """Run cycles until stopped."""
        reasons = ["start"]
        try:
            while not self.stop.is_set():
                self._cycle(reasons)
                reasons = (
                    self.triggers.wait(seconds_between(self.interval, self._spec)) if not self.stop.is_set() else []
                )
        finally:
            self._disconnect()

    def _cycle(self, reasons: list[str]) -> None:
        self._read()
        if self._spec is None:
            return
        log = self.log.bind(project=self._spec.name, reason=",".join(reasons))
        again = "signal" in reasons  # a person asks to try again
        try:
            self._reconcile(self._spec, log, again=again)
        except EngineError as error:
            # It may be away for hours: said once, then again when it says something else or is back.
            self._say("engine_error", error)
            self._disconnect()

    def _read(self) -> None:
        try:
            spec = self.load()
        except (SpecError, Refused) as error:
            event = "spec_invalid_keeping_last_good" if self._spec else "spec_invalid"
            self._say(event, error)
            return
        if self._said.startswith("spec_invalid"):
            self.log.info("spec_valid_again", project=spec.name)
            self._said = ""
        self._spec = spec

    def _reconcile(self, spec: Spec, log: Log, *, again: bool) -> None:
        began = self.clock.monotonic()
        if self._engine is None:
            self._engine = self.connect()
            self._engine_id = self._engine.identity()
        snapshot = self._engine.observe(spec.name, spec)
        if self._said.startswith("engine_error"):
            log.info("engine_is_back", engine=snapshot.engine.version)
            self._said = ""
        failed = self.memory.recall(spec.name, self._engine_id, snapshot) | failed_jobs(spec, snapshot)
        if again:
            self.memory.forget()
            failed = frozenset()
        found = plan(spec, snapshot, failed, prune=self._used(spec))
        self._say_held(found, log)
        if self._stands_in_the_way(found, log) or not found.actions:
            return
        todo = [change for change in found.changes if change.operation not in LEFT_ALONE]
        changes = [f"{change.operation} {change.resource}" for change in todo]
        log.info("drift", changes=changes)
        outcome = apply(found, self._engine, self.clock, progress=lambda event: _log(event, log), stop=self.stop)
        seconds = self.clock.monotonic() - began
        self.memory.note(outcome)
        self.record(spec, snapshot, self._engine, outcome, seconds)
        self._used_by = ("", "")
        _report(outcome, log, seconds)

    def _used(self, spec: Spec) -> Sequence[UsedImage] | None:
        """Read once, and again after each cycle that changed something: the history may be long."""
        if self._used_by != (spec.name, self._engine_id):
            self._used_images = self.prune(spec.name, lambda: self._engine_id)
            self._used_by = (spec.name, self._engine_id)
        return self._used_images

    def _say_held(self, found: Plan, log: Log) -> None:
        held = tuple(change for change in found.changes if change.operation is Operation.HOLD)
        if held and held != self._held:
            names = [str(change.resource) for change in held]
            log.warning("held_back", resources=names, hint="it failed before: change it, or send SIGHUP to try again")
        self._held = held
        drifted = tuple(change for change in found.changes if change.operation is Operation.DRIFT)
        for change in drifted:
            if change not in self._drifted:
                fields = [field.path for field in change.fields]
                log.warning("drift_left_alone", resource=str(change.resource), fields=fields)
        self._drifted = drifted

    def _stands_in_the_way(self, found: Plan, log: Log) -> bool:
        said = "; ".join(conflict.message for conflict in found.conflicts)
        guard = found.needs_person
        if guard and not said:
            if self._said != f"needs_person {guard.message}":
                self._said = f"needs_person {guard.message}"
                log.error("needs_person", error=f"{guard.message}; nothing has been changed", hint=guard.hint)
            return True
        if not said:
            if self._said.startswith(("conflict", "needs_person")):
                self._said = ""
            return False
        if self._said != f"conflict {said}":
            self._said = f"conflict {said}"
            for conflict in found.conflicts:
                log.error("conflict", resource=str(conflict.resource), error=conflict.message, hint=conflict.hint)
        return True

    def _say(self, event: str, error: ReconcilerError) -> None:
        said = f"{event} {error}"
        if said != self._said:
            self._said = said
            self.log.error(event, error=error.message, hint=error.hint)

    def _disconnect(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def _report(outcome: Outcome, log: Log, seconds: float) -> None:
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
