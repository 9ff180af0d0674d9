"""Several projects in one process: reads their specs, follows the Engine, and gives each a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler.errors import EngineError
from reconciler.execution.executor import CONCURRENCY
from reconciler.watch.files import Files, Watched
from reconciler.watch.loop import ENGINE
from reconciler.watch.projects import Read, sorted_out
from reconciler.watch.triggers import Triggers

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.ports import Clock, KeptEngine
    from reconciler.spec.model import Spec
    from reconciler.watch.log import Log
    from reconciler.watch.loop import Watch
    from reconciler.watch.observing import Observer
    from reconciler.watch.saying import Sayings

LEAVE_SECONDS = 7.0
"""How long the calls under way are waited for at the end; all of it takes 10 at the most."""

RESYNC = 300.0
"""Seconds between two looks at everything, where nobody says another number."""

POLL_SECONDS = 30.0
"""Between two looks at the files themselves."""

ALIVE_SECONDS = 5.0
"""Between two signs of life."""

GRACE_SECONDS = 10.0
"""A spec that is gone may only be on its way to another name: it is looked for once more before its project goes."""

_QUIET_SECONDS = 0.1
"""An editor writes a file in several steps."""

_LEAST_RESYNC = 0.1
"""Seconds: an Engine has other things to do."""

_NANOSECONDS = 10**9


class Following(Protocol):
    """An Engine that is followed by its events, as `reconciler.engine.feed.Feed` does."""

    @property
    def engine(self) -> KeptEngine:
        """What the projects observe and act on."""
        ...

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def resync(self) -> int:
        """List everything again; how many objects differed of which no event had told."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Follow(Protocol):
    """Begins to follow an Engine: told what is called when something happens there, from any thread."""

    def __call__(
        self,
        *,
        changed: Callable[[str | None], None],
        away: Callable[[EngineError], None],
        back: Callable[[], None],
    ) -> Following:
        """The Engine, not followed before its `start`."""
        ...


def seconds_between(given: float | None, specs: Sequence[Spec]) -> float:
    """The seconds between two looks at everything: as given on the command line, else the least that a spec says."""
    said = [spec.settings.interval / _NANOSECONDS for spec in specs if spec.settings.interval is not None]
    return given or max(_LEAST_RESYNC, min(said, default=RESYNC))


@dataclass(slots=True)
class _Project:
    """A project that is watched.

    Attributes:
        files: its spec's.
        missing: since when no file says anything of it; on the clock. None where one does.
    """

    watch: Watch
    files: tuple[Path, ...]
    thread: threading.Thread
    missing: float | None = None


class Daemon:
    """Watches the projects that its source has, until it is told to stop."""

    def __init__(
        self,
        *,
        source: Callable[[], Sequence[Read]],
        folders: Sequence[Path],
        follow: Follow,
        watch: Callable[[Read, Spec, KeptEngine, Triggers], Watch],
        clock: Clock,
        log: Log,
        said: Sayings,
        observer: Observer,
        resync: float | None = None,
        prune: bool = False,
        poll: float = POLL_SECONDS,
        grace: float = GRACE_SECONDS,
    ) -> None:
        """Prepare; nothing is read or called before `run`.

        Args:
            source: reads the specs of all projects.
            folders: in which a new spec may appear, absolute.
            follow: follows the Engine.
            watch: makes the loop of a project: of what was read, its spec, the Engine, and what asks it for cycles.
            clock: for when something is due.
            log: where it says what it does.
            said: what was said of the Engine.
            observer: told of everything.
            resync: seconds between two looks at everything; None for what the specs say.
            prune: whether a project goes when its spec is removed.
            poll: seconds between two looks at the files themselves.
            grace: seconds after which a spec that is gone really is.
        """
        self._source = source
        self._folders = frozenset(folders)
        self._watch = watch
        self._clock = clock
        self._log = log
        self._said = said
        self._observer = observer
        self._resync = resync
        self._prune = prune
        self._poll = poll
        self._grace = grace
        self._mail = Triggers(clock, _QUIET_SECONDS)
        self._projects: dict[str, _Project] = {}
        self._broken: set[str] = set()
        self._there = threading.Event()
        self._resyncing = threading.Lock()
        self._resync_asked = threading.Event()
        self._engine = follow(changed=self._changed, away=self._away, back=self._back)

    # --- called from elsewhere --------------------------------------------------------------------------------------

    def ask(self, reason: str, project: str = "") -> None:
        """Ask for something, from any thread or a signal handler.

        Args:
            reason: `stop` to end; `signal` or `request` for a cycle of each project, for which everything is read
                anew and what failed before is tried again; `file` where a spec may have changed.
            project: only a cycle of this one, for which nothing is read anew.
        """
        one = self._projects.get(project)
        (one.watch.triggers if one else self._mail).ask(reason)

    def _changed(self, project: str | None) -> None:
        for name, one in list(self._projects.items()):
            # One that is new looks at everything anyway.
            if project in {None, name} and not one.watch.is_new:
                one.watch.triggers.ask("event")

    def _away(self, error: EngineError) -> None:
        self._there.clear()
        self._observer.engine(error)
        if self._said.is_news(ENGINE, error.message):
            self._log.error("engine_error", error=error.message, hint=error.hint)

    def _back(self) -> None:
        self._observer.engine(None)
        if self._said.is_over(ENGINE):
            self._log.info("engine_is_back")
        first = not self._there.is_set()
        self._there.set()
        for one in list(self._projects.values()) if first else ():
            one.watch.triggers.ask("start" if one.watch.is_new else "engine")

    # --- its own loop -----------------------------------------------------------------------------------------------

    def run(self) -> bool:
        """Watch until told to stop; whether all calls under way have ended by then."""
        files = Files(lambda: self._mail.ask("file"))
        try:
            self._engine.start()
            self._read(files)
            self._loop(files)
            return self._end()
        finally:
            files.close()

    def _loop(self, files: Files) -> None:
        now = self._clock.monotonic()
        due = {"poll": now + self._poll, "resync": now + self._period(), "alive": now}
        while True:
            now = self._clock.monotonic()
            # Set before the work, whatever comes of it: what is due must never stay due.
            if due["alive"] <= now:
                due["alive"] = now + ALIVE_SECONDS
                self._observer.alive()
                for one in self._projects.values():
                    if command := one.watch.stirs():
                        one.watch.triggers.ask(command)
            if due["poll"] <= now:
                due["poll"] = now + self._poll
                self._mail.ask("file")
            due["resync"] = min(due["resync"], now + self._period())
            if due["resync"] <= now:
                due["resync"] = now + self._period()
                if self._there.is_set():
                    threading.Thread(target=self._resync_now, name="resync", daemon=True).start()
            missing = [one.missing + self._grace for one in self._projects.values() if one.missing is not None]
            until = min([*due.values(), *(missing if self._prune else ())])
            reasons = self._mail.wait(max(0.0, until - now))
            if "stop" in reasons:
                return
            self._bury()
            persons = {"signal", "request"}.intersection(reasons)
            if persons or missing or ("file" in reasons and files.look()):
                self._read(files)
            if persons and self._there.is_set():
                due["resync"] = now  # a person wants everything to be looked at
            for one in self._projects.values():
                for reason in sorted(persons):
                    one.watch.triggers.ask(reason)

    def _period(self) -> float:
        return seconds_between(self._resync, [one.watch.spec for one in self._projects.values()])

    def _resync_now(self) -> None:
        self._resync_asked.set()
        # The last one may still wait for the Engine, and have listed before this was asked for: once more, then.
        while self._resync_asked.is_set() and self._resyncing.acquire(blocking=False):
            self._resync_asked.clear()
            try:
                if found := self._engine.resync():
                    self._log.warning("events_missed", count=found)
                    self._observer.missed(found)
            except EngineError as error:
                self._log.debug("resync_failed", error=error.message)  # that it is away is told elsewhere
            finally:
                self._resyncing.release()
            for one in list(self._projects.values()):
                one.watch.triggers.ask("resync")

    # --- the projects -----------------------------------------------------------------------------------------------

    def _read(self, files: Files) -> None:
        before = files.before()
        reads = self._source()
        found = sorted_out({name: one.files for name, one in self._projects.items()}, reads)
        for name, read in found.broken:
            self._observer.read(read.file, name, read.error)
            if name:
                self._projects[name].watch.tell_spec(read.broken)
            self._say_broken(name, read)
        for name, read in found.valid.items():
            self._observer.read(read.file, name, None)
            self._keep(name, read)
        broken = {read.file for _, read in found.broken}
        for file in sorted(self._broken - broken):
            self._said.is_over(f"spec {file}")
            self._log.info("spec_valid_again", file=file)
        self._broken = broken
        self._lose(found.missing, found.renamed)
        watched = {path for read in reads for path in (*read.files, *read.reads, *_beside(read.files))}
        files.watch(Watched(frozenset(watched), self._folders), before)

    def _say_broken(self, name: str, read: Read) -> None:
        error: ReconcilerError | None = read.error
        if error and self._said.is_news(f"spec {read.file}", str(error)):
            event = "spec_invalid_keeping_last_good" if name else "spec_invalid"
            named = {"project": name} if name else {}
            self._log.error(event, **named, file=read.file, error=error.message, hint=error.hint)

    def _keep(self, name: str, read: Read) -> None:
        spec = read.spec
        if spec is None:
            return
        one = self._projects.get(name)
        if one and not one.watch.is_down:
            one.files = read.files
            one.watch.tell_spec("")
            one.missing = None
            self._said.is_over(f"missing {name}")
            if one.watch.spec != spec or one.watch.going_down:
                one.watch.want(spec)
            return
        watch = self._watch(read, spec, self._engine.engine, Triggers(self._clock))
        watch.share, watch.is_there = self._share, self._there.is_set
        thread = threading.Thread(target=self._run, args=(watch,), name=f"watch {name}", daemon=True)
        self._projects = {**self._projects, name: _Project(watch, read.files, thread)}
        if self._there.is_set():
            watch.triggers.ask("start")
        thread.start()

    def _run(self, watch: Watch) -> None:
        watch.run()
        self._mail.ask("ended")

    def _lose(self, missing: frozenset[str], renamed: frozenset[str]) -> None:
        now = self._clock.monotonic()
        for name in sorted(missing | renamed):
            one = self._projects[name]
            if one.watch.going_down:
                continue
            if self._prune:
                one.missing = one.missing if one.missing is not None else now
                if now - one.missing >= self._grace:
                    one.missing = None
                    self._log.warning("project_goes", project=name, file=", ".join(map(str, one.files)))
                    one.watch.take_down()
            elif name in renamed:
                self._log.warning("project_left", project=name, hint=f"remove it with `reconciler down -p {name}`")
                one.watch.end()
            elif self._said.is_news(f"missing {name}", "gone"):
                file = ", ".join(map(str, one.files))
                hint = f"bring it back, or run `reconciler down -p {name}`"
                one.watch.tell_spec(f"{file} (it is gone)")
                self._log.error("spec_removed_keeping_last_good", project=name, file=file, hint=hint)

    def _bury(self) -> None:
        """Forget the projects whose loop has ended."""
        ended = [name for name, one in self._projects.items() if not one.thread.is_alive()]
        for name in ended:
            one = self._projects[name]
            self._projects = {other: kept for other, kept in self._projects.items() if other != name}
            self._observer.gone(name)
            if one.watch.is_down:
                self._log.info("project_is_down", project=name)

    def _share(self) -> int:
        """How many calls each project that changes something may make: together what an Engine can do at once."""
        busy = sum(one.watch.is_busy for one in list(self._projects.values()))
        return max(1, CONCURRENCY // max(1, busy))

    def _end(self) -> bool:
        for one in self._projects.values():
            one.watch.end()
        deadline = self._clock.monotonic() + LEAVE_SECONDS
        for one in self._projects.values():
            one.thread.join(max(0.0, deadline - self._clock.monotonic()))
        left = sorted(name for name, one in self._projects.items() if one.thread.is_alive())
        if left:
            self._log.warning("left_at_work", projects=left, hint="what it was doing, the next look mends")
            return False
        self._engine.close()
        return True


def _beside(files: tuple[Path, ...]) -> list[Path]:
    """What may appear beside a spec and would be read."""
    return [file.parent / ".env" for file in files[:1]]
