"""The Engine's events, followed for months: each leads to one look at what it names, and to a word to who watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.engine.cache import Cache
from reconciler.engine.cached import CachedEngine
from reconciler.engine.events import events_of, subscribe
from reconciler.engine.held import EVERYBODY, IMAGES, NETWORKS, NOBODY, Difference, Key, Tells
from reconciler.errors import EngineError, EngineTimeout, ReconcilerError

if TYPE_CHECKING:
    from reconciler.engine.engine import DockerEngine
    from reconciler.engine.stream import JsonStream
    from reconciler.ports import Clock
    from reconciler.state.output import Event

_CONTAINER = ("create", "start", "restart", "die", "oom", "stop", "pause", "unpause", "rename", "update", "destroy")
_HEALTH = "health_status"
_NETWORK = ("create", "update", "destroy", "remove", "connect", "disconnect")
_VOLUME = ("create", "destroy")
_IMAGE = ("pull", "create", "build", "tag", "untag", "delete", "import", "load")
_COMMIT = "commit"
"""Of a container, which makes an image."""

FILTERS = {
    "type": ["container", "network", "volume", "image"],
    "event": list(dict.fromkeys((*_CONTAINER, _COMMIT, *_NETWORK, *_VOLUME, *_IMAGE, _HEALTH))),
}
"""What is subscribed to. Not to `exec_*`, of which each health probe makes three, nor to `kill`, which need not."""

_LOOKS = 4
"""Looks at once."""

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
"""Seconds between two attempts to connect."""

_GLANCE = 0.1
"""Seconds between two glances at whether the Engine's socket is there again."""

_CLOSE_SECONDS = 2.0
"""For the thread that reads to notice that it is over."""

_LATE_SECONDS = 2.0
"""That an event may come after the list that shows what it tells of."""


class Feed:
    """Follows one Engine for all projects of a daemon, and keeps its cache current.

    Attributes:
        engine: what the projects observe and act on; the same object for the feed's whole life, also while the Engine
            is away and when it comes back as another version.
        misses: how many objects `resync` found changed of which no event had told, since the start.
    """

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
        self.engine = CachedEngine(changed)
        self.misses = 0
        self._connect = connect
        self._clock = clock
        self._changed = changed
        self._on_away = away
        self._on_back = back
        self._lock = threading.Lock()
        self._listing = threading.Lock()
        self._pool = ThreadPoolExecutor(_LOOKS, thread_name_prefix="look")
        self._thread = threading.Thread(target=self._follow, name="events", daemon=True)
        self._real: DockerEngine | None = None
        self._cache: Cache | None = None
        self._waiting: set[Key] = set()
        self._heard: set[Key] | None = None
        self._stream: JsonStream | None = None
        self._round = 0
        self._unfilled: EngineError | None = None
        self._said = False
        self._closed = threading.Event()

    def start(self) -> None:
        """Begin, in a thread of its own; returns at once. The first `back` or `away` says what became of it."""
        self._thread.start()

    def resync(self) -> int:
        """List everything again, and ask registries again at the next look; may be called from any thread.

        `changed` is called for what was found. While the Engine is away this does nothing and returns 0: a list comes
        with the next connection anyway.

        Returns:
            How many objects differed of which no event had told (also added to `misses`). What has no event, such as
            how long a container runs or what a health probe wrote, does not count.
        """
        cache = self._cache
        with self._listing:
            if cache is None or not self.engine.is_current:
                return 0
            with self._lock:
                self._heard = set(self._waiting)
            try:
                found = cache.relist()
                self._tell(NOBODY.union(*(difference.tells for difference in found.values())))
                missed = self._unheard(found)
            except Exception:
                self._start_over()  # the next list says what is wrong
                return 0
            finally:
                with self._lock:
                    self._heard = None
            self.misses += missed
            return missed

    def close(self) -> None:
        """End it: threads and connections; calls in flight fail. May be called twice."""
        with self._lock:
            self._closed.set()
            self.engine.is_current = False
        if self._real is not None:
            self._real.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_CLOSE_SECONDS)

    # --- the stream; all of it in one thread ------------------------------------------------------------------

    def _follow(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            failure = self._follow_once()
            with self._lock:
                self._round += 1
                was_current, self.engine.is_current = self.engine.is_current, False
                self._stream = None
            if self._closed.is_set():
                return
            if was_current:
                pause = _FIRST_PAUSE  # it was there a moment ago: tried again at once
                continue
            self._go_away(failure or self._unfilled or EngineError("the Engine's events broke off"))
            self._wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _follow_once(self) -> EngineError | None:
        """Until the stream ends; what it ended with."""
        try:
            cache = self._introduce()
            self._unfilled = None
            with subscribe(cache.client, FILTERS) as stream:
                self._stream = stream
                # Beside the reading: an Engine drops events for who reads too slowly.
                threading.Thread(target=self._fill, args=(cache, self._round), name="fill", daemon=True).start()
                for event in events_of(stream):
                    self._heed(event)
        except Exception as error:
            return _as_engine_error(error)
        return None  # nothing happened for long, or somebody had enough of it

    def _introduce(self) -> Cache:
        if self._real is None or self._cache is None:
            self._real = self._connect()
            self._cache = Cache(self._real.client)
            if self._closed.is_set():
                self._real.close()
        else:
            self._real.client.introduce()
        self.engine.use(self._real, self._cache)
        return self._cache

    def _fill(self, cache: Cache, round_: int) -> None:
        try:
            with self._listing:
                cache.relist(anew=True)
        except Exception as error:
            self._unfilled = _as_engine_error(error)
            self._start_over()
            return
        with self._lock:
            if self._closed.is_set() or round_ != self._round:
                return  # the stream has ended meanwhile
            self.engine.away, self._said = None, False
            self.engine.is_current = True
        self._on_back()
        self._changed(None)

    def _go_away(self, error: EngineError) -> None:
        self.engine.away = error
        if not self._said:
            self._said = True
            self._on_away(error)

    def _wait(self, seconds: float) -> None:
        """Wait, but not once the Engine's socket is there again."""
        before, end = self._socket(), self._clock.monotonic() + seconds
        while not self._closed.is_set() and (left := end - self._clock.monotonic()) > 0:
            self._clock.sleep(min(left, _GLANCE))
            if self._socket() not in {None, before}:
                return

    def _socket(self) -> tuple[int, int] | None:
        """Which socket stands at the Engine's address; None for none."""
        scheme, _, path = (self._real.client.endpoint.host if self._real else "").partition("://")
        if scheme != "unix":
            return None
        try:
            found = Path(path).stat()
        except OSError:
            return None
        return found.st_ino, found.st_ctime_ns

    def _start_over(self) -> None:
        """End the stream: the next one begins with a full list."""
        stream = self._stream
        if stream is not None:
            stream.close()

    # --- what it says -----------------------------------------------------------------------------------------

    def _heed(self, event: Event) -> None:
        for key in _named(event):
            with self._lock:
                if self._heard is not None:
                    self._heard.add(key)
                # One that waits for its look needs no second one: a burst leads to a look at each object.
                if key in self._waiting or self._closed.is_set():
                    continue
                self._waiting.add(key)
            self._pool.submit(self._look, key)

    def _look(self, key: Key) -> None:
        with self._lock:
            self._waiting.discard(key)
        cache = self._cache
        assert cache is not None
        try:
            self._tell(cache.look(key))
        except EngineTimeout:
            # One container that hangs keeps nobody from the rest: who asks for it next, waits for it.
            if key[0] == "container":
                self._tell(EVERYBODY)
            else:
                self._start_over()
        except Exception:
            self._start_over()  # a full list finds what this look did not

    def _tell(self, tells: Tells) -> None:
        if not self.engine.is_current:
            return  # everybody is told once it is
        for project in (None,) if None in tells else sorted(project for project in tells if project):
            self._changed(project)

    def _unheard(self, found: Mapping[Key, Difference]) -> int:
        """How many of these no event told of, nor tells of shortly."""
        end = self._clock.monotonic() + _LATE_SECONDS
        while True:
            with self._lock:
                heard = self._heard or set()
                missed = sum(difference.count for key, difference in found.items() if key not in heard)
            if not missed or self._closed.is_set() or self._clock.monotonic() >= end:
                return missed
            self._clock.sleep(_GLANCE)


def _as_engine_error(error: Exception) -> EngineError:
    """Whatever it is: a daemon must not go blind without a word."""
    if isinstance(error, EngineError):
        return error
    what = error.message if isinstance(error, ReconcilerError) else repr(error)
    return EngineError(f"the Engine can't be followed: {what}", getattr(error, "hint", ""))


def _named(event: Event) -> Iterator[Key]:
    """What to look at because of an event."""
    match event.kind, event.action:
        case "container", action if action in _CONTAINER or action.startswith(_HEALTH):
            yield "container", event.id
        case "container", action if action == _COMMIT:
            yield IMAGES
        case "network", "connect" | "disconnect":
            if container := event.attributes.get("container"):
                yield "container", container
        case "network", action if action in _NETWORK:
            yield NETWORKS
        case "volume", action if action in _VOLUME:
            yield "volume", event.id
        case "image", action if action in _IMAGE:
            yield IMAGES
