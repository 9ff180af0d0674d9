"""The loop of one project: a cycle for each trigger. It looks at spec and snapshot, never at what another one meant."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.errors import EngineUnreachable, Locked, ReconcilerError
from reconciler.execution.executor import CONCURRENCY, apply
from reconciler.planning.failures import failed_jobs
from reconciler.planning.guard import needs_person
from reconciler.planning.held_back import held_back
from reconciler.planning.plan import Operation
from reconciler.planning.planner import plan, plan_down
from reconciler.watch.backoff import ENGINE_MOST_SECONDS, Backoff, delay
from reconciler.watch.crashes import Crashes, never_ran
from reconciler.watch.observing import Cycle
from reconciler.watch.telling import Telling

if TYPE_CHECKING:
    from reconciler.execution.outcome import Outcome
    from reconciler.planning.left_alone import Hold
    from reconciler.planning.plan import Plan
    from reconciler.planning.pruning import UsedImage
    from reconciler.ports import Clock, Engine
    from reconciler.spec.model import Spec
    from reconciler.state.resource import ResourceKey
    from reconciler.state.snapshot import Snapshot
    from reconciler.watch.log import Log
    from reconciler.watch.memory import Memory
    from reconciler.watch.observing import Observer
    from reconciler.watch.saying import Sayings
    from reconciler.watch.triggers import Triggers

PERSONS = frozenset({"signal", "request"})
"""The triggers by which a person asks: what failed before is tried again."""

ENGINE = "engine"
"""The topic of what is said of an Engine that is away."""

_LATER = "it failed, and is tried again later"
_FREE_ROUNDS = 3
"""So many cycles that change something may follow each other at once; an endless dance gets slower and slower."""


@dataclass(frozen=True, slots=True)
class Restrained:
    """A plan without what is not to be done now.

    Attributes:
        plan: what is left of it.
        seconds: after which to look again; None where something else will ask for that.
        why: why nothing at all is done now; empty where something may be.
    """

    plan: Plan
    seconds: float | None = None
    why: str = ""


def unrestrained(found: Plan, _spec: Spec, _snapshot: Snapshot) -> Restrained:
    """Everything may be done now."""
    return Restrained(found)


@dataclass(slots=True)
class Watch:
    """Keeps one project as its spec declares it.

    Attributes:
        spec: what is wanted; see `want`.
        engine: where. While it is away its methods raise `EngineUnreachable`.
        triggers: what asks for a cycle.
        clock: for durations, and for when something is due.
        jitter: 0 to 1, another one each time.
        log: where it says what it does.
        said: what it has said of the Engine, together with the other projects there.
        memory: of what failed and is not tried again.
        observer: told of each cycle.
        record: remembers what became of a cycle: its spec, what was there before, the outcome, the seconds.
        prune: the images that a project used on an Engine, of which those go that nothing uses now; None for none.
        share: how many calls it may make at once now.
        is_there: whether the Engine answers, as far as is known.
        turn: its turn at the project, which others may have: waits for it, and keeps it for a cycle.
        confirm: makes sure, before anything is changed, that the project is still ours to keep.
        let_go: called once, when it keeps the project no more.
        tell_spec: told at each reading where the spec is broken by now, so that the last good one is kept; or nothing.
        holds: what a person has asked to leave alone.
        restrain: leaves out of a plan what is not to be done now.
        stirs: by which command a person has changed what is to be left alone, since the last cycle; empty for none.
        stop: set to end it, after the calls under way.
    """

    spec: Spec
    engine: Engine
    triggers: Triggers
    clock: Clock
    jitter: Callable[[], float]
    log: Log
    said: Sayings
    memory: Memory
    observer: Observer
    record: Callable[[Spec, Snapshot, Outcome, float], None]
    prune: Callable[[str, Callable[[], str]], Sequence[UsedImage] | None] = lambda _project, _engine: None
    share: Callable[[], int] = lambda: CONCURRENCY
    is_there: Callable[[], bool] = lambda: True
    turn: Callable[[], AbstractContextManager[object]] = nullcontext
    confirm: Callable[[], None] = lambda: None
    let_go: Callable[[], None] = lambda: None
    tell_spec: Callable[[str], None] = lambda _broken: None
    holds: Callable[[], Collection[Hold]] = lambda: ()
    restrain: Callable[[Plan, Spec, Snapshot], Restrained] = unrestrained
    stirs: Callable[[], str] = lambda: ""
    stop: threading.Event = field(default_factory=threading.Event)
    going_down: bool = False
    """The project goes: see `take_down`."""
    is_down: bool = False
    """Nothing of it is left."""
    is_busy: bool = False
    """A plan is being carried out."""
    _backoff: Backoff = field(default_factory=Backoff)
    _crashes: Crashes = field(default_factory=Crashes)
    _telling: Telling = field(default_factory=Telling)
    _number: int = 0
    _errors: int = 0
    _rounds: int = 0
    _due: float | None = None
    """When to look again without being asked; on the clock's monotonic time. None where nothing is waited for."""
    _used_by: tuple[str, str] = ("", "")
    _used_images: Sequence[UsedImage] | None = None

    @property
    def is_new(self) -> bool:
        """Whether no cycle has begun."""
        return not self._number

    def want(self, spec: Spec) -> None:
        """Keep another spec from now on; called from any thread."""
        self.going_down = False
        self.spec = spec
        self.triggers.ask("file")

    def take_down(self) -> None:
        """Take the project down, and then nothing more; called from any thread."""
        self.going_down = True
        self.triggers.ask("pruned")

    def end(self) -> None:
        """End it, after the calls under way; called from any thread."""
        self.stop.set()
        self.triggers.ask("stop")

    def run(self) -> None:
        """Run a cycle for each trigger, until stopped or until the project is down."""
        try:
            self._run()
        finally:
            self.let_go()

    def _run(self) -> None:
        while not self.is_down:
            reasons = self.triggers.wait(self.pause()) or ["due"]
            if self.stop.is_set():
                return
            if self.is_there():
                self.cycle(reasons)
            else:
                self._due = None  # who tells that the Engine is back asks for the next look

    def pause(self) -> float | None:
        """The seconds until it has to look without being asked; None: never."""
        return None if self._due is None else max(0.0, self._due - self.clock.monotonic())

    def cycle(self, reasons: Sequence[str]) -> None:
        """Run one cycle, whatever comes of it.

        Args:
            reasons: what asked for it.
        """
        began = self.clock.monotonic()
        self._number += 1
        self._due = None
        spec = self.spec
        self.observer.began(spec.name, reasons)
        done = Cycle(spec.name, self._number, tuple(reasons), 0.0)
        log = self.log.bind(project=spec.name, cycle=self._number, reason=",".join(reasons))
        try:
            with self.turn():
                if not self.stop.is_set():  # while it waited for its turn
                    done = self._reconcile(spec, log, done, began)
        except ReconcilerError as error:
            done = replace(done, error=error)
            self._failed(error, log)
        except Exception as error:
            # A defect must not end the watching of a project without a word.
            said = f"{type(error).__name__}: {error}"
            log.error("cycle_broke", error=said, hint="this is a defect: please report it")  # noqa: TRY400
            done = replace(done, error=ReconcilerError(f"this is a defect of reconciler: {said}"))
            self._errors += 1
            self._look_again(delay(self._errors, self.jitter(), ENGINE_MOST_SECONDS))
        else:
            if done.error is None:
                self._errors = 0
                self.said.is_over(f"cycle of {spec.name}")
        self.observer.ended(replace(done, seconds=self.clock.monotonic() - began))

    # --- one cycle --------------------------------------------------------------------------------------------------

    def _reconcile(self, spec: Spec, log: Log, cycle: Cycle, began: float) -> Cycle:
        snapshot = self.engine.observe(spec.name, spec)
        restrained = self._plan(spec, snapshot, again=bool(PERSONS.intersection(cycle.reasons)))
        found = restrained.plan
        cycle = replace(cycle, plan=found, snapshot=snapshot, left_alone=restrained.why)
        self._telling.plan(found, self._crashes.looping, log)
        if self._telling.stands_in_the_way(found, log) or not found.actions:
            self._rounds = 0
            self.is_down = self.going_down and found.in_sync
            log.debug("nothing_to_do", seconds=round(self.clock.monotonic() - began, 3))
            return cycle
        self.confirm()
        self._telling.drift(found, log)
        outcome = self._apply(found, log)
        now = self.clock.monotonic()
        self.memory.note(outcome)
        self._backoff = self._backoff.after(outcome, spec, now, self.jitter())
        self.record(spec, snapshot, outcome, now - began)
        self._used_by = ("", "")
        self._telling.outcome(outcome, log, now - began)
        self._look_after(outcome)
        if lost := next((one.error for one in outcome.failed if isinstance(one.error, EngineUnreachable)), None):
            self._failed(lost, log)
            cycle = replace(cycle, error=lost)
        return replace(cycle, outcome=outcome)

    def _apply(self, found: Plan, log: Log) -> Outcome:
        progress = self._telling.progress(log)
        self.is_busy = True
        try:
            most = found.parallelism or CONCURRENCY
            share = max(1, min(most, self.share()))
            return apply(found, self.engine, self.clock, progress=progress, stop=self.stop, concurrency=share)
        finally:
            self.is_busy = False

    def _plan(self, spec: Spec, snapshot: Snapshot, *, again: bool) -> Restrained:
        now, jitter = self.clock.monotonic(), self.jitter()
        self._crashes = self._crashes.seen(snapshot, now, jitter)
        if self.going_down:
            down = plan_down(spec.name, snapshot, spec)
            return Restrained(replace(down, needs_person=needs_person(down.changes, spec, snapshot)))
        engine = self.engine.identity()
        failed = self.memory.recall(spec.name, engine, snapshot) | failed_jobs(spec, snapshot)
        self._backoff = self._backoff.at(spec, now)
        if again:
            self.memory.forget()
            failed, self._backoff = frozenset(), Backoff()
        holds = self.holds()
        found = plan(spec, snapshot, failed, prune=self._used(spec, engine), holds=holds, attended=False)
        restrained = self.restrain(found, spec, snapshot)
        if restrained.seconds is not None:
            self._look_again(restrained.seconds)
        held = self._held(restrained.plan, snapshot, spec, now, again=again)
        return replace(restrained, plan=held_back(restrained.plan, held, _LATER))

    def _held(self, found: Plan, snapshot: Snapshot, spec: Spec, now: float, *, again: bool) -> frozenset[ResourceKey]:
        """What failed lately and is left alone for a while; nothing where a person asks."""
        if again:
            return frozenset()
        for due in (self._backoff.due(now), self._crashes.due(now)):
            if due is not None:
                self._look_again(due - now)
        # A crash says nothing against another definition, nor against a limit that is changed while it is down.
        starts = {one.resource for one in found.changes if one.operation is Operation.START}
        held = self._backoff.held(now) | (starts & (self._crashes.held(now) | never_ran(snapshot)))
        acted_on = frozenset(action.resource for action in found.actions)
        return acted_on if held & acted_on and spec.settings.on_failure == "stop" else held

    def _used(self, spec: Spec, engine: str) -> Sequence[UsedImage] | None:
        """Read once, and again after each cycle that changed something: the history may be long."""
        if self._used_by != (spec.name, engine):
            self._used_images = self.prune(spec.name, lambda: engine)
            self._used_by = (spec.name, engine)
        return self._used_images

    # --- when to look again -----------------------------------------------------------------------------------------

    def _look_again(self, seconds: float) -> None:
        due = self.clock.monotonic() + seconds
        self._due = due if self._due is None else min(self._due, due)

    def _look_after(self, outcome: Outcome) -> None:
        """What happened to an object while it was acted on is no trigger: so look once more."""
        self._rounds += 1
        late = self._rounds - _FREE_ROUNDS
        self._look_again(delay(late, self.jitter()) if late > 0 else 0.0)
        if (due := self._backoff.due(self.clock.monotonic())) is not None and not outcome.interrupted:
            self._look_again(due - self.clock.monotonic())

    def _failed(self, error: ReconcilerError, log: Log) -> None:
        """Said once, then again when it says something else or is over; an Engine that is away, the daemon tells."""
        self._errors += 1
        self._look_again(delay(self._errors, self.jitter(), ENGINE_MOST_SECONDS))
        away = isinstance(error, EngineUnreachable)
        if away and (self.said.is_open(ENGINE) or self._errors == 1):
            return
        if self.said.is_news(f"cycle of {self.spec.name}", error.message):
            if isinstance(error, Locked):
                log.error("locked", error=error.message, hint=error.hint)
            else:
                log.error("engine_error", error=error.message, hint=error.hint)
