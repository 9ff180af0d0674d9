"""What has another name in the spec than before: volumes are used on, containers renamed, none is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.fields import ownership
from reconciler.report.status import status_rows
from tests.support.simulated import IDLE, Daemon, Killed, Scene, SimulatedEngine, changes

if TYPE_CHECKING:
    from collections.abc import Mapping

# --- volumes ---------------------------------------------------------------------------------------------------------


def with_volume(declared: Mapping[str, Any] | None = None, key: str = "data") -> Scene:
    """A container with one volume, in sync."""
    scene = Scene()
    declare(scene, declared or {}, key)
    scene.converge()
    return scene


def declare(scene: Scene, declared: Mapping[str, Any], key: str = "data") -> None:
    scene.declare({"web": {"volumes": [f"{key}:/d"]}}, volumes={key: dict(declared)})


def mounted(scene: Scene) -> list[str]:
    return [mount["Name"] for mount in scene.inspect("web")["Mounts"]]


def test_a_volume_that_was_another_is_that_one() -> None:
    scene = with_volume(key="old")
    container = scene.id("web")
    declare(scene, {"was": "old"}, "new")
    scene.expect_in_sync()
    [notice] = scene.plan().notices
    assert notice.message == 'volume "new" is p_old, as before: an Engine can\'t rename a volume'
    assert scene.plan().kept_volumes == ()
    rows = status_rows(scene.plan(), scene.spec, scene.snapshot())
    assert [(row.resource.name, row.state) for row in rows if row.resource.kind == "volume"] == [("p_old", "present")]
    declare(scene, {"was": "old"}, "new")
    scene.spec = scene.spec.model_copy(update={"containers": {}})
    scene.converge()
    declare(scene, {"was": "old"}, "new")
    scene.converge()
    assert scene.id("web") != container
    assert mounted(scene) == ["p_old"]
    assert list(scene.daemon.has.volumes) == ["p_old"]


def test_a_volume_that_was_another_by_its_label() -> None:
    scene = with_volume({"name": "elsewhere"}, "old")
    declare(scene, {"was": "old"}, "new")
    scene.expect_in_sync()
    assert mounted(scene) == ["elsewhere"]


def test_a_volume_that_was_one_which_is_not_there_is_made() -> None:
    scene = with_volume({"was": "old"}, "new")
    assert mounted(scene) == ["p_new"]
    assert scene.plan().notices == ()


def test_a_volume_beside_the_one_that_it_was() -> None:
    scene = with_volume(key="old")
    scene.hand("POST", "/volumes/create", None, {"Name": "p_new"})
    declare(scene, {"was": "old"}, "new")
    [conflict] = scene.plan().conflicts
    assert conflict.message == 'volume "p_new" exists beside "p_old", which it was: "p_new" would be used'
    assert "`name: p_old`" in conflict.hint


def test_a_volume_with_a_name_of_its_own_can_t_be_the_old_one() -> None:
    scene = with_volume(key="old")
    declare(scene, {"was": "old", "name": "mine"}, "new")
    [conflict] = scene.plan().conflicts
    assert conflict.message == 'volume "p_old" can\'t be renamed to "mine": an Engine has no call for that'
    declare(scene, {"was": "old", "name": "p_old"}, "new")
    scene.expect_in_sync()


def test_a_volume_that_was_somebody_else_s_is_not_ours() -> None:
    scene = Scene()
    scene.hand("POST", "/volumes/create", None, {"Name": "p_old"})
    declare(scene, {"was": "old"}, "new")
    [conflict] = scene.plan().conflicts
    assert conflict.message == 'volume "p_old" exists and is not ours'


# --- containers ------------------------------------------------------------------------------------------------------


def renamed(**more: Any) -> tuple[Scene, str]:
    """A container `old` that is in sync, and is `new` in the spec by now; and its ID."""
    daemon = Daemon()
    daemon.add_image("app:1", Cmd=IDLE)
    scene = Scene(daemon)
    scene.declare({"old": {}, "other": {"depends_on": ["old"]}})
    scene.converge()
    container = scene.id("old")
    scene.declare({"new": {"was": "old", **more}, "other": {"depends_on": ["new"]}})
    return scene, container


def test_a_container_that_was_another_is_renamed() -> None:
    scene, container = renamed()
    assert changes(scene.plan()) == {"p-new-1": ("update", ["container_name", "networks"])}
    scene.converge()
    assert scene.id("new") == container
    assert scene.inspect("new")["NetworkSettings"]["Networks"]["p_default"]["Aliases"] == ["new"]
    assert scene.names() == ["p-new-1", "p-other-1"]
    rows = status_rows(scene.plan(), scene.spec, scene.snapshot())
    assert [row.resource.name for row in rows if row.resource.kind == "container"] == ["p-new-1", "p-other-1"]


def test_a_container_that_was_another_and_changes_is_replaced() -> None:
    scene, container = renamed(command=[*IDLE, "2"])
    scene.converge()
    assert scene.id("new") != container
    assert scene.names() == ["p-new-1", "p-other-1"]
    assert scene.inspect("new")["Config"]["Labels"][ownership.RESOURCE] == "new"
    scene.declare({"new": {"command": [*IDLE, "2"]}, "other": {"depends_on": ["new"]}})
    scene.expect_in_sync()


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("call", range(1, 10))
def test_a_container_that_was_another_cut_off_while_it_is_replaced(call: int, after: bool) -> None:
    scene, _ = renamed(command=[*IDLE, "2"])
    engine = SimulatedEngine(scene.daemon)
    engine.kill_at(call, after=after)
    try:
        scene.apply(engine)
    except Killed:
        pass
    else:
        assert call > 6
    scene.converge()
    assert scene.names() == ["p-new-1", "p-other-1"]


def test_a_container_that_was_one_which_is_not_there_is_made() -> None:
    scene = Scene()
    scene.declare({"new": {"was": "old"}})
    scene.converge()
    assert scene.names() == ["p-new-1"]


def test_a_container_beside_the_one_that_it_was() -> None:
    scene, _ = renamed()
    both = {"old": {}, "new": {}, "other": {"depends_on": ["new"]}}
    scene.declare(both)
    scene.converge()
    new = scene.id("new")
    scene.declare({"new": {"was": "old"}, "other": {"depends_on": ["new"]}})
    [change] = scene.plan().changes
    assert (change.resource.name, change.operation, change.note) == ("p-old-1", "remove", "no longer declared")
    scene.converge()
    assert scene.id("new") == new


def test_what_a_container_was_counts_for_nothing_while_that_is_declared() -> None:
    scene = Scene()
    scene.declare({"a": {}})
    scene.converge()
    container = scene.id("a")
    scene.declare({"a": {}, "b": {"was": "a"}})
    scene.converge()
    assert scene.id("a") == container
