"""What a watch knows, as data for its API: JSON's own types, no secret; errors in the form of `-o json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.report.json_form import moment, outcome_dict, plan_dict
from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.watch.overview import ProjectView, SpecView, View

STATUS_FORM = "v1"
"""The version of the form: another one where something that a program may rely on is no longer so."""


def status_dict(view: View) -> dict[str, Any]:
    """Everything but the plans."""
    return {
        "status": STATUS_FORM,
        "version": __version__,
        "started_at": moment(view.started_at),
        "healthy": view.is_healthy,
        "ready": not view.in_the_way,
        "in_the_way": list(view.in_the_way),
        "engine": {
            "up": view.engine_known and view.engine_error is None,
            "error": _error(view.engine_error),
        },
        "resync_misses": view.misses,
        "specs": [_spec(spec) for spec in view.specs.values()],
        "projects": [_project(project) for project in view.projects.values()],
    }


def planned_dict(project: ProjectView) -> dict[str, Any]:
    """The plan of a project's last cycle, and what became of it."""
    cycle = project.cycle
    return {
        "project": project.name,
        "cycle": cycle.number if cycle else None,
        "ended_at": _moment(project.ended_at),
        "result": cycle.result.value if cycle else None,
        "error": _error(cycle.error) if cycle else None,
        "plan": plan_dict(cycle.plan) if cycle and cycle.plan else None,
        "outcome": outcome_dict(cycle.outcome) if cycle and cycle.outcome else None,
    }


def _project(project: ProjectView) -> dict[str, Any]:
    cycle = project.cycle
    plan = cycle.plan if cycle else None
    return {
        "name": project.name,
        "running": project.reasons is not None,
        "running_because": list(project.reasons or ()),
        "last_success_at": _moment(project.succeeded_at),
        "pending": len(cycle.unfinished) if cycle else None,
        "left_alone": (cycle.left_alone or None) if cycle else None,
        "cycle": {
            "number": cycle.number,
            "result": cycle.result.value,
            "reasons": list(cycle.reasons),
            "seconds": round(cycle.seconds, 3),
            "ended_at": _moment(project.ended_at),
            "error": _error(cycle.error),
        }
        if cycle
        else None,
        "summary": dict(plan.summary) if plan else {},
    }


def _spec(spec: SpecView) -> dict[str, Any]:
    return {
        "file": spec.file,
        "project": spec.project or None,
        "valid": spec.error is None,
        "error": _error(spec.error),
    }


def _error(error: ReconcilerError | None) -> dict[str, str] | None:
    return {"message": error.message, "hint": error.hint} if error else None


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else moment(seconds)
