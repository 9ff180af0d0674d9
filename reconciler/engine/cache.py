"""What the Engine has, kept current by its events, so that a look at it needs no call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.engine.engine import DockerEngine
    from reconciler.engine.feed import Feed
    from reconciler.planning.actions import Action
    from reconciler.ports import Tell
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import ContainerState, Snapshot


class CachedEngine:
    """The port `reconciler.ports.Engine`: looks at the cache, and has the real Engine do the rest.

    One for all projects of a daemon, made by its `Feed`. Every method may be called from any thread.

    While the Engine is away, every method raises what it is away with (`EngineUnreachable`, mostly).
    After `perform` the cache is current again for what was acted on, before it returns. What happens to an object
    while an action on it is in flight is not told as a change: whoever carried out a plan looks once more after it.
    """

    def observe(self, project: str, spec: Spec | None = None, *, images: bool = True) -> Snapshot:
        """What is there now; makes no call where events have told all that changed since the last look.

        Registries are asked once between two resyncs, not at each look.
        """
        raise NotImplementedError

    def identity(self) -> str:
        """The Engine's ID; asked once for each connection."""
        raise NotImplementedError

    def inspect(self, container: str) -> ContainerState:
        """One container, as it is now: asked of the real Engine, as gates need it."""
        raise NotImplementedError

    def logs(self, container: str, lines: int) -> list[str]:
        """The last lines that a container wrote, to either stream."""
        raise NotImplementedError

    def layer(self, container: str, seconds: float) -> list[dict[str, Any]]:
        """What was changed in a container's writable layer."""
        raise NotImplementedError

    def perform(self, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
        """Carry out one action that is an effect."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing: the connection is the `Feed`'s, and other projects use it."""
