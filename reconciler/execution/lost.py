"""Asks the Engine what a plan's removals and replacements would lose; a plan itself asks nobody."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.errors import EngineError, NotFound
from reconciler.planning.actions import RemoveContainer
from reconciler.planning.lost import lost_files
from reconciler.planning.plan import Lost

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.ports import Engine
    from reconciler.state.snapshot import ContainerState, Snapshot

_SECONDS = 2.0
"""For all containers: a plan should not wait long for what it only has to say besides."""

_CONCURRENCY = 8

_PATHS = 3
"""How many paths are told: enough to know what it is about."""


def with_lost(plan: Plan, snapshot: Snapshot, engine: Engine, *, seconds: float = _SECONDS) -> Plan:
    """The plan, with what would be lost with the writable layers of the containers that go.

    Args:
        plan: for this snapshot.
        snapshot: what is there.
        engine: is asked once for each container that goes, several at once.
        seconds: the deadline for all of them; of what is not known by then, that is said.
    """
    containers = {container.id: container for container in snapshot.containers}
    gone = {
        action.container: action
        for action in plan.actions
        if isinstance(action, RemoveContainer) and action.container in containers
    }
    if not gone:
        return plan
    pool = ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="lost")
    asked = {container: pool.submit(engine.layer, container, seconds) for container in gone}
    wait(asked.values(), timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    lost = [_lost(action, containers[key], asked[key]) for key, action in gone.items()]
    found = sorted(filter(None, lost), key=lambda one: one.resource.name)
    return replace(plan, lost=tuple(found))


def _lost(action: RemoveContainer, container: ContainerState, asked: Future[list[dict[str, Any]]]) -> Lost | None:
    if not asked.done() or asked.cancelled():
        return Lost(action.resource, unknown="the Engine did not say it in time")
    try:
        files = lost_files(container, asked.result())
    except NotFound:
        return None  # it went meanwhile
    except EngineError as error:
        return Lost(action.resource, unknown=error.message)
    return Lost(action.resource, len(files), files[:_PATHS]) if files else None
