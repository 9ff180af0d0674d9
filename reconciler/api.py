"""The pipeline's effects, wired for who uses it as a library; `load` and `plan` need no wiring."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.engine.engine import DockerEngine
    from reconciler.execution.outcome import Outcome, Progress
    from reconciler.planning.plan import Plan
    from reconciler.ports import Engine
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot


def connect(
    host: str | None = None, context: str | None = None, *, environ: Mapping[str, str] | None = None
) -> DockerEngine:
    """Connect to an Engine. Close it at the end, or use it in a `with` statement.

    Args:
        host: its address, such as `unix:///var/run/docker.sock`.
        context: a Docker context, instead of an address.
        environ: where DOCKER_HOST and its kin are looked up, and the folders of this machine's user; nowhere where not
            given.

    Raises:
        EngineUnreachable: there is none, or it does not answer.
        UsageError: host and context are both given, or the context is unknown.
    """
    from reconciler.engine.engine import connect as _connect

    return _connect(host, context, environ)


def observe(engine: Engine, spec: Spec) -> Snapshot:
    """What is there now, as far as a plan for this spec depends on it.

    Raises:
        EngineError: a call failed.
    """
    return engine.observe(spec.name, spec)


def apply(
    plan: Plan, engine: Engine, *, progress: Progress | None = None, stop: threading.Event | None = None
) -> Outcome:
    """Carry out a plan.

    Args:
        plan: what to do.
        engine: where.
        progress: told of each action as it begins and ends.
        stop: when set, no action begins any more; those under way are waited for.

    Raises:
        Refused: the plan has conflicts; nothing was changed.
    """
    from reconciler.errors import Refused
    from reconciler.execution.clock import SystemClock
    from reconciler.execution.executor import apply as _apply

    if plan.conflicts:
        raise Refused(plan.conflicts[0].message, plan.conflicts[0].hint)
    return _apply(plan, engine, SystemClock(), progress=progress, stop=stop)
