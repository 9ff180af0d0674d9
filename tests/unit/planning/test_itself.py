"""The container that the reconciler runs in is never stopped, removed or replaced: what it would be, is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.actions import ContainerAction, UpdateContainer
from reconciler.planning.plan import Plan
from reconciler.planning.planner import plan, plan_down
from reconciler.state.snapshot import Snapshot
from tests.support.simulated import Scene, changes


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.declare({"us": {}, "web": {}})
    made.converge()
    return made


def seen(scene: Scene) -> Snapshot:
    return replace(scene.snapshot(), own_container=scene.id("us"))


def planned(scene: Scene, **us: Any) -> Plan:
    scene.declare({"us": us, "web": us})
    return plan(scene.spec, seen(scene))


def acted_on(found: Plan) -> set[str]:
    return {action.container for action in found.actions if isinstance(action, ContainerAction)}


@pytest.mark.parametrize(
    ("us", "told"),
    [
        ({"command": ["idle", "more"]}, "its new version"),
        ({"state": "stopped"}, "to stop it"),
        ({"state": "paused"}, "to pause it"),
        ({"state": "absent"}, "to remove it"),
        ({"replicas": 0}, "to remove it"),
    ],
    ids=["replace", "stop", "pause", "absent", "replicas"],
)
def test_it_is_left_alone_and_that_is_told(scene: Scene, us: dict[str, Any], told: str) -> None:
    found = planned(scene, **us)
    assert changes(found)["p-us-1"][0] == "hold"
    assert scene.id("us") not in acted_on(found)
    message = f"p-us-1 is the container that reconciler runs in: {told} is left to you"
    assert message in [notice.message for notice in found.notices]
    assert scene.id("web") in acted_on(found), "the other one is not"


def test_the_fields_of_a_new_version_are_shown(scene: Scene) -> None:
    assert changes(planned(scene, command=["idle", "more"]))["p-us-1"] == ("hold", ["command"])


def test_what_does_not_end_it_is_done(scene: Scene) -> None:
    found = planned(scene, mem_limit="64m")
    assert changes(found)["p-us-1"] == ("update", ["mem_limit"])
    assert {type(action) for action in found.actions} == {UpdateContainer}
    assert not found.notices


def test_what_is_in_sync_is_not_worth_a_word(scene: Scene) -> None:
    found = planned(scene)
    assert found.in_sync
    assert not found.notices


def test_it_stays_where_the_project_is_taken_down_and_so_do_its_networks(scene: Scene) -> None:
    found = plan_down("p", seen(scene), scene.spec)
    assert changes(found) == {"p-us-1": ("hold", []), "p-web-1": ("remove", [])}
    assert {notice.resource.name for notice in found.notices} == {"p-us-1", "p_default"}


def test_another_one_is_not_it(scene: Scene) -> None:
    scene.declare({"us": {"command": ["idle", "more"]}, "web": {}})
    found = plan(scene.spec, replace(scene.snapshot(), own_container="0" * 64))
    assert changes(found)["p-us-1"][0] == "replace"
