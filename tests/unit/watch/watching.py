"""One project, watched on a simulated Engine without threads: time passes when a test says so."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from reconciler.watch.loop import Watch
from reconciler.watch.saying import Sayings
from reconciler.watch.triggers import Triggers
from tests.support.simulated import FakeClock, Scene, SimulatedEngine
from tests.unit.locks.fake import Volumes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import ReconcilerError
    from reconciler.execution.outcome import Outcome
    from reconciler.ports import Engine
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot
    from reconciler.watch.memory import Memory
    from reconciler.watch.observing import Cycle


class Lines:
    """A log, as a list of events with their fields."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._bound: dict[str, Any] = {}

    def bind(self, **fields: Any) -> Lines:
        other = Lines()
        other.lines, other._bound = self.lines, {**self._bound, **fields}
        return other

    def _write(self, level: str, event: str, **fields: Any) -> None:
        self.lines.append({"level": level, "event": event, **self._bound, **fields})

    def debug(self, event: str, **fields: Any) -> None:
        self._write("debug", event, **fields)

    def info(self, event: str, **fields: Any) -> None:
        self._write("info", event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._write("warning", event, **fields)

    def error(self, event: str, **fields: Any) -> None:
        self._write("error", event, **fields)

    def of(self, event: str) -> list[dict[str, Any]]:
        """The lines of one event."""
        return [line for line in list(self.lines) if line["event"] == event]

    @property
    def events(self) -> list[str]:
        """What was said at info level and above."""
        return [line["event"] for line in list(self.lines) if line["level"] != "debug"]


class Seen:
    """An observer that remembers everything."""

    def __init__(self) -> None:
        self.cycles: list[Cycle] = []
        self.began_count = 0
        self.reads: list[tuple[str, str, ReconcilerError | None]] = []
        self.lost: list[str] = []
        self.engines: list[ReconcilerError | None] = []
        self.misses: list[int] = []
        self.signs = 0

    def began(self, project: str, reasons: Sequence[str]) -> None:
        self.began_count += 1

    def ended(self, cycle: Cycle) -> None:
        self.cycles.append(cycle)

    def read(self, file: str, project: str, error: ReconcilerError | None) -> None:
        self.reads.append((file, project, error))

    def gone(self, project: str) -> None:
        self.lost.append(project)

    def engine(self, error: ReconcilerError | None) -> None:
        self.engines.append(error)

    def missed(self, count: int) -> None:
        self.misses.append(count)

    def alive(self) -> None:
        self.signs += 1


class Forgetful:
    """A memory without a journal."""

    def __init__(self) -> None:
        self.kept: frozenset[Any] = frozenset()

    def recall(self, _project: str, _engine: str, _snapshot: Snapshot) -> frozenset[Any]:
        return self.kept

    def note(self, _outcome: Outcome) -> None:
        """Nothing."""

    def forget(self) -> None:
        self.kept = frozenset()


class OnScene(SimulatedEngine, Volumes):
    """The simulated Engine, which may be away, and which counts who looks; its locks are beside it."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.daemon)
        Volumes.__init__(self)
        self.error: ReconcilerError | None = None
        self.looks = 0

    def observe(self, project: str, spec: Spec | None = None, *, images: bool = True) -> Snapshot:
        self.looks += 1
        if self.error:
            raise self.error
        return super().observe(project, spec, images=images)


@dataclass
class Watched:
    """A scene that is watched."""

    scene: Scene
    engine: OnScene = field(init=False)
    clock: FakeClock = field(default_factory=FakeClock)
    log: Lines = field(default_factory=Lines)
    seen: Seen = field(default_factory=Seen)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.engine = OnScene(self.scene)
        self.watch = watch_of(self.scene.spec, self.engine, self.clock, self.log, self.seen)

    def cycle(self, *reasons: str) -> Cycle:
        """One cycle of the spec as it is declared now."""
        self.watch.spec = self.scene.spec
        self.watch.cycle(reasons or ("event",))
        return self.seen.cycles[-1]

    def settle(self) -> None:
        """Cycles until nothing is due at once."""
        for _ in range(10):
            self.cycle()
            if self.watch.pause() != 0.0:
                return
        raise AssertionError("it does not come to rest")

    def wait(self) -> float:
        """Let the time pass until it looks again without being asked; the seconds."""
        pause = self.watch.pause()
        assert pause is not None, "it waits for nothing"
        self.clock.now += pause
        return pause


def watch_of(spec: Spec, engine: Engine, clock: FakeClock, log: Lines, seen: Seen) -> Watch:
    """The loop of a project, not begun."""
    return Watch(
        spec=spec,
        engine=engine,
        triggers=Triggers(clock),
        clock=clock,
        jitter=lambda: 0.0,
        log=log,
        said=Sayings(),
        memory=cast("Memory", Forgetful()),
        observer=seen,
        record=lambda *_: None,
        stop=threading.Event(),
    )
