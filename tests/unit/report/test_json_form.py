from __future__ import annotations

import json

from reconciler.errors import EngineUnreachable
from reconciler.planning.plan import FieldChange
from reconciler.report.json_form import error_dict, outcome_dict, plan_dict
from reconciler.spec.diagnostics import Diagnostic, spec_error
from tests.unit.report.scenes import (
    NOT_OURS,
    change,
    create,
    done,
    failed,
    hello,
    import_,
    outcome,
    plan,
    removal,
    rolled_back,
    skipped,
    start,
)


def test_a_plan() -> None:
    value = ({"type": "volume", "source": "data", "target": "/data", "read_only": False},)
    volumes = FieldChange("volumes", value, (), "data:/data", "none")
    scene = plan(
        change("container", "hello-web-1", "replace", "", volumes),
        actions=tuple(create("hello-web-1", "hunter2")),
        conflicts=(NOT_OURS,),
        kept_volumes=("hello_data",),
    )
    assert plan_dict(scene) == {
        "plan": "v1",
        "project": "hello",
        "engine": {"version": "28.5.2", "api_version": "1.51", "os": "linux", "arch": "amd64"},
        "in_sync": False,
        "changes": [
            {
                "kind": "container",
                "name": "hello-web-1",
                "operation": "replace",
                "note": "",
                "fields": [
                    {
                        "path": "volumes",
                        "wanted": [{"type": "volume", "source": "data", "target": "/data", "read_only": False}],
                        "actual": [],
                        "sensitive": False,
                    }
                ],
                "lost": None,
            }
        ],
        "actions": [
            {
                "id": "container/hello-web-1:create",
                "kind": "create",
                "resource": {"kind": "container", "name": "hello-web-1"},
                "reason": "not here yet",
                "needs": [],
                "after": [],
            },
            {
                "id": "container/hello-web-1:start",
                "kind": "start",
                "resource": {"kind": "container", "name": "hello-web-1"},
                "reason": "not here yet",
                "needs": ["container/hello-web-1:create"],
                "after": [],
            },
        ],
        "conflicts": [
            {
                "kind": "container",
                "name": "hello-api-1",
                "message": NOT_OURS.message,
                "hint": NOT_OURS.hint,
            }
        ],
        "notices": [],
        "needs_person": None,
        "kept_volumes": ["hello_data"],
        "summary": {"replace": 1},
    }


def test_no_secret_and_the_same_text_for_the_same_plan() -> None:
    secret = FieldChange("environment.PASSWORD", "hunter2", "hunter1", '"hunter2"', '"hunter1"', sensitive=True)
    scenes = [
        plan(change("container", "a", "replace", "", secret), actions=tuple(create("a", "hunter2"))) for _ in range(2)
    ]
    first, second = (json.dumps(plan_dict(scene)) for scene in scenes)
    assert first == second
    assert "hunter" not in first
    assert plan_dict(scenes[0])["changes"][0]["fields"] == [
        {"path": "environment.PASSWORD", "wanted": None, "actual": None, "sensitive": True}
    ]


def test_every_canonical_value_is_json() -> None:
    values = (None, True, 1, 1.5, "x", (1, ("a",)), {"b": ({"c": None},)}, frozenset({"z", "y"}))
    fields = (FieldChange("x", value, None, "", "") for value in values)
    found = plan_dict(plan(change("container", "a", "replace", "", *fields)))
    wanted = [field["wanted"] for field in found["changes"][0]["fields"]]
    assert wanted == [None, True, 1, 1.5, "x", [1, ["a"]], {"b": [{"c": None}]}, ["y", "z"]]
    assert json.loads(json.dumps(found)) == found


def test_an_outcome() -> None:
    made, begin = create("hello-web-1", "hunter2")
    result = outcome(
        hello(),
        done(import_("hello-web:1"), 0.12345),
        done(made),
        failed(begin, "host port 8080 is already in use", "stop who holds it"),
        *rolled_back(),
        skipped(start("hello-job-1"), "start of container hello-web-1 failed"),
        *(done(action) for action in removal("hello-old-1")),
    )
    found = outcome_dict(result)
    assert json.loads(json.dumps(found)) == found
    assert "hunter" not in json.dumps(found)
    assert {name: found[name] for name in ("project", "exit_code", "interrupted", "rolled_back", "summary")} == {
        "project": "hello",
        "exit_code": 3,
        "interrupted": False,
        "rolled_back": True,
        "summary": {"import": 1, "remove": 1},
    }
    assert [(one["name"], one["operation"], one["result"]) for one in found["changes"]] == [
        ("hello-web:1", "import", "done"),
        ("hello-web-1", "create", "failed"),
        ("hello-db-1", "replace", "rolled back"),
        ("hello-job-1", "start", "skipped"),
        ("hello-old-1", "remove", "done"),
    ]
    assert found["actions"][0] == {
        "id": "image/hello-web:1:import",
        "kind": "import",
        "resource": {"kind": "image", "name": "hello-web:1"},
        "result": "done",
        "seconds": 0.123,
        "error": None,
        "log": [],
    }
    assert found["actions"][2]["error"] == {
        "message": "host port 8080 is already in use",
        "hint": "stop who holds it",
    }


def test_errors() -> None:
    assert error_dict(EngineUnreachable("no Engine", "start it")) == {
        "error": {"message": "no Engine", "hint": "start it", "exit_code": 5, "diagnostics": []}
    }
    diagnostic = Diagnostic("a.yaml", 2, 3, 4, "wrong", "right")
    assert error_dict(spec_error([diagnostic])) == {
        "error": {
            "message": "a.yaml:2:3: wrong",
            "hint": "right",
            "exit_code": 4,
            "diagnostics": [diagnostic.as_dict()],
        }
    }
