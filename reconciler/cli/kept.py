"""The projects that `watch` keeps: nobody else watches them, and nobody else changes them while a cycle runs."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.cli.turns import this_process
from reconciler.cli.wiring import connected
from reconciler.errors import EngineError, Locked
from reconciler.locks.folder import lock_folder
from reconciler.locks.keeping import Keeping
from reconciler.locks.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from reconciler.cli.options import Options
    from reconciler.ports import KeptEngine
    from reconciler.watch.projects import Read


@dataclass(frozen=True, slots=True)
class Kept:
    """One project.

    Attributes:
        keeping: the lock of who watches it.
        folder: of the lock files.
    """

    keeping: Keeping
    folder: Path

    @contextmanager
    def turn(self, engine: KeptEngine, stopped: Callable[[], bool]) -> Iterator[None]:
        """Our turn, and until then, wait; or until we are stopped.

        Raises:
            Locked: somebody else watches the project.
            EngineError: the Engine can't be asked.
        """
        self.keeping.take(engine)
        turn = Turn(self.folder, self.keeping.project, engine.identity(), self.keeping.holder)
        turn.take(stopped=stopped)
        try:
            yield
        finally:
            turn.release()

    def confirm(self, engine: KeptEngine) -> None:
        """Make sure that nobody has taken over.

        Raises:
            Locked: somebody has.
            EngineError: the Engine can't be asked.
        """
        self.keeping.confirm(engine)

    def tell_spec(self, broken: str) -> None:
        """Tell in the lock's file where the spec is broken by now, for `reconciler status`; empty: nowhere.

        All users may read that file: what stands there is none of their business.
        """
        known = self.keeping.holder
        if broken != known.broken:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self.keeping.tell(broken, (known.broken_since or now) if broken else "")

    def let_go(self, engine: KeptEngine) -> None:
        """Keep it no more."""
        self.keeping.release(engine)


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps the projects of one `watch`.

    Attributes:
        options: of the command.
        folder: of the lock files.
    """

    options: Options
    folder: Path = field(default_factory=lambda: lock_folder(os.environ))
    _kept: dict[str, Kept] = field(default_factory=dict)

    def of(self, project: str, files: Iterable[Path]) -> Kept:
        """The locks of one project, whose spec is in these files."""
        if project not in self._kept:
            me = this_process("watch", self.options, files)
            keeping = Keeping(self.folder, project, me, self.options.take_over)
            self._kept[project] = Kept(keeping, self.folder)
        return self._kept[project]

    def begin(self, reads: Iterable[Read]) -> None:
        """Take the locks of all projects, if the Engine is there: else that is done once it is.

        Raises:
            Locked: somebody else watches one of them; then none is kept.
            LockFileError: the lock files can't be used.
        """
        taken: list[Keeping] = []
        try:
            with connected(self.options) as engine:
                try:
                    for read in reads:
                        if read.spec:
                            taken.append(self.of(read.spec.name, read.files).keeping)
                            taken[-1].take(engine)
                except Locked:
                    for keeping in taken:
                        keeping.release(engine)
                    raise
        except EngineError:
            pass  # the daemon says so
