"""The port of an Engine that is watched: looks at what is held of it, and has the real one do the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.engine.cache import Cache
from reconciler.engine.held import IMAGES, NETWORKS, Key
from reconciler.engine.observe import observe
from reconciler.errors import EngineError, EngineUnreachable
from reconciler.planning.actions import (
    Action,
    BuildImage,
    ContainerAction,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    ImportImage,
    LoadImage,
    PullImage,
    RemoveImage,
    RemoveNetwork,
    RemoveVolume,
    TagImage,
)

if TYPE_CHECKING:
    from reconciler.engine.engine import DockerEngine
    from reconciler.ports import Tell
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import ContainerState, Snapshot


class CachedEngine:
    """The port `reconciler.ports.Engine`, for all projects of a daemon; made by its `Feed`.

    Every method may be called from any thread.

    While the Engine is away, every method raises what it is away with (`EngineUnreachable`, mostly).
    After `perform` the cache is current again for what was acted on, before it returns. What happens to an object
    while an action on it is in flight is not told as a change: whoever carried out a plan looks once more after it.

    Attributes:
        away: why the Engine can't be reached; None while it can.
        is_current: whether what is held may be read; else the Engine itself is asked.
    """

    def __init__(self, changed: Callable[[str | None], None]) -> None:
        """Prepare.

        Args:
            changed: told of other projects than the one that acts, where its action frees what they may wait for.
        """
        self.away: EngineError | None = EngineUnreachable("there is no connection to the Docker Engine yet")
        self.is_current = False
        self._changed = changed
        self._real: DockerEngine | None = None
        self._cache: Cache | None = None
        self._identity = ""
        self._observed: set[str] = set()

    def use(self, engine: DockerEngine, cache: Cache) -> None:
        """The connection from now on.

        Args:
            engine: the real one.
            cache: of its replies.
        """
        self._real, self._cache, self._identity = engine, cache, ""

    def observe(self, project: str, spec: Spec | None = None, *, images: bool = True) -> Snapshot:
        """What is there now; makes no call where events have told all that changed since the last look.

        Registries are asked once between two resyncs, not at each look.
        """
        self._observed.add(project)
        engine, cache = self._engine(), self._cache
        if cache is None or not self.is_current:
            return engine.observe(project, spec, images=images)
        return observe(cache, project, spec, engine.here, images=images)

    def identity(self) -> str:
        """The Engine's ID; asked once for each connection."""
        engine = self._engine()
        self._identity = self._identity or engine.identity()
        return self._identity

    def inspect(self, container: str) -> ContainerState:
        """One container, as it is now: asked of the real Engine, as gates need it."""
        return self._engine().inspect(container)

    def logs(self, container: str, lines: int) -> list[str]:
        """The last lines that a container wrote, to either stream."""
        return self._engine().logs(container, lines)

    def layer(self, container: str, seconds: float) -> list[dict[str, Any]]:
        """What was changed in a container's writable layer."""
        return self._engine().layer(container, seconds)

    def perform(self, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
        """Carry out one action that is an effect."""
        engine, cache = self._engine(), self._cache
        if cache is None:
            return engine.perform(action, created, tell)
        keys = list(_acted_on(action, created))
        with cache.acting(*keys):
            new = None
            try:
                new = engine.perform(action, created, tell)
            except EngineError:
                if isinstance(action, PullImage):
                    cache.ask_again()  # the registry may have something else by now
                raise
            finally:
                self._catch_up(cache, [*keys, *([("container", new)] if new else [])])
        return new

    def lock_volumes(self) -> Mapping[str, Mapping[str, str]]:
        """The labels of all volumes that are locks; see `reconciler.ports.LockVolumes`."""
        return self._engine().lock_volumes()

    def volume_labels(self, name: str) -> Mapping[str, str] | None:
        """The labels of a volume; see `reconciler.ports.LockVolumes`."""
        return self._engine().volume_labels(name)

    def create_volume(self, name: str, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Create a volume, unless there is one of that name; see `reconciler.ports.LockVolumes`."""
        return self._engine().create_volume(name, labels)

    def remove_volume(self, name: str) -> None:
        """Remove a volume; see `reconciler.ports.LockVolumes`."""
        self._engine().remove_volume(name)

    def close(self) -> None:
        """Nothing: the connection is the `Feed`'s, and other projects use it."""

    def _engine(self) -> DockerEngine:
        if self.away is not None:
            raise self.away.with_traceback(None)
        assert self._real is not None
        return self._real

    def _catch_up(self, cache: Cache, keys: Iterable[Key]) -> None:
        for key in keys:
            if key[0] == "name":
                continue
            owner = cache.owner(key)
            try:
                tells = cache.look(key, own=True)
            except EngineError:
                if key[0] == "container":
                    cache.forget(key[1])
                continue  # its event leads to another look; where the Engine is away, all is listed again
            if None in tells:
                for project in self._observed - {owner} if owner or len(self._observed) > 1 else ():
                    self._changed(project)


def _acted_on(action: Action, created: Mapping[str, str]) -> Iterable[Key]:
    match action:
        case ContainerAction():
            yield "container", created.get(action.container, action.container)
        case CreateContainer():
            yield "name", action.name
        case CreateNetwork() | RemoveNetwork():
            yield NETWORKS
        case CreateVolume():
            yield "volume", str(action.payload["Name"])
        case RemoveVolume():
            yield "volume", action.volume
        case PullImage() | BuildImage() | ImportImage() | LoadImage() | TagImage() | RemoveImage():
            yield IMAGES
        case _:
            pass  # files of this host are no business of the Engine's
