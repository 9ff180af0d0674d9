"""Which images `--prune-images` removes, and which stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.planning.planner import plan
from reconciler.planning.pruning import UsedImage
from tests.support.simulated import IDLE, Scene

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan


def removed(found: Plan) -> list[str]:
    return [change.resource.name for change in found.changes if change.operation == "remove"]


def planned(scene: Scene, *used: UsedImage) -> Plan:
    return plan(scene.spec, scene.snapshot(), prune=used)


def a_scene(*versions: int, **settings: Any) -> tuple[Scene, list[UsedImage]]:
    """Version 9 runs; of the others there are images, and the project used them, the latest first."""
    scene = Scene()
    scene.daemon.add_image("web:9", Cmd=IDLE)
    used = [UsedImage(f"web:{one}", scene.daemon.add_image(f"web:{one}", Cmd=IDLE)) for one in versions]
    scene.declare({"web": {"image": "web:9"}}, settings=settings)
    scene.converge()
    return scene, used


@pytest.mark.parametrize(
    ("settings", "gone"),
    [
        ({}, ["web:6", "web:7"]),
        ({"keep_images": 0}, ["web:6", "web:7", "web:8"]),
        ({"keep_images": 2}, ["web:6"]),
        ({"keep_images": 5}, []),
    ],
)
def test_so_many_stay_for_going_back(settings: dict[str, int], gone: list[str]) -> None:
    scene, used = a_scene(8, 7, 6, **settings)
    assert removed(planned(scene, *used)) == gone
    assert removed(scene.plan()) == []  # only where it is asked for


def test_what_the_project_did_not_use_stays() -> None:
    scene, used = a_scene(8, 7, keep_images=0)
    assert removed(planned(scene, used[0])) == ["web:8"]
    assert removed(planned(scene)) == []


def test_one_with_a_name_of_somebody_elses_stays() -> None:
    scene, used = a_scene(8, keep_images=0)
    scene.hand("POST", f"/images/{used[0].image}/tag", {"repo": "theirs", "tag": "1"})
    assert removed(planned(scene, *used)) == []
    theirs = UsedImage("theirs:1", used[0].image)
    assert removed(planned(scene, *used, theirs)) == ["theirs:1", "web:8"]
    scene.spec = scene.spec.model_copy(update={"settings": scene.spec.settings.model_copy(update={"keep_images": 1})})
    assert removed(planned(scene, *used, theirs)) == []


def test_one_that_a_container_was_made_from_stays() -> None:
    scene, used = a_scene(8, keep_images=0)
    body = {"Image": "web:8", "HostConfig": {}, "NetworkingConfig": {"EndpointsConfig": {}}}
    made = scene.hand("POST", "/containers/create", {"name": "theirs"}, body)
    assert removed(planned(scene, *used)) == []
    scene.hand("DELETE", f"/containers/{made['Id']}", {"force": "1"})
    assert removed(planned(scene, *used)) == ["web:8"]


def test_one_that_is_replaced_goes_after_its_container() -> None:
    scene, _ = a_scene(keep_images=0)
    scene.daemon.add_image("web:10", Cmd=IDLE)
    scene.declare({"web": {"image": "web:10"}}, settings={"keep_images": 0})
    found = planned(scene)
    assert removed(found) == ["web:9"]
    [image] = [action for action in found.actions if action.kind == "remove-image"]
    [container] = [action for action in found.actions if action.kind == "remove"]
    assert image.needs == (container.id,)


def test_what_the_spec_names_stays_whoever_used_it() -> None:
    scene, used = a_scene(8, keep_images=0)
    scene.declare({"web": {"image": "web:9"}}, images={"web:8": {}}, settings={"keep_images": 0})
    assert removed(planned(scene, *used)) == []


def test_an_image_that_is_named_by_its_id_was_brought_by_somebody() -> None:
    scene, used = a_scene(8, keep_images=0)
    assert removed(planned(scene, UsedImage(used[0].image, used[0].image))) == []


def test_the_guard_does_not_count_images() -> None:
    scene, used = a_scene(8, 7, 6, 5, 4, keep_images=0, max_removals=0)
    found = planned(scene, *used)
    assert len(removed(found)) == 5
    assert found.needs_person is None
    assert len(found.destructive) == 5
