"""`restart`: what is restarted, in which order, and what each waits for."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import ExitCode, UsageError
from reconciler.execution.executor import apply
from reconciler.planning.restarting import plan_restart
from tests.support.simulated import FakeClock, Scene, SimulatedEngine, changes


def made(containers: dict[str, Any], **others: Any) -> Scene:
    scene = Scene()
    scene.declare(containers, **others)
    scene.converge()
    return scene


def test_one_after_the_other_each_proven_before_the_next_one_stops() -> None:
    scene = made({"web": {"replicas": 2, "depends_on": ["db"]}, "db": {}, "other": {}})
    found = plan_restart(scene.spec, scene.snapshot(), ["web", "container/db"])
    assert [(one.resource.name, one.kind) for one in found.actions] == [
        (name, kind) for name in ("p-db-1", "p-web-1", "p-web-2") for kind in ("stop", "start", "prove")
    ]
    assert [one.needs for one in found.actions] == [(), *((one.id,) for one in found.actions[:-1])]
    assert changes(found) == {name: ("restart", []) for name in ("p-db-1", "p-web-1", "p-web-2")}
    before = {key: (scene.id(key), scene.inspect(key)["State"]["StartedAt"]) for key in ("web", "db", "other")}
    outcome = apply(found, SimulatedEngine(scene.daemon), FakeClock())
    assert outcome.exit_code is ExitCode.OK
    after = {key: (scene.id(key), scene.inspect(key)["State"]["StartedAt"]) for key in ("web", "db", "other")}
    assert {key: id_ for key, (id_, _) in after.items()} == {key: id_ for key, (id_, _) in before.items()}
    assert {key for key in after if after[key] != before[key]} == {"web", "db"}


def test_the_spec_is_not_carried_out() -> None:
    scene = made({"web": {}})
    scene.declare({"web": {"environment": {"A": "1"}}})
    found = plan_restart(scene.spec, scene.snapshot(), ["web"])
    assert [one.kind for one in found.actions] == ["stop", "start", "prove"]


def test_who_can_not_go_on_without_is_restarted_after_it() -> None:
    restart = {"condition": "service_started", "restart": True}
    scene = made(
        {
            "net": {},
            "lodger": {"pid": "service:net"},
            "follower": {"depends_on": {"lodger": restart}},
            "loose": {"depends_on": ["net"]},
        }
    )
    found = plan_restart(scene.spec, scene.snapshot(), ["net"])
    order = [one.resource.name for one in found.actions if one.kind == "start"]
    assert order == ["p-net-1", "p-lodger-1", "p-follower-1"]
    assert {one.resource.name: one.note for one in found.changes}["p-lodger-1"] == "net is restarted"


def test_one_that_does_not_run_is_started() -> None:
    scene = made({"web": {"pre_stop": [{"command": ["bye"]}], "post_start": [{"command": ["hello"]}]}})
    found = plan_restart(scene.spec, scene.snapshot(), ["web"])
    assert [one.kind for one in found.actions] == ["exec", "stop", "start", "exec", "prove"]
    scene.hand("POST", f"/containers/{scene.id('web')}/stop")
    found = plan_restart(scene.spec, scene.snapshot(), ["web"])
    assert [one.kind for one in found.actions] == ["start", "exec", "prove"]


def test_what_can_not_be_restarted_is_said() -> None:
    scene = made({"web": {}, "job": {"state": "stopped"}})
    scene.hand("DELETE", f"/containers/{scene.id('web')}", {"force": "1"})
    found = plan_restart(scene.spec, scene.snapshot(), ["web", "job"])
    assert {one.message for one in found.conflicts} == {
        "container p-web-1 is not there",
        "container p-job-1 is not to run all the time: its state is `stopped`",
    }
    with pytest.raises(UsageError, match="no container") as raised:
        plan_restart(scene.spec, scene.snapshot(), ["wbe"])
    assert "web" in raised.value.hint
