"""What a person holds: left alone whatever differs, until it is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.left_alone import Hold
from reconciler.planning.planner import plan
from tests.support.simulated import Scene, changes

NOON = "2026-05-10T12:00:00+00:00"
AT_ONE = "2026-05-10T13:00:00+00:00"


def held(scene: Scene, *holds: Hold, moment: str = NOON) -> Any:
    return plan(scene.spec, replace(scene.snapshot(), taken_at=moment), holds=holds)


def made(containers: dict[str, Any], **others: Any) -> Scene:
    scene = Scene()
    scene.declare(containers, **others)
    scene.converge()
    return scene


@pytest.mark.parametrize("name", ["web", "container/web"])
def test_nothing_is_done_to_it_until_it_is_over(name: str) -> None:
    scene = made({"web": {"replicas": 2}, "db": {}})
    for key in ("web", "db"):
        scene.hand("POST", f"/containers/{scene.id(key)}/stop")
    found = held(scene, Hold(name, AT_ONE))
    assert changes(found) == {"p-web-1": ("hold", ["state"]), "p-db-1": ("start", ["state"])}
    assert [one.note for one in found.changes if one.operation == "hold"] == [f"held by hand until {AT_ONE}"]
    assert {one.resource.name for one in found.actions} == {"p-db-1"}
    assert changes(held(scene, Hold(name, AT_ONE), moment=AT_ONE))["p-web-1"][0] == "start"


def test_what_is_held_and_does_not_differ_is_said_and_is_in_sync() -> None:
    found = held(made({"web": {}}), Hold("web"))
    assert found.in_sync
    assert [one.message for one in found.notices] == ["container web is held by hand"]


def test_whatever_would_be_done_is_not() -> None:
    scene = made({"web": {}, "gone": {}})
    scene.hand("DELETE", f"/containers/{scene.id('web')}", {"force": "1"})
    scene.declare({"web": {"environment": {"A": "1"}}})
    found = held(scene, Hold("web"), Hold("gone"))
    assert {name: change[0] for name, change in changes(found).items()} == {"p-web-1": "hold", "p-gone-1": "hold"}
    assert found.actions == ()


def test_who_needs_it_goes_on_while_it_runs_and_waits_while_it_does_not() -> None:
    containers = {"db": {}, "web": {"depends_on": ["db"]}}
    scene = made(containers)
    scene.hand("POST", f"/containers/{scene.id('web')}/stop")
    scene.declare({**containers, "db": {"environment": {"A": "1"}}})
    assert changes(held(scene, Hold("db"))) == {"p-db-1": ("hold", ["environment.A"]), "p-web-1": ("start", ["state"])}
    scene.hand("POST", f"/containers/{scene.id('db')}/stop")
    found = held(scene, Hold("db"))
    assert {one.resource.name: one.note for one in found.changes} == {
        "p-db-1": "held by hand",
        "p-web-1": "it needs container p-db-1, which is held by hand",
    }
    assert found.actions == ()


def test_a_network_is_not_made_anew_under_what_is_held() -> None:
    scene = made({"web": {"networks": ["front"]}, "db": {}}, networks={"front": {}})
    scene.declare({"web": {"networks": ["front"]}, "db": {}}, networks={"front": {"labels": {"a": "1"}}})
    found = held(scene, Hold("web"))
    assert [(one.resource.name, str(one.operation), one.note) for one in found.changes] == [
        ("p_front", "hold", "container p-web-1 is held by hand")
    ]
    assert found.actions == ()
    assert changes(held(scene, Hold("db")))["p_front"][0] == "replace"


def test_a_network_is_held() -> None:
    scene = made({"web": {"networks": ["front"]}}, networks={"front": {}})
    scene.declare({"web": {"networks": ["front"]}}, networks={"front": {"labels": {"a": "1"}}})
    assert changes(held(scene, Hold("network/front")))["p_front"][0] == "hold"
    scene.declare({"web": {}})
    found = held(scene, Hold("network/front"), Hold("web"))
    assert {name: change[0] for name, change in changes(found).items()} == {
        "p-web-1": "hold",
        "p_front": "hold",
        "p_default": "create",
    }
