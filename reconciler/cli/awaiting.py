"""`apply --wait`: which containers are waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.ports import Engine
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot

SECONDS = 300.0
"""How long, where --timeout does not say it."""


def jobs(spec: Spec | None) -> frozenset[str]:
    """The containers that are to end."""
    from reconciler.spec.model import State  # loaded by now

    return (
        frozenset(key for key, one in spec.containers.items() if one.state is State.COMPLETED) if spec else frozenset()
    )


def waited_for(spec: Spec, engine: Engine, targets: Sequence[str]) -> Snapshot:
    """What is there now, without the containers that the spec does not want to run or to end, or that are no target."""
    from dataclasses import replace

    from reconciler.planning.scope import limited
    from reconciler.planning.slots import OLD, key_of
    from reconciler.spec.model import State

    snapshot = engine.observe(spec.name, spec, images=False)
    if targets:
        spec, snapshot = limited(spec, snapshot, targets)
    up = {key for key, one in spec.containers.items() if one.state in {State.RUNNING, State.COMPLETED}}
    wanted = (one for one in snapshot.containers if key_of(spec, one) in up and not one.name.endswith(OLD))
    return replace(snapshot, containers=tuple(wanted))
