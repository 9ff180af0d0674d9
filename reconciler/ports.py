"""The protocols of everything that has effects. `cli` wires the real ones, tests may wire others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from reconciler.planning.actions import Action
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import ContainerState, Snapshot


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

    def perform(self, action: Action, created: Mapping[str, str]) -> str | None:
        """Carry out one action that is an effect; gates are not for the Engine.

        Args:
            action: what to do. What is done already counts as done.
            created: the IDs of the containers that earlier actions created, by those actions' IDs.

        Returns:
            The ID of what was created, or None.

        Raises:
            Stale: the action's object is no longer what the plan saw; nothing was done.
        """
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class Clock(Protocol):
    """Time, passed in so that decisions can be tested without waiting."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
