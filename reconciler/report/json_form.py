"""Plans, outcomes and errors as data for `-o json`: nothing but JSON's own types, no secret, always in one order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcilerError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.execution.outcome import ActionOutcome, Outcome
    from reconciler.planning.actions import Action
    from reconciler.planning.plan import Conflict, FieldChange, Lost, Notice, Plan
    from reconciler.state.identity import EngineIdentity
    from reconciler.state.resource import ResourceKey


PLAN_FORM = "v1"
"""The version of a plan's form: another one where something that a program may rely on is no longer so."""


def plan_dict(plan: Plan) -> dict[str, Any]:
    """A plan, as `plan_schema` describes it. What an action would send is left out: it may hold a secret."""
    lost = {one.resource: one for one in plan.lost}
    return {
        "plan": PLAN_FORM,
        "project": plan.project,
        "engine": engine_dict(plan.engine),
        "in_sync": plan.in_sync,
        "changes": [
            {
                **_resource(change.resource),
                "operation": change.operation.value,
                "note": change.note,
                "fields": [_field(field) for field in change.fields],
                "lost": _lost(lost.get(change.resource) if change.operation.is_destructive else None),
            }
            for change in plan.changes
        ],
        "actions": [
            {
                "id": action.id,
                "kind": action.kind,
                "resource": _resource(action.resource),
                "reason": action.reason,
                "needs": list(action.needs),
                "after": list(action.after),
            }
            for action in plan.actions
        ],
        "conflicts": conflict_dicts(plan.conflicts),
        "notices": conflict_dicts(plan.notices),
        "needs_person": conflict_dicts([plan.needs_person])[0] if plan.needs_person else None,
        "kept_volumes": list(plan.kept_volumes),
        "summary": dict(plan.summary),
    }


def outcome_dict(outcome: Outcome) -> dict[str, Any]:
    """What became of a plan: of each change, in the plan's order, and of each action, in the order of their ends."""
    from reconciler.report.tally import Tally  # an error's form needs none of what it imports

    tally = Tally(outcome)
    return {
        "project": outcome.plan.project,
        "engine": engine_dict(outcome.plan.engine),
        "exit_code": int(outcome.exit_code),
        "interrupted": outcome.interrupted,
        "rolled_back": outcome.rolled_back,
        "changes": [
            {**_resource(change.resource), "operation": change.operation.value, "result": tally.result(change)}
            for change in outcome.plan.changes
        ],
        "actions": [action_outcome_dict(action) for action in outcome.actions],
        "not_ready": [action_outcome_dict(gate) for gate in outcome.not_ready],
        "summary": tally.summary("done"),
    }


def error_dict(error: ReconcilerError) -> dict[str, Any]:
    """An error, as the only thing that a command has to say."""
    diagnostics = error.diagnostics if isinstance(error, SpecError) else ()
    return {
        "error": {
            "message": error.message,
            "hint": error.hint,
            "exit_code": int(error.exit_code),
            "diagnostics": [diagnostic.as_dict() for diagnostic in diagnostics],
        }
    }


def engine_dict(engine: EngineIdentity) -> dict[str, str]:
    """Which Engine it is."""
    return {
        "version": engine.version,
        "api_version": engine.api_version,
        "os": engine.os,
        "arch": engine.arch,
    }


def conflict_dicts(conflicts: Iterable[Conflict | Notice]) -> list[dict[str, str]]:
    """What stands in the way, or is to be known."""
    return [
        {**_resource(conflict.resource), "message": conflict.message, "hint": conflict.hint} for conflict in conflicts
    ]


def moment(seconds: float) -> str:
    """A moment, given in seconds since 1970, as RFC 3339 writes it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _resource(resource: ResourceKey) -> dict[str, str]:
    return {"kind": resource.kind.value, "name": resource.name}


def _field(field: FieldChange) -> dict[str, Any]:
    return {
        "path": field.path,
        "wanted": None if field.sensitive else _plain(field.wanted),
        "actual": None if field.sensitive else _plain(field.actual),
        "sensitive": field.sensitive,
    }


def _lost(lost: Lost | None) -> dict[str, Any] | None:
    if lost is None:
        return None
    return {"count": None if lost.unknown else lost.count, "paths": list(lost.paths), "unknown": lost.unknown or None}


def action_dict(action: Action) -> dict[str, Any]:
    """Which action it is."""
    return {"id": action.id, "kind": action.kind, "resource": _resource(action.resource)}


def action_outcome_dict(outcome: ActionOutcome) -> dict[str, Any]:
    """What became of an action."""
    error = outcome.error
    return {
        **action_dict(outcome.action),
        "result": outcome.result.value,
        "seconds": round(outcome.seconds, 3),
        "error": {"message": error.message, "hint": error.hint} if error else None,
        "log": list(outcome.log),
    }


def _plain(value: Any) -> Any:
    """A canonical value in JSON's types."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in (sorted(value) if isinstance(value, frozenset | set) else value)]
