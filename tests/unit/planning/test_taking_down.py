"""What `down` removes besides where it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.planning.planner import plan_down
from reconciler.planning.taking_down import Besides, size_text
from tests.support.simulated import Scene

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan

DATA = {"volumes": [{"type": "volume", "source": "data", "target": "/srv"}]}


def down(scene: Scene, **besides: Any) -> Plan:
    return plan_down("p", scene.snapshot(), scene.spec, besides=Besides(**besides))


def a_scene(**volume: Any) -> Scene:
    scene = Scene()
    scene.declare({"web": DATA}, volumes={"data": volume})
    scene.converge()
    return scene


def removed(found: Plan) -> list[str]:
    return [change.resource.name for change in found.changes if change.resource.kind in {"volume", "image"}]


def test_nothing_goes_unasked() -> None:
    found = down(a_scene())
    assert removed(found) == []
    assert found.kept_volumes == ("p_data",)


def test_a_volume_goes_after_what_mounts_it_with_its_size() -> None:
    found = down(a_scene(), volumes=True, sizes={"p_data": 12_345_678})
    [change] = [one for one in found.changes if one.resource.kind == "volume"]
    assert change.note == "12.35 MB; its data is lost"
    assert change.operation.is_destructive
    [volume] = [one for one in found.actions if one.kind == "remove-volume"]
    assert volume.needs == tuple(one.id for one in found.actions if one.kind == "remove")
    assert found.kept_volumes == ()


def test_a_size_that_nobody_told_is_said_to_be_unknown() -> None:
    found = down(a_scene(), volumes=True)
    assert [one.note for one in found.changes if one.resource.kind == "volume"] == ["of unknown size; its data is lost"]


def test_a_protected_one_is_refused_by_name() -> None:
    found = down(a_scene(protect=True), volumes=True)
    assert [conflict.resource.name for conflict in found.conflicts] == ["p_data"]
    assert removed(found) == []
    assert not down(a_scene(protect=True)).conflicts


def test_an_external_one_stays() -> None:
    scene = Scene()
    scene.hand("POST", "/volumes/create", None, {"Name": "p_data", "Labels": {"io.reconciler.project": "p"}})
    scene.declare({"web": DATA}, volumes={"data": {"external": True, "name": "p_data"}})
    scene.converge()
    found = down(scene, volumes=True)
    assert removed(found) == []
    assert not found.conflicts


@pytest.mark.parametrize(("owner", "goes"), [("p", True), ("q", False), ("", False)])
def test_only_the_projects_own_go(owner: str, goes: bool) -> None:
    scene = a_scene()
    labels = {"io.reconciler.project": owner} if owner else {}
    scene.hand("POST", "/volumes/create", None, {"Name": "p_more", "Labels": labels})
    assert removed(down(scene, volumes=True)) == (["p_data", "p_more"] if goes else ["p_data"])


def test_composes_go_only_where_the_spec_has_them() -> None:
    scene = Scene()
    for name in ("p_data", "p_more"):
        labels = {"com.docker.compose.project": "p", "com.docker.compose.volume": name[2:]}
        scene.hand("POST", "/volumes/create", None, {"Name": name, "Labels": labels})
    scene.declare({"web": DATA}, volumes={"data": {}})
    scene.converge()
    assert removed(down(scene, volumes=True)) == ["p_data"]


def test_anonymous_ones_of_its_containers_go_too() -> None:
    scene = Scene()
    scene.declare({"web": {"volumes": ["/cache"]}, "other": {}})
    scene.converge()
    scene.hand("POST", "/volumes/create", None, {"Name": "f" * 64, "Labels": None})  # of nobody that is known
    [name] = [one.name for one in scene.snapshot().volumes if one.name != "f" * 64]
    assert removed(down(scene)) == []
    found = down(scene, volumes=True, sizes={name: 5})
    assert [(one.resource.name, one.note) for one in found.changes if one.resource.kind == "volume"] == [
        (name, "anonymous, /cache of p-web-1; 5 B; its data is lost")
    ]
    [volume] = [one for one in found.actions if one.kind == "remove-volume"]
    assert volume.needs == ("container/p-web-1:remove",)


def test_an_anonymous_one_that_somebody_else_has_by_now_stays_without_a_word() -> None:
    scene = Scene()
    scene.declare({"web": {"volumes": ["/cache"]}})
    scene.converge()
    [volume] = scene.snapshot().volumes
    body = {
        "Image": "app:1",
        "HostConfig": {"Mounts": [{"Type": "volume", "Source": volume.name, "Target": "/mine"}]},
        "NetworkingConfig": {"EndpointsConfig": {}},
    }
    scene.hand("POST", "/containers/create", {"name": "theirs"}, body)
    found = down(scene, volumes=True)
    assert removed(found) == []
    assert found.notices == ()


def test_what_others_use_stays_with_a_notice() -> None:
    scene = a_scene()
    body = {
        "Image": "app:1",
        "HostConfig": {"Mounts": [{"Type": "volume", "Source": "p_data", "Target": "/x"}]},
        "NetworkingConfig": {"EndpointsConfig": {}},
    }
    scene.hand("POST", "/containers/create", {"name": "theirs"}, body)
    found = down(scene, volumes=True, images=True)
    assert removed(found) == []
    assert sorted(notice.resource.name for notice in found.notices) == ["app:1", "p_data"]
    assert all("theirs" in notice.message for notice in found.notices)


def test_images_go_after_their_containers_but_those_that_nobody_would_bring_again() -> None:
    scene = a_scene()
    found = down(scene, images=True)
    assert removed(found) == ["app:1"]
    [image] = [one for one in found.actions if one.kind == "remove-image"]
    assert image.needs == tuple(one.id for one in found.actions if one.kind == "remove")
    scene.declare({"web": {**DATA, "pull_policy": "never"}}, volumes={"data": {}})
    found = down(scene, images=True)
    assert removed(found) == []
    assert "never" in found.notices[0].message


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_960, "1000 kB"), (12_345, "12.35 kB"), (10**16, "10 PB")],
)
def test_sizes_are_read_as_docker_writes_them(size: int, text: str) -> None:
    assert size_text(size) == text
