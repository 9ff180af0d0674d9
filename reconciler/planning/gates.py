"""The gates: what is waited for between the effects of a plan, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reconciler.planning.actions import ContainerAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(ContainerAction):
    """Something to wait for, rather than to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitProof(Gate):
    """A gate: go on when the container is healthy, or where nothing checks that, has run for a while.

    Attributes:
        monitor_seconds: that while, without a restart.
        deadline_seconds: how long its healthcheck may take.
    """

    kind: ClassVar[str] = "prove"
    monitor_seconds: float
    deadline_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain(Gate):
    """Let a container that gets nothing new finish what it has begun.

    Attributes:
        seconds: how long.
    """

    kind: ClassVar[str] = "drain"
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitCondition(Gate):
    """A gate before those that depend on a container.

    Attributes:
        required: whether those can't go on without it; else it is only waited for.
    """

    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitHealthy(AwaitCondition):
    """Go on when the container is healthy.

    Attributes:
        deadline_seconds: how long that may take, after the start period that its healthcheck grants.
    """

    kind: ClassVar[str] = "await-healthy"
    deadline_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitCompleted(AwaitCondition):
    """Go on when the container has ended with exit code 0, however long that takes."""

    kind: ClassVar[str] = "await-completed"
