"""A project that `watch` keeps: the lock comes with each connection to its Engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.cli.wiring import connected
from reconciler.errors import EngineError

if TYPE_CHECKING:
    from reconciler.cli.options import Options
    from reconciler.engine.engine import DockerEngine
    from reconciler.locks.keeping import Keeping


@dataclass(frozen=True, slots=True)
class Kept:
    """One project.

    Attributes:
        keeping: its lock.
        options: of `watch`.
    """

    keeping: Keeping
    options: Options

    def connect(self) -> DockerEngine:
        """Connect to the Engine, and keep the project there.

        Raises:
            Locked: another watcher does.
            EngineError: the Engine can't be reached.
        """
        from reconciler.engine.engine import connect

        engine = connect(self.options.host, self.options.context, os.environ)
        try:
            self.keeping.take(engine)
        except BaseException:
            engine.close()
            raise
        return engine

    def let_go(self) -> None:
        """Keep it no more."""
        try:
            with connected(self.options) as engine:
                self.keeping.release(engine)
        except EngineError:
            self.keeping.release(None)
