"""What failed is tried again later and later. Pure: the moment and the jitter are passed in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.errors import Conflict, EngineUnreachable, Stale
from reconciler.execution.outcome import Result
from reconciler.planning.actions import PullImage
from reconciler.spec.reference import full_reference
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.execution.outcome import ActionOutcome, Outcome
    from reconciler.spec.model import Spec

LEAST_SECONDS = 1.0
MOST_SECONDS = 300.0
STABLE_SECONDS = 120.0
"""What has not failed for so long starts at the least again."""
ENGINE_MOST_SECONDS = 60.0
"""An Engine that is away is looked for so often at least."""

_JITTER = 0.2
_DOUBLINGS = 20
_BRIEFLY = 0.1
"""What changed under an action, such as a container whose removal is under way, is mostly over in a moment."""
_NOT_FOUND = 404


def delay(failures: int, jitter: float, most: float = MOST_SECONDS) -> float:
    """The seconds to wait after so many failures in a row: 1, 2, 4, … up to the most.

    Args:
        failures: 1 or more.
        jitter: 0 to 1: takes up to a fifth away, so that what failed together is not tried again together.
        most: seconds.
    """
    full = min(most, LEAST_SECONDS * 2.0 ** min(failures - 1, _DOUBLINGS))
    return full * (1 - _JITTER * jitter)


@dataclass(frozen=True, slots=True)
class Failing:
    """A resource that failed.

    Attributes:
        count: how often in a row.
        at: when it last did; on the clock of the loop, as all moments here.
        until: it is left alone until then; infinite: until its definition changes.
        definition: what the spec says of it.
        message: why it failed.
    """

    count: int
    at: float
    until: float
    definition: object
    message: str

    def is_over(self, now: float) -> bool:
        """Whether it has been well for so long that the failures don't count any more."""
        waited = self.until - self.at
        return now - self.until > max(STABLE_SECONDS, waited)


@dataclass(frozen=True, slots=True)
class Backoff:
    """The resources of one project that failed.

    Attributes:
        failing: by resource.
    """

    failing: Mapping[ResourceKey, Failing] = field(default_factory=dict)

    def at(self, spec: Spec, now: float) -> Backoff:
        """Without those whose definition is another one now, and those that have been well for long."""
        kept = {
            key: one
            for key, one in self.failing.items()
            if not one.is_over(now) and one.definition == definition(spec, key)
        }
        return Backoff(kept)

    def after(self, outcome: Outcome, spec: Spec, now: float, jitter: float) -> Backoff:
        """With what became of a plan.

        Args:
            outcome: what became of it.
            spec: whose plan it was.
            now: when it ended.
            jitter: as for `delay`.
        """
        failing = dict(self.failing)
        for one in reversed(outcome.failed):
            if isinstance(one.error, EngineUnreachable):
                continue  # nothing is wrong with the resource
            key = one.action.resource
            before = self.failing.get(key)
            count = before.count + 1 if before else 1
            wait = delay(count, jitter) * (_BRIEFLY if isinstance(one.error, Conflict | Stale) else 1.0)
            until = math.inf if _is_permanent(one) else now + wait
            failing[key] = Failing(count, now, until, definition(spec, key), one.error.message if one.error else "")
        return Backoff(failing)

    def held(self, now: float) -> frozenset[ResourceKey]:
        """Those that are left alone now."""
        return frozenset(key for key, one in self.failing.items() if one.until > now)

    def due(self, now: float) -> float | None:
        """When the next one may be tried again; None where none is waiting for that."""
        moments = [one.until for one in self.failing.values() if now < one.until < math.inf]
        return min(moments, default=None)


def definition(spec: Spec, resource: ResourceKey) -> object:
    """What the spec says of a resource, to compare: two that are equal would fail alike."""
    match resource.kind:
        case Kind.CONTAINER:
            for key, container in spec.containers.items():
                if any(spec.container_name(key, n) == resource.name for n in range(1, container.replicas + 1)):
                    return (container, spec.images.get(container.image))
            return None
        case Kind.IMAGE:
            full = full_reference(resource.name)
            images = [image for name, image in spec.images.items() if full_reference(name) == full]
            return images, [key for key, one in spec.containers.items() if full_reference(one.image) == full]
        case Kind.NETWORK:
            return [one for key, one in spec.networks.items() if spec.network_name(key) == resource.name]
        case Kind.VOLUME:
            return [one for key, one in spec.volumes.items() if spec.volume_name(key) == resource.name]


def _is_permanent(failed: ActionOutcome) -> bool:
    """Whether it would fail again until the spec says something else: a registry does not know the image."""
    status = getattr(failed.error, "status", None)
    return failed.result is Result.FAILED and isinstance(failed.action, PullImage) and status == _NOT_FOUND
