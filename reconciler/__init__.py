"""Keeps a Docker Engine as a YAML spec declares it.

The pipeline, as the commands run it:

    import os
    from reconciler import apply, connect, load, observe, plan

    spec = load("specs/hello.yaml")
    with connect(environ=os.environ) as engine:
        todo = plan(spec, observe(engine, spec))
        outcome = apply(todo, engine)

Values go in and out; every error is a `ReconcilerError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.api import apply, connect, observe
    from reconciler.errors import ReconcilerError
    from reconciler.execution.outcome import Outcome
    from reconciler.planning.plan import Plan
    from reconciler.planning.planner import plan
    from reconciler.spec.loader import load
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot

_HOME = {
    "apply": "reconciler.api",
    "connect": "reconciler.api",
    "load": "reconciler.spec.loader",
    "observe": "reconciler.api",
    "plan": "reconciler.planning.planner",
    "Outcome": "reconciler.execution.outcome",
    "Plan": "reconciler.planning.plan",
    "ReconcilerError": "reconciler.errors",
    "Snapshot": "reconciler.state.snapshot",
    "Spec": "reconciler.spec.model",
}

__all__ = [
    "Outcome",
    "Plan",
    "ReconcilerError",
    "Snapshot",
    "Spec",
    "__version__",
    "apply",
    "connect",
    "load",
    "observe",
    "plan",
]


def __getattr__(name: str) -> Any:
    # Imported when used: `reconciler version` should not pay for the Docker SDK.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
