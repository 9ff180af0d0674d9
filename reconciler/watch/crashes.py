"""Containers that end again and again. Pure: what is there is looked at, the moment and the jitter are passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.fields.base import at
from reconciler.state.resource import Kind, ResourceKey
from reconciler.watch.backoff import delay

if TYPE_CHECKING:
    from reconciler.state.snapshot import ContainerState, Snapshot

SHORT_SECONDS = 10.0
"""A life that is shorter is a crash, unless somebody else ended it."""

LOOP = 3
"""So many crashes in a row are a loop."""

_KILLED = {130, 137, 143}
"""The exit codes of who was told to end: by a person, most likely."""

_NEVER_RAN = {126, 127}
"""The exit codes of who has no such command."""


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a container's lives.

    Attributes:
        name: its name.
        started: when the last life that was looked at began, as the Engine says.
        ended: whether its end was counted.
        restarts: how often the Engine had restarted it by itself by then.
        seen: the moment of that look.
        crashes: in a row.
        until: it is not started again until then.
    """

    name: str
    started: str
    ended: bool
    restarts: int
    seen: float
    crashes: int = 0
    until: float = 0.0

    @property
    def loops(self) -> bool:
        """Whether it ends again and again."""
        return self.crashes >= LOOP


@dataclass(frozen=True, slots=True)
class Crashes:
    """The lives of one project's containers, by their IDs: one that is made anew begins anew."""

    lives: Mapping[str, Life] = field(default_factory=dict)

    def seen(self, snapshot: Snapshot, now: float, jitter: float) -> Crashes:
        """With what is there now."""
        found = {}
        for container in snapshot.containers:
            life = _next(self.lives.get(container.id), container, now, jitter)
            if life is not None:
                found[container.id] = life
        return Crashes(found)

    def held(self, now: float) -> frozenset[ResourceKey]:
        """Those that are not to be started now."""
        return frozenset(_key(life) for life in self.lives.values() if life.until > now)

    @property
    def looping(self) -> frozenset[ResourceKey]:
        """Those that end again and again."""
        return frozenset(_key(life) for life in self.lives.values() if life.loops)

    def due(self, now: float) -> float | None:
        """When one may be started again, or has been up for so long that it loops no more; None where none is."""
        moments = [life.until for life in self.lives.values() if life.until > now]
        moments += [life.seen + SHORT_SECONDS for life in self.lives.values() if life.loops and not life.ended]
        return min((one for one in moments if one > now), default=None)


def never_ran(snapshot: Snapshot) -> frozenset[ResourceKey]:
    """The containers whose command there is not: each start would fail until they are made anew."""
    return frozenset(
        ResourceKey(Kind.CONTAINER, one.name)
        for one in snapshot.containers
        if one.status == "created" and one.exit_code in _NEVER_RAN
    )


def _key(life: Life) -> ResourceKey:
    return ResourceKey(Kind.CONTAINER, life.name)


def _next(before: Life | None, container: ContainerState, now: float, jitter: float) -> Life | None:
    """Its lives so far; None where there is nothing to remember."""
    if container.status == "created":
        return None
    ended = container.status in {"exited", "dead", "restarting"}
    life = Life(container.name, container.started_at, ended, container.restart_count, now)
    if before is None:
        crashes = int(ended and _crashed(container)) + container.restart_count
        # One that the Engine restarted some time ago and that runs may have run for days.
        return _held(life, crashes if ended else 0, jitter)
    if (life.started, life.ended, life.restarts) == (before.started, before.ended, before.restarts):
        calm = not ended and now - before.seen >= SHORT_SECONDS
        return replace(before, name=life.name, crashes=0 if calm else before.crashes)
    if ended:
        return _held(life, before.crashes + 1 if _crashed(container) else 0, jitter)
    # It runs: by our doing, which was no crash, or the Engine has restarted it since the last look.
    restarts = life.restarts - before.restarts
    counted = 1 if before.ended else 0
    return replace(life, crashes=before.crashes + max(0, restarts - counted))


def _held(life: Life, crashes: int, jitter: float) -> Life:
    """The first crash may be an accident: it is started again at once."""
    wait = delay(crashes - 1, jitter) if crashes > 1 else 0.0
    return replace(life, crashes=crashes, until=life.seen + wait)


def _crashed(container: ContainerState) -> bool:
    """Whether its last life was short, and nobody else ended it."""
    lived = container.lived_seconds
    if lived is None or lived >= SHORT_SECONDS:
        return False
    return container.exit_code not in _KILLED or bool(at("State.OOMKilled", container.inspect))
