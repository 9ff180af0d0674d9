"""The protocols of everything that has effects. `cli` wires the real ones, tests may wire others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from reconciler.planning.actions import Action
    from reconciler.spec.model import Spec
    from reconciler.state.identity import EngineIdentity
    from reconciler.state.output import Event, Written
    from reconciler.state.snapshot import ContainerState, Snapshot


class Tell(Protocol):
    """Told how far an action is, by the thread that carries it out; see `reconciler.execution.outcome.Advance`."""

    def __call__(self, text: str, done: int = 0, total: int = 0, unit: str = "") -> None:
        """What it does now, and how much of how much is done."""
        ...


class Engine(Protocol):
    """A Docker Engine, in values. Every method may be called from any thread.

    All methods raise `EngineError` or a kind of it.
    """

    def observe(self, project: str, spec: Spec | None = None, *, images: bool = True) -> Snapshot:
        """What is there now: a project's resources, and what else a plan for the spec depends on.

        Args:
            project: its name.
            spec: what is wanted.
            images: whether the plan depends on where images come from: without, no registry is asked.
        """
        ...

    def identity(self) -> str:
        """The Engine's ID: stays the same as long as its data does."""
        ...

    def inspect(self, container: str) -> ContainerState:
        """One container, as it is now; raises `NotFound` when it is gone."""
        ...

    def logs(self, container: str, lines: int) -> list[str]:
        """The last lines that a container wrote, to either stream."""
        ...

    def layer(self, container: str, seconds: float) -> list[dict[str, Any]]:
        """What was changed in a container's writable layer, as `GET /containers/ID/changes` tells it.

        Args:
            container: its ID.
            seconds: the deadline.

        Raises:
            NotFound: it is gone.
            EngineTimeout: the Engine did not say it in time.
        """
        ...

    def perform(self, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
        """Carry out one action that is an effect; gates are not for the Engine.

        Args:
            action: what to do. What is done already counts as done.
            created: the IDs of the containers that earlier actions created, by those actions' IDs.
            tell: told how far it is, where the Engine says that.

        Returns:
            The ID of what was created, or None.

        Raises:
            Stale: the action's object is no longer what the plan saw; nothing was done.
        """
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class Outputs(Protocol):
    """What containers write and what happens to them. All methods raise `EngineError` or a kind of it."""

    def containers(self, project: str, spec: Spec | None = None) -> Sequence[ContainerState]:
        """The project's containers, whether they run or not, by name: those that it took over, too.

        Args:
            project: its name.
            spec: what is wanted; without it, all that Compose has in a project of that name is the project's.
        """
        ...

    def inspect(self, container: str) -> ContainerState:
        """One container, as it is now; raises `NotFound` when it is gone."""
        ...

    def output(
        self, container: ContainerState, *, follow: bool = False, since: str = "", until: str = "", tail: str = "all"
    ) -> Iterator[Written]:
        """What a container wrote, in order; with `follow` it ends when the container does.

        Args:
            container: whose.
            follow: go on with what it writes.
            since: seconds since 1970, with nine digits after the point; what was written just then comes too.
            until: likewise.
            tail: how many lines of the end, or `all`.
        """
        ...

    def events(
        self, filters: Mapping[str, Sequence[str]], *, since: str = "", until: str = ""
    ) -> AbstractContextManager[Iterator[Event]]:
        """What happens from when this is entered, or from `since`, on.

        It ends at `until`, when the Engine is stopped, and when nothing happened for long.
        """
        ...


class LockVolumes(Protocol):
    """An Engine whose volumes are locks. All methods raise `EngineError` or a kind of it."""

    def identity(self) -> str:
        """The Engine's ID: stays the same as long as its data does."""
        ...

    def lock_volumes(self) -> Mapping[str, Mapping[str, str]]:
        """The labels of all volumes that are locks, by name."""
        ...

    def volume_labels(self, name: str) -> Mapping[str, str] | None:
        """The labels of a volume; None where there is none."""
        ...

    def create_volume(self, name: str, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Create a volume, unless there is one of that name; the labels of the one that is there then."""
        ...

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is gone counts as removed."""
        ...

    def inspect(self, container: str) -> ContainerState:
        """One container, as it is now; raises `NotFound` when it is gone."""
        ...


class KeptEngine(Engine, LockVolumes, Protocol):
    """An Engine on which projects are kept: what a `watch` needs of it."""


class Examined(LockVolumes, Protocol):
    """An Engine that is looked at closely. All methods raise `EngineError` or a kind of it."""

    @property
    def about(self) -> EngineIdentity:
        """As it introduced itself."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, as far as its address says."""
        ...

    def version(self) -> Mapping[str, Any]:
        """What it says of its versions, as `GET /version`."""
        ...

    def info(self) -> Mapping[str, Any]:
        """What it says of itself, as `GET /info`."""
        ...

    def log_in(self, login: Mapping[str, str]) -> None:
        """Have it try a login at the registry that the login is for."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class Logins(Protocol):
    """Docker's logins for registries. All methods raise `EngineError`."""

    def registries(self) -> list[str]:
        """The registries that there should be a login for."""
        ...

    def login(self, registry: str) -> dict[str, str] | None:
        """The login for one, with the API's words for its parts."""
        ...


class Clock(Protocol):
    """Time, passed in so that decisions can be tested without waiting."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
