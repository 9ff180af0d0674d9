"""What `watch` is made of: its projects' files, the Engine that it follows, the loop of each project."""

from __future__ import annotations

import os
import random
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.locking import NAME as LOCK
from reconciler.cli.locking import read as read_lock
from reconciler.cli.pruning import used_for
from reconciler.cli.recording import Recorder
from reconciler.errors import ReconcilerError, UsageError
from reconciler.journal.journal import Journal, JournalError
from reconciler.spec.folders import default_files
from reconciler.spec.loader import Asked
from reconciler.spec.projects import load_all, load_one
from reconciler.state_folder import state_folder
from reconciler.watch.loop import Watch
from reconciler.watch.memory import Memory
from reconciler.watch.projects import Read
from reconciler.watch.resting import Resting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.cli.kept import Keeper
    from reconciler.cli.options import Options
    from reconciler.execution.outcome import Outcome
    from reconciler.planning.pruning import UsedImage
    from reconciler.ports import Clock, KeptEngine
    from reconciler.spec.model import Spec
    from reconciler.spec.projects import Project
    from reconciler.state.snapshot import Snapshot
    from reconciler.watch.log import Log
    from reconciler.watch.observing import Observer
    from reconciler.watch.saying import Sayings
    from reconciler.watch.triggers import Triggers


def folders_of(options: Options) -> tuple[Path, ...]:
    """The folders that hold a project a file, absolute; none where the options name one project.

    Raises:
        UsageError: --project names one project, and these may be several.
    """
    folders = [Path(name) for name in options.file if Path(name).is_dir()]
    if len(options.file) == 1 and folders and default_files(folders[0]):
        return ()
    if folders and options.project:
        hint = "leave it out, or name the files of one project with -f"
        raise UsageError("--project names one project, and these may be several", hint)
    return tuple(Path(os.path.abspath(folder)) for folder in folders)  # noqa: PTH100 - links stay


class Source:
    """What the specs say: each project of the folders, or the one that the options name."""

    def __init__(self, options: Options) -> None:
        """Nothing is read yet.

        Raises:
            UsageError: --project names one project, and these may be several.
        """
        self._options = options
        self.folders = folders_of(options)
        """In which each file is a project of its own."""
        self._files: tuple[Path, ...] = ()

    def __call__(self) -> list[Read]:
        """What they say now; what is wrong is in it, not raised."""
        options, environ = self._options, dict(os.environ)
        if self.folders:
            found = load_all(options.file, environ=environ, profiles=options.profile, env_files=options.env_file)
        else:
            asked = Asked(options.project, environ, frozenset(options.profile), tuple(map(Path, options.env_file)))
            one = load_one(options.file or None, None, asked)
            # Where its file has gone, it is still this one that is broken.
            self._files = self._files if one.error and self._files else one.files
            found = [replace(one, files=self._files)]
        return [_read(project, locked=options.locked) for project in found]


def _read(project: Project, *, locked: bool) -> Read:
    read = Read(project.files, project.spec, project.error, project.reads)
    if not locked or read.spec is None:
        return read
    from reconciler.planning.locked import pinned

    path = read.files[0].parent / LOCK
    read = replace(read, reads=(*read.reads, path))
    try:
        return replace(read, spec=pinned(project.spec, read_lock(path), path.name)) if project.spec else read
    except ReconcilerError as error:
        return replace(read, spec=None, error=error)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the loop of each project.

    Attributes:
        options: of the command.
        clock: the real one.
        log: where the loops say what they do.
        said: what was said of the Engine.
        observer: told of each cycle.
        keeper: keeps the projects for us alone.
    """

    options: Options
    clock: Clock
    log: Log
    said: Sayings
    observer: Observer
    keeper: Keeper

    def __call__(self, read: Read, spec: Spec, engine: KeptEngine, triggers: Triggers) -> Watch:
        """The loop of one project, not begun yet."""

        def record(done: Spec, snapshot: Snapshot, outcome: Outcome, seconds: float) -> None:
            Recorder("watch", done, read.files, snapshot, engine)(outcome, seconds)

        journal = Journal(state_folder(os.environ))
        kept = self.keeper.of(spec.name, read.files)
        resting = Resting(spec.name, journal, lambda: datetime.now(UTC), self._warn)
        stop = threading.Event()
        return Watch(
            spec=spec,
            engine=engine,
            triggers=triggers,
            clock=self.clock,
            jitter=random.random,
            log=self.log,
            said=self.said,
            memory=Memory(journal, self._warn),
            observer=self.observer,
            record=record,
            prune=self._used,
            turn=lambda: kept.turn(engine, stop.is_set),
            confirm=lambda: kept.confirm(engine),
            let_go=lambda: kept.let_go(engine),
            tell_spec=kept.tell_spec,
            holds=resting.holds,
            restrain=resting.restrain,
            stirs=resting.stirs,
            stop=stop,
        )

    def _warn(self, error: JournalError) -> None:
        if self.said.is_news("journal", error.message):
            self.log.warning("journal", error=error.message)

    def _used(self, project: str, engine: Callable[[], str]) -> Sequence[UsedImage] | None:
        try:
            return used_for(self.options, project, engine)
        except JournalError as error:
            self._warn(error)
            return None
