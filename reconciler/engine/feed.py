"""The Engine's events, followed for months: each leads to one look at what it names, and to a word to who watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.engine.cache import CachedEngine
    from reconciler.engine.engine import DockerEngine
    from reconciler.errors import EngineError
    from reconciler.ports import Clock


class Feed:
    """Follows one Engine for all projects of a daemon, and keeps its cache current.

    Attributes:
        engine: what the projects observe and act on; the same object for the feed's whole life, also while the Engine
            is away and when it comes back as another version.
        misses: how many objects `resync` found changed of which no event had told, since the start.
    """

    engine: CachedEngine
    misses: int

    def __init__(
        self,
        connect: Callable[[], DockerEngine],
        clock: Clock,
        *,
        changed: Callable[[str | None], None],
        away: Callable[[EngineError], None] = lambda _error: None,
        back: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is called and no thread runs before `start`.

        All callbacks are called from threads of the feed, perhaps from several at once, and must return at once and
        never raise. What they need to know is in the cache before they are called.

        Args:
            connect: connects to the Engine; called again, with a growing pause, until it succeeds once.
            clock: time between two attempts.
            changed: a project's own objects changed; None where any project's plan may depend on what changed: another
                object (who holds a host port, a network, an image), or everything, after each connection. Not called
                for what an action through `engine` did.
            away: the Engine can't be reached, and why; once, until it is back.
            back: it answers, and the cache is filled: called before `changed(None)`, also at the first time.
        """
        raise NotImplementedError

    def start(self) -> None:
        """Begin, in a thread of its own; returns at once. The first `back` or `away` says what became of it."""
        raise NotImplementedError

    def resync(self) -> int:
        """List everything again, and ask registries again at the next look; may be called from any thread.

        `changed` is called for what was found. While the Engine is away this does nothing and returns 0: a list comes
        with the next connection anyway.

        Returns:
            How many objects differed of which no event had told (also added to `misses`). What has no event, such as
            how long a container runs or what a health probe wrote, does not count.
        """
        raise NotImplementedError

    def close(self) -> None:
        """End it: threads and connections; calls in flight fail. May be called twice."""
        raise NotImplementedError
