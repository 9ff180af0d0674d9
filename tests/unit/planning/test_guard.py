"""The guard: how many removals at once are left to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.planning.slots import NEXT
from tests.support.simulated import Scene

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan


def after(there: int, left: int, **settings: Any) -> Plan:
    """The plan where so many services and their network are there, and so many stay declared."""
    scene = Scene()
    scene.declare({f"s{number}": {} for number in range(there)})
    scene.converge()
    scene.declare({f"s{number}": {} for number in range(left)}, settings=settings)
    return scene.plan()


@pytest.mark.parametrize(
    ("there", "left", "settings", "guarded"),
    [
        (4, 1, {}, False),  # 3 are never too many
        (5, 1, {}, True),
        (7, 3, {}, False),  # half
        (7, 2, {}, True),
        (8, 4, {}, False),
        (8, 3, {}, True),
        (4, 3, {"max_removals": 0}, True),
        (4, 2, {"max_removals": 1}, True),
        (4, 2, {"max_removals": 2}, False),
        (8, 1, {"max_removals": 7}, False),
        (8, 1, {"prune": False}, False),  # nothing goes
    ],
)
def test_so_many(there: int, left: int, settings: dict[str, Any], guarded: bool) -> None:
    assert (after(there, left, **settings).needs_person is not None) is guarded


def test_what_it_says() -> None:
    notice = after(7, 2).needs_person
    assert notice
    assert notice.message == "5 of 8 containers and networks would be removed: more than 4 at once need a person"
    assert "settings.max_removals" in notice.hint


def test_networks_count_too() -> None:
    scene = Scene()
    scene.declare({"web": {}, "old": {"networks": ["back"]}}, networks={"back": {}})
    scene.converge()
    scene.declare({"web": {}}, settings={"max_removals": 1})
    notice = scene.plan().needs_person
    assert notice
    assert notice.message.startswith("2 of 4 containers and networks")


@pytest.mark.parametrize("settings", [{}, {"max_removals": 9}])
def test_a_spec_that_lost_all_its_containers(settings: dict[str, Any]) -> None:
    notice = after(1, 0, **settings).needs_person
    assert notice
    assert notice.message.startswith('the spec of "p" has no containers any more')


def test_one_that_never_had_a_container_or_declares_them_absent() -> None:
    assert after(0, 0).needs_person is None
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    scene.declare({"web": {"state": "absent"}})
    assert scene.plan().needs_person is None


def test_replacements_and_what_they_left_behind_do_not_count() -> None:
    scene = Scene()
    keys = [f"s{number}" for number in range(5)]
    scene.declare({key: {} for key in keys}, settings={"max_removals": 0})
    scene.converge()
    scene.declare({key: {"environment": {"A": "1"}} for key in keys}, settings={"max_removals": 0})
    assert scene.plan().summary == {"replace": 5}
    assert scene.plan().needs_person is None
    for key in keys:
        ours = {"Labels": scene.inspect(key)["Config"]["Labels"], "NetworkingConfig": {"EndpointsConfig": {}}}
        payload = {"Image": "app:1", "HostConfig": {"NetworkMode": "p_default"}, **ours}
        scene.hand("POST", "/containers/create", {"name": f"p-{key}-1{NEXT}"}, payload)
    assert scene.plan().summary == {"replace": 5, "remove": 5}
    assert scene.plan().needs_person is None
