"""The published schema of a plan: it is one, it is fresh, and it refuses what no plan is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.report.json_form import plan_dict
from reconciler.report.plan_ndjson import plan_ndjson
from reconciler.report.plan_schema import plan_schema
from tests.unit.report.scenes import NOT_OURS, every_operation, hello

ROOT = Path(__file__).parents[3]
SCHEMA = plan_schema()
WHOLE = Draft202012Validator(SCHEMA)
LINE = Draft202012Validator({"$ref": "#/$defs/line", "$defs": SCHEMA["$defs"]})


def test_it_is_a_schema_and_the_published_one_is_fresh() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads((ROOT / "specs" / "plan.schema.json").read_text()) == SCHEMA, "run: scripts/reference"


def test_plans_are_valid() -> None:
    for scene in (every_operation(), hello(conflicts=(NOT_OURS,))):
        WHOLE.validate(plan_dict(scene))
        lines = [json.loads(line) for line in plan_ndjson(scene).splitlines()]
        for line in lines:
            LINE.validate(line)
        assert [line["type"] for line in lines] == (
            ["change"] * len(scene.changes)
            + ["action"] * len(scene.actions)
            + ["conflict"] * len(scene.conflicts)
            + ["summary"]
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan": "v2"},
        {"summary": {"replace": 0}},
        {"summary": {"explode": 1}},
        {"changes": [{"kind": "container", "name": "a", "operation": "create", "note": ""}]},
        {"changes": [{"kind": "pod", "name": "a", "operation": "create", "note": "", "fields": []}]},
        {"conflicts": ["no"]},
        {"engine": {}},
    ],
)
def test_what_is_no_plan_is_invalid(wrong: dict[str, Any]) -> None:
    assert not WHOLE.is_valid({**plan_dict(hello()), **wrong})
    assert not LINE.is_valid({"type": "summary"})
