"""Who waits for whom before it starts: the order of a plan, and the gates that `depends_on` asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from reconciler.fields.peers import words
from reconciler.planning.actions import Action
from reconciler.planning.gates import AwaitCompleted, AwaitCondition, AwaitHealthy
from reconciler.spec.model import Container, Dependency, Spec, State
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState

_HEALTH_SECONDS = 120.0
"""How long a container that others wait for may take to become healthy, after its start period."""

_USED = Dependency()
"""What a container is to another one that uses its namespaces, and says no more."""


class Before(NamedTuple):
    """What comes before an action.

    Attributes:
        needs: the actions that must be done.
        after: the actions that must have ended, whatever became of them.
    """

    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


_NOTHING = Before()

_RESTARTS = attrgetter("restart")


class Held(NamedTuple):
    """Something that does not come up by this plan.

    Attributes:
        resource: which one.
        why: in words that follow its name: `failed before`.
    """

    resource: ResourceKey
    why: str


class Replica(NamedTuple):
    """What becomes of one container, as those see it that depend on it.

    Attributes:
        resource: which one.
        container: its ID, or that of the action that creates it; its name where nothing is there nor created.
        current: who is there now.
        up: the action after which it is up; None where it is already, or is not to be.
        starts: whether the plan starts it, rather than let it go on.
        held: what keeps this one from coming up by this plan; None where nothing does.
        failed: whether it is a job, and that is its own failure.
    """

    resource: ResourceKey
    container: str
    current: ContainerState | None
    up: str | None
    starts: bool
    held: Held | None = None
    failed: bool = False


def precede(container: Container) -> frozenset[str]:
    """The containers that are up before this one."""
    uses = container.uses
    return uses | container.depends_on.keys() if uses else frozenset(container.depends_on)


@dataclass(slots=True)
class Waiting:
    """The containers planned so far, and what those that depend on them wait for.

    Attributes:
        spec: what is wanted.
        replicas: of each container that others depend on, and that is planned already.
        awaited: the containers that others depend on.
    """

    spec: Spec
    replicas: dict[str, list[Replica]] = field(default_factory=dict)
    awaited: frozenset[str] = field(init=False)
    _precede: dict[str, list[str]] = field(init=False)
    _gates: dict[str, AwaitCondition] = field(default_factory=dict)
    _found: dict[str, list[tuple[Dependency, Replica]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._precede = {key: sorted(precede(container)) for key, container in sorted(self.spec.containers.items())}
        self.awaited = frozenset(chain.from_iterable(self._precede.values()))

    def order(self) -> Iterable[str]:
        """All containers, each after those that it depends on."""
        return TopologicalSorter(self._precede).static_order()

    def before(self, key: str) -> Before:
        """What comes before the start of this container."""
        if not self._precede[key]:
            return _NOTHING
        needs: list[str] = []
        after: list[str] = []
        for dependency, replica in self._dependencies(key):
            if gate := self._gate(dependency, replica):
                needs.append(gate)
            elif replica.up:
                (needs if dependency.required else after).append(replica.up)
        return Before(tuple(needs), tuple(after))

    def gates(self, actions: Sequence[Action]) -> list[AwaitCondition]:
        """The gates that these actions wait at."""
        if not (self._gates and actions):
            return []
        needed = {need for action in actions for need in action.needs}
        return [self._gates[need] for need in sorted(needed & self._gates.keys())]

    def held_by(self, key: str) -> Held | None:
        """What this container needs, and does not get by this plan."""
        for dependency, replica in self._dependencies(key):
            # A job that failed has been started: to some that is enough.
            if (
                replica.held
                and dependency.required
                and not (dependency.condition == "service_started" and replica.failed)
            ):
                return replica.held
        return None

    def restart(self, key: str, current: ContainerState) -> str:
        """Why this container is restarted: for what became of one that it depends on; empty for no reason."""
        if not self._precede[key]:
            return ""
        container = self.spec.containers[key]
        if not container.shares and not any(map(_RESTARTS, container.depends_on.values())):
            return ""
        for owner in sorted(container.shares):
            for replica in self.replicas.get(owner, [])[:1]:
                if replica.current and replica.starts:
                    return f"{replica.resource} starts anew"
                if replica.current and replica.current.started_after(current):
                    return f"{replica.resource} was started since"
        for name in sorted(name for name, dependency in container.depends_on.items() if dependency.restart):
            replicas = self.replicas.get(name, [])
            if self.spec.containers[name].state is State.STOPPED:
                continue
            for replica in replicas:
                if replica.starts and (replica.current or replica is replicas[0]):
                    return f"{replica.resource} starts anew"
            # What an apply that was cut off has left to do. A replica more is no reason, so the first one tells.
            first = replicas[0].current if replicas else None
            if first and first.is_newer_than_the_start_of(current):
                return f"{replicas[0].resource} was replaced since"
        return ""

    def _dependencies(self, key: str) -> list[tuple[Dependency, Replica]]:
        """Those that this container depends on, as they are planned: all of them before it."""
        if key not in self._found:
            self._found[key] = [*self._find_dependencies(key)]
        return self._found[key]

    def _find_dependencies(self, key: str) -> Iterator[tuple[Dependency, Replica]]:
        container = self.spec.containers[key]
        named = words(container)
        for name in self._precede[key]:
            dependency = container.depends_on.get(name, _USED)
            replicas = self.replicas.get(name, [])
            # It lives in the first one; another one may be replaced only after both of them.
            for replica in replicas[:1] if named and f"service:{name}" in named else replicas:
                yield dependency, replica

    def _gate(self, dependency: Dependency, replica: Replica) -> str:
        """The gate before those that depend on a container in this way; empty where nothing is to be waited for."""
        now = replica.current if replica.up is None else None
        if dependency.condition == "service_started":
            return ""
        healthy = dependency.condition == "service_healthy"
        if now and (now.is_healthy if healthy else now.has_completed):
            return ""
        what = "healthy" if healthy else "completed"
        verb = what if dependency.required else f"{what} if it can be"
        up = (replica.up,) if replica.up else ()
        common: dict[str, Any] = {
            "id": f"{Kind.CONTAINER}/{replica.resource.name}:{verb}",
            "resource": replica.resource,
            "reason": f"others wait until it is {what}",
            "container": replica.container,
            "needs": up if dependency.required else (),
            "after": () if dependency.required else up,
            "required": dependency.required,
        }
        gate: AwaitCondition = (
            AwaitHealthy(deadline_seconds=_HEALTH_SECONDS, **common) if healthy else AwaitCompleted(**common)
        )
        self._gates[gate.id] = gate
        return gate.id
