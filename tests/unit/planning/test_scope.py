"""`--target`: a plan for a part changes that part, and nothing else; and `settings.prune`."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import ExitCode, UsageError
from reconciler.planning.planner import plan
from tests.support.simulated import Scene, changes

WEB = {"depends_on": ["db"], "networks": ["front", "back"], "volumes": ["pages:/p"]}
DB = {"networks": ["back"], "volumes": ["data:/d"]}
PLACES: dict[str, Any] = {
    "networks": {"front": {}, "back": {}, "apart": {}},
    "volumes": {"pages": {}, "data": {}, "more": {}},
}


def shop() -> Scene:
    scene = Scene()
    scene.declare({"web": WEB, "db": DB, "mail": {"networks": ["apart"], "volumes": ["more:/m"]}}, **PLACES)
    return scene


def targeted(scene: Scene, *targets: str) -> dict[str, tuple[str, list[str]]]:
    return changes(scene.plan(frozenset(), *targets))


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        (["db"], {"p-db-1", "p_back", "p_data"}),
        (["container/db"], {"p-db-1", "p_back", "p_data"}),
        (["web"], {"p-web-1", "p-db-1", "p_front", "p_back", "p_pages", "p_data"}),
        (["network/apart"], {"p_apart"}),
        (["volume/more", "network/front"], {"p_more", "p_front"}),
        (["mail", "db"], {"p-mail-1", "p_apart", "p_more", "p-db-1", "p_back", "p_data"}),
    ],
)
def test_what_it_needs_comes_along(targets: list[str], names: set[str]) -> None:
    assert targeted(shop(), *targets).keys() == names


def test_images_come_along_by_their_users() -> None:
    scene = shop()
    for name in ("web", "other"):
        scene.daemon.offer(f"registry.test/{name}:1", Cmd=["idle"])
    images: dict[str, Any] = {f"registry.test/{name}:1": {} for name in ("web", "other")}
    scene.declare({"web": {"image": "registry.test/web:1"}, "db": {"image": "registry.test/other:1"}}, images=images)
    assert targeted(scene, "web").keys() == {"registry.test/web:1", "p-web-1", "p_default"}
    assert targeted(scene, "image/registry.test/other:1").keys() == {"registry.test/other:1"}


def test_nothing_else_is_changed_or_removed() -> None:
    scene = shop()
    scene.converge()
    scene.declare({"web": {**WEB, "environment": {"A": "1"}}, "db": {**DB, "environment": {"A": "1"}}}, **PLACES)
    assert scene.plan().summary == {"replace": 2, "remove": 1}
    plan = scene.plan(frozenset(), "db")
    assert changes(plan) == {"p-db-1": ("replace", ["environment.A"])}
    assert plan.kept_volumes == ()
    assert [notice.message for notice in plan.notices] == [
        "limited to db and what they need: the rest of p is left alone"
    ]


def test_a_network_under_others_is_not_made_anew() -> None:
    scene = shop()
    scene.converge()
    scene.declare({"web": WEB, "db": DB}, networks={"front": {}, "back": {"internal": True}}, volumes=PLACES["volumes"])
    plan = scene.plan(frozenset(), "db")
    [conflict] = plan.conflicts
    assert "p-web-1" in conflict.message
    assert scene.plan(frozenset(), "web").conflicts == ()


def test_what_is_no_longer_declared_can_be_named() -> None:
    scene = shop()
    scene.converge()
    scene.declare({"web": WEB, "db": DB}, networks={"front": {}, "back": {}}, volumes=PLACES["volumes"])
    assert targeted(scene, "mail") == {"p-mail-1": ("remove", [])}
    assert scene.plan(frozenset(), "mail").needs_person is None
    assert targeted(scene, "mail", "network/apart").keys() == {"p-mail-1", "p_apart"}


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("wbe", 'did you mean "web"?'),
        ("network/fornt", 'did you mean "network/front"?'),
        ("nothing-like-it", "there are: "),
        ("container/front", "did you mean"),
    ],
)
def test_an_unknown_name(target: str, hint: str) -> None:
    scene = shop()
    with pytest.raises(UsageError) as caught:
        plan(scene.spec, scene.snapshot(), targets=[target])
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.message == f'--target: project "p" has nothing called "{target}"'
    assert hint in caught.value.hint


# --- settings.prune --------------------------------------------------------------------------------------------------


def test_without_pruning_what_is_no_longer_declared_stays() -> None:
    scene = shop()
    scene.converge()
    part: dict[str, Any] = {"networks": {"front": {}, "back": {}}, "volumes": {"pages": {}, "data": {}}}
    scene.declare({"web": WEB, "db": DB}, settings={"prune": False}, **part)
    plan = scene.plan()
    assert plan.in_sync
    assert [notice.message for notice in plan.notices] == [
        "container p-mail-1 is no longer declared, and stays: `settings.prune` is false",
        "network p_apart is no longer declared, and stays: `settings.prune` is false",
    ]


def test_without_pruning_what_is_declared_away_goes() -> None:
    scene = Scene()
    scene.declare({"web": {"replicas": 2}, "old": {}})
    scene.converge()
    scene.declare({"web": {}, "old": {"state": "absent"}}, settings={"prune": False})
    assert changes(scene.plan()) == {"p-web-2": ("remove", []), "p-old-1": ("remove", [])}
