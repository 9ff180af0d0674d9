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


def ports(scene: Scene, containers: dict[str, Any], *holds: Hold) -> dict[str, str]:
    """Of each container that differs, what is done; or why not."""
    scene.declare(containers)
    found = held(scene, *holds)
    for action in found.actions:
        assert set(action.needs) | set(action.after) <= {one.id for one in found.actions}
    return {one.resource.name: one.note if one.operation == "hold" else one.operation for one in found.changes}


PORT = {"ports": ["8080:80"]}
WAITS = f"waits for host port 8080/tcp, which container p-old-1 has: held by hand until {AT_ONE}"


def test_who_wants_the_host_port_of_what_is_held_waits_for_it_by_name() -> None:
    scene = made({"old": PORT, "db": {}})
    until = Hold("old", AT_ONE)
    wanted = {"old": {"ports": ["9090:80"]}, "new": PORT, "user": {"depends_on": ["new"]}, "db": {"ports": ["1:1"]}}
    found = ports(scene, wanted, until)
    assert found == {
        "p-old-1": f"held by hand until {AT_ONE}",
        "p-new-1": WAITS,
        "p-user-1": "create",
        "p-db-1": "replace",
    }
    acts = {(one.kind, one.resource.name) for one in held(scene, until).actions if one.resource.name != "p-db-1"}
    assert acts == {("create", "p-user-1")}, "who needs it is not started"
    assert ports(scene, wanted)["p-new-1"] == "create"
    assert ports(scene, {"new": PORT}, until)["p-new-1"] == WAITS, "also where it is no longer declared"
    moved = {"old": {}, "db": PORT}
    assert ports(scene, moved, until)["p-db-1"] == WAITS, "and the old one of it stays as it is"
    assert not held(scene, until).actions


@pytest.mark.parametrize(
    ("has", "wants", "waits"),
    [
        ("8080:80", "8080:80/udp", False),
        ("8080:80", "8080:90", True),
        ("127.0.0.1:8080:80", "127.0.0.2:8080:80", False),
        ("127.0.0.1:8080:80", "8080:80", True),
        ("127.0.0.1:8080:80", "[::1]:8080:80", False),
        ("0.0.0.0:8080:80", "127.0.0.1:8080:80", True),
        ("0.0.0.0:8080:80", "[::1]:8080:80", False),
        ("8080:80", "8080-8081:80", False),
        ("80", "8080:80", False),
    ],
)
def test_what_clashes(has: str, wants: str, waits: bool) -> None:
    scene = made({"old": {"ports": [has]}})
    found = ports(scene, {"old": {}, "new": {"ports": [wants]}}, Hold("old"))
    assert found["p-new-1"].startswith("waits for host port 8080") == waits


def test_the_port_of_one_that_is_held_and_does_not_run_is_free() -> None:
    scene = made({"old": PORT})
    scene.hand("POST", f"/containers/{scene.id('old')}/stop")
    assert ports(scene, {"old": {}, "new": PORT}, Hold("old"))["p-new-1"] == "create"


def test_who_wants_the_port_of_what_waits_for_its_window_waits_too() -> None:
    scene = made({"old": PORT})
    window = {"windows": [{"schedule": "0 3 * * *", "duration": "1h"}]}
    scene.declare({"new": PORT}, settings=window)
    found = plan(scene.spec, replace(scene.snapshot(), taken_at=NOON), attended=False)
    assert not found.actions
    notes = {one.resource.name: one.note for one in found.changes}
    assert notes["p-new-1"] == f"waits for host port 8080/tcp, which container p-old-1 has: {notes['p-old-1']}"
    assert "waits for its window" in notes["p-old-1"]
