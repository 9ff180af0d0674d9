"""The way back: which steps of a replacement are taken back, and in which order."""

from __future__ import annotations

from reconciler.planning.actions import RemoveContainer, RenameContainer, StartContainer
from reconciler.planning.rollback import is_undo, rollback
from tests.support.simulated import Scene


def test_every_step_is_taken_back_in_a_safe_order() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    old = scene.id("web")
    scene.declare({"web": {"user": "nobody"}})
    steps = [action for action in scene.plan().actions if action.group]
    back = rollback(steps)
    create = "container/p-web-1:create"
    assert [type(action) for action in back.values()] == [
        RenameContainer,
        RenameContainer,
        RemoveContainer,
        StartContainer,
    ]
    new_back, old_back, removal, start = back.values()
    assert isinstance(new_back, RenameContainer)
    assert (new_back.container, new_back.old_name, new_back.name) == (create, "p-web-1", "p-web-1.next")
    assert isinstance(old_back, RenameContainer)
    assert (old_back.container, old_back.old_name, old_back.name) == (old, "p-web-1.old", "p-web-1")
    assert isinstance(removal, RemoveContainer)
    assert (removal.container, removal.expected_name) == (create, "p-web-1.next")
    assert isinstance(start, StartContainer)
    assert start.container == old
    assert all(is_undo(action) for action in back.values())
    assert not any(map(is_undo, steps))


def test_only_what_was_done_is_taken_back() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    scene.declare({"web": {"user": "nobody"}})
    steps = list(scene.plan().actions)
    assert list(rollback(steps[:1])) == ["container/p-web-1:create"]
    assert list(rollback(steps[:2])) == ["container/p-web-1:create", "container/p-web-1:stop old"]
    assert rollback([]) == {}
