"""An Engine that is not followed, but looked at again and again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from reconciler.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.planning.actions import Action
    from reconciler.ports import Engine, Tell
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import ContainerState, Snapshot


class Polled:
    """Connects when somebody looks, and again after an error."""

    def __init__(
        self,
        connect: Callable[[], Engine],
        *,
        changed: Callable[[str | None], None],
        away: Callable[[EngineError], None],
        back: Callable[[], None],
    ) -> None:
        """Nothing is called yet."""
        self._connect = connect
        self._away = away
        self._back = back
        self._changed = changed
        self._lock = threading.Lock()
        self._there: Engine | None = None

    @property
    def engine(self) -> Engine:
        """This."""
        return self

    def start(self) -> None:
        """Begin."""
        self._back()

    def resync(self) -> int:
        """Nothing: each look looks at everything."""
        return 0

    def observe(self, project: str, spec: Spec | None = None, *, images: bool = True) -> Snapshot:
        """What is there now."""
        try:
            found = self._engine().observe(project, spec, images=images)
        except EngineError as error:
            self._away(error)
            self.close()
            raise
        self._back()
        return found

    def identity(self) -> str:
        """The Engine's ID."""
        return self._engine().identity()

    def inspect(self, container: str) -> ContainerState:
        """One container."""
        return self._engine().inspect(container)

    def logs(self, container: str, lines: int) -> list[str]:
        """The last lines that a container wrote."""
        return self._engine().logs(container, lines)

    def layer(self, container: str, seconds: float) -> list[dict[str, Any]]:
        """What was changed in a container's writable layer."""
        return self._engine().layer(container, seconds)

    def perform(self, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
        """Carry out one action."""
        return self._engine().perform(action, created, tell)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            there, self._there = self._there, None
        if there:
            there.close()

    def _engine(self) -> Engine:
        with self._lock:
            if self._there is None:
                self._there = self._connect()
            return self._there
