"""The JSON Schema of a plan, as `plan -o json` and `plan -o ndjson` print it."""

from __future__ import annotations

from typing import Any

from reconciler.planning.plan import Operation
from reconciler.report.json_form import PLAN_FORM
from reconciler.state.resource import Kind

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_YES_NO: Schema = {"type": "boolean"}
_RESOURCE: Schema = {
    "kind": {"enum": [kind.value for kind in Kind]},
    "name": _TEXT | {"description": "On the Engine; of an image the reference as the spec writes it."},
}


def plan_schema() -> Schema:
    """The schema (2020-12). `$defs/line` is one line of `ndjson`."""
    parts = {name: {"$ref": f"#/$defs/{name}"} for name in ("change", "action", "conflict", "notice")}
    whole = _frame() | {f"{name}s": {"type": "array", "items": one} for name, one in parts.items()}
    lines = [_line(name, _part(name)) for name in parts]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A plan of reconciler",
        "description": "What `reconciler plan -o json` prints. No secret is in it.",
        **_object(whole),
        "$defs": {
            **{name: _object(_part(name)) for name in parts},
            "field": _object(_field()),
            "line": {
                "description": "One line of `reconciler plan -o ndjson`; the last one is the summary.",
                "oneOf": [*lines, _line("summary", _frame())],
            },
        },
    }


def _object(properties: Schema) -> Schema:
    # Open: a later version may say more, and what reads a plan should not break of it.
    return {"type": "object", "properties": properties, "required": list(properties)}


def _line(kind: str, properties: Schema) -> Schema:
    return _object({"type": {"const": kind}, **properties})


def _frame() -> Schema:
    return {
        "plan": {"const": PLAN_FORM, "description": "The version of this form."},
        "project": _TEXT,
        "engine": _object(dict.fromkeys(("version", "api_version", "os", "arch"), _TEXT)),
        "in_sync": _YES_NO | {"description": "There is nothing to do, and nothing in the way."},
        "needs_person": {
            "anyOf": [{"$ref": "#/$defs/notice"}, {"type": "null"}],
            "description": "Why it is not carried out where nobody is there to agree.",
        },
        "kept_volumes": {
            "type": "array",
            "items": _TEXT,
            "description": "The project's volumes that the spec does not name; they stay.",
        },
        "summary": {
            "type": "object",
            "propertyNames": _operation(),
            "additionalProperties": {"type": "integer", "minimum": 1},
            "description": "How many changes of each operation.",
        },
    }


def _lost() -> Schema:
    return {
        "count": {"type": ["integer", "null"], "minimum": 0},
        "paths": {"type": "array", "items": _TEXT, "description": "The first of them."},
        "unknown": {"type": ["string", "null"], "description": "Why nobody knows."},
    }


def _operation() -> Schema:
    return {"enum": [operation.value for operation in Operation]}


def _part(name: str) -> Schema:
    ids = {"type": "array", "items": _TEXT}
    match name:
        case "change":
            return {
                **_RESOURCE,
                "operation": _operation(),
                "note": _TEXT | {"description": "For a person."},
                "fields": {"type": "array", "items": {"$ref": "#/$defs/field"}},
                "lost": {
                    "anyOf": [_object(_lost()), {"type": "null"}],
                    "description": "The files that go with the container's writable layer; null where none do.",
                },
            }
        case "action":
            return {
                "id": _TEXT | {"description": "Unique in the plan, and the same for the same plan."},
                "kind": _TEXT,
                "resource": _object(_RESOURCE),
                "reason": _TEXT,
                "needs": ids | {"description": "The actions that must be done before."},
                "after": ids | {"description": "The actions that must have ended before, whatever became of them."},
            }
        case _:
            return {**_RESOURCE, "message": _TEXT, "hint": _TEXT}


def _field() -> Schema:
    value = {"description": "In the canonical form; null for nothing, and where the field is sensitive."}
    return {
        "path": _TEXT | {"description": "The attribute in the spec, such as `environment.TZ`."},
        "wanted": value,
        "actual": value,
        "sensitive": _YES_NO | {"description": "Both values may be a secret, and are left out."},
    }
