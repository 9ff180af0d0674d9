"""An Engine on this machine is asked what it has while the spec is still read: half of a command's time is Python's."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.locks.folder import lock_folder
from reconciler.locks.turn import last_turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.options import Options
    from reconciler.engine.engine import DockerEngine


_FRESH_SECONDS = 2.0
"""That reading a spec may take: from standard input it may come whenever somebody writes it."""


class Ahead:
    """An Engine that is connected to, and whose lists are read, by a thread.

    Attributes:
        turns: whose turn it was last, before the Engine was asked; see `reconciler.locks.turn.last_turns`.
    """

    def __init__(self, options: Options) -> None:
        """Begin. Whatever goes wrong is for who wants the Engine: a wrong spec is told first, and waits for nobody."""
        self.turns: Mapping[Path, str | None] = last_turns(lock_folder(os.environ))
        self._options = options
        self._began = time.monotonic()
        self._engine: Future[DockerEngine | None] = Future()
        threading.Thread(target=self._ask, name="ahead", daemon=True).start()

    def engine(self) -> DockerEngine:
        """The Engine, once it is connected to. Where it took long to read the spec, its lists are asked for again.

        Raises:
            EngineUnreachable, UsageError: as `reconciler.engine.engine.connect`.
        """
        is_old = time.monotonic() - self._began > _FRESH_SECONDS
        if engine := self._engine.result():
            if is_old:
                engine.look_again()
            return engine
        from reconciler.engine.engine import connect

        return connect(self._options.host, self._options.context, os.environ)

    def _ask(self) -> None:
        from reconciler.engine.endpoint import resolve
        from reconciler.engine.engine import connect

        options = self._options
        try:
            # Only where nobody is asked for a password, and no other machine for what may not be wanted.
            if not resolve(options.host, options.context, os.environ, Path.home()).host.startswith("unix://"):
                self._engine.set_result(None)
                return
            engine = connect(options.host, options.context, os.environ)
            ask = engine.look_ahead()
        except BaseException as error:
            self._engine.set_exception(error)
            return
        self._engine.set_result(engine)
        ask()
