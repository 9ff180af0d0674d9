"""Every plan that these tests make is held against the published schema, line by line too, and is made a second time
without the short way past what is as wanted: it has to be the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.planning import instances
from reconciler.planning.planner import plan
from reconciler.report.json_form import plan_dict
from reconciler.report.plan_ndjson import plan_ndjson
from reconciler.report.plan_schema import plan_schema
from tests.support import simulated

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan

_SCHEMA = plan_schema()
_WHOLE = Draft202012Validator(_SCHEMA)
_LINE = Draft202012Validator({"$ref": "#/$defs/line", "$defs": _SCHEMA["$defs"]})


@pytest.fixture(autouse=True)
def _plans_are_as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    def checked(*given: Any, **more: Any) -> Plan:
        found = plan(*given, **more)
        with pytest.MonkeyPatch.context() as longer:
            longer.setattr(instances, "_needs_nothing", lambda *_: False)
            assert plan(*given, **more) == found
        data = json.loads(json.dumps(plan_dict(found)))
        _WHOLE.validate(data)
        for line in plan_ndjson(found).splitlines():
            _LINE.validate(json.loads(line))
        return found

    monkeypatch.setattr(simulated, "plan", checked)
