"""A saved plan: what it comes to again, what it notices, and that no secret can be read or guessed from it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from reconciler.planning.saved import Differences, SavedPlan, UnknownForm, differences, read, saved_plan, written
from reconciler.report.plan_text import plan_text
from reconciler.report.style import Style
from tests.support.simulated import Scene

SALT, OTHER_SALT = b"0123456789abcdef", b"fedcba9876543210"
NOTHING = Differences(spec=False, gone=(), new=(), other=())


def scene_of(**environment: str) -> Scene:
    scene = Scene()
    declare(scene, **environment)
    return scene


def declare(scene: Scene, **environment: str) -> None:
    scene.declare({"web": {"environment": environment}, "db": {"volumes": ["data:/d"]}}, volumes={"data": {}})


def save(scene: Scene, salt: bytes = SALT) -> SavedPlan:
    """Saved, written, and read again."""
    data = written(saved_plan(scene.plan(), scene.spec, "ID", salt))
    return read(json.loads(json.dumps(data)))


def since(saved: SavedPlan, scene: Scene) -> Differences:
    return differences(saved, scene.plan(), scene.spec, "ID")


def test_it_holds_as_long_as_it_comes_to_the_same_actions() -> None:
    scene = scene_of(PASSWORD="hunter2")
    saved = save(scene)
    assert since(saved, scene) == NOTHING
    assert not since(saved, scene)
    assert saved.actions.keys() == {action.id for action in scene.plan().actions}
    scene.daemon.add_image("unrelated:1")
    assert not since(saved, scene)
    scene.declare({"db": {"volumes": ["data:/d"]}, "web": {"environment": ["PASSWORD=hunter2"]}}, volumes={"data": {}})
    assert not since(saved, scene), "another order and syntax is no other spec"


def test_another_spec_with_the_same_actions_is_another_spec() -> None:
    scene = scene_of(A="1")
    saved = save(scene)
    declare(scene, A="2")
    assert since(saved, scene) == Differences(spec=True, gone=(), new=(), other=())


def test_what_has_changed_on_the_engine_is_named() -> None:
    scene = scene_of(A="1")
    scene.converge()
    declare(scene, A="2")
    saved = save(scene)
    scene.hand("POST", f"/containers/{scene.id('db')}/stop")
    assert since(saved, scene) == Differences(spec=False, gone=(), new=("container/p-db-1:start",), other=())
    scene.hand("POST", f"/containers/{scene.id('db')}/start")
    assert not since(saved, scene)
    scene.converge()
    found = since(saved, scene)
    assert (found.new, found.other) == ((), ())
    assert "container/p-web-1:create" in found.gone


def test_another_container_under_the_same_name_is_another_action() -> None:
    scene = scene_of(A="1")
    scene.converge()
    declare(scene, A="2")
    saved = save(scene)
    spec = scene.spec
    scene.hand("DELETE", f"/containers/{scene.id('web')}", {"force": 1})
    declare(scene, A="1")
    scene.converge()
    scene.spec = spec
    found = since(saved, scene)
    assert not found.spec
    assert "container/p-web-1:remove old" in found.other


def test_what_was_agreed_to_reads_the_same() -> None:
    scene = scene_of(TOKEN="hunter1", TZ="UTC", OLD="x")
    scene.converge()
    declare(scene, TOKEN="hunter2", TZ="CET", API_KEY="hunter3")
    saved = save(scene)
    assert plan_text(saved.plan, Style(), 80) == plan_text(scene.plan(), Style(), 80)
    assert "OLD: (sensitive) removed" in plan_text(saved.plan, Style(), 80)


def test_no_secret_is_in_it_nor_a_digest_that_tells_one() -> None:
    scene = scene_of(PASSWORD="hunter2")
    first, second = save(scene), save(scene, OTHER_SALT)
    text = json.dumps(written(first))
    assert "hunter" not in text
    # Neither a plain digest, nor one with the file's salt alone, nor the same in another file.
    for guess in (b"hunter2", b"PASSWORD=hunter2"):
        assert hashlib.sha256(guess).hexdigest() not in text
        assert hashlib.sha256(SALT + guess).hexdigest() not in text
    assert not set(first.actions.values()) & set(second.actions.values())
    assert first.spec != second.spec


def test_who_guesses_one_value_must_know_all_of_the_spec() -> None:
    # Of two specs that differ elsewhere, equal actions have unequal digests.
    one, other = scene_of(PASSWORD="hunter2"), scene_of(PASSWORD="hunter3")
    assert save(one).actions["network/p_default:create"] != save(other).actions["network/p_default:create"]


def test_a_file_of_another_form_is_told_from_a_broken_one() -> None:
    data = written(saved_plan(scene_of().plan(), scene_of().spec, "ID", SALT))
    with pytest.raises(UnknownForm, match="v2"):
        read({**data, "saved_plan": "v2"})


@pytest.mark.parametrize("wrong", [None, 1, [], "", {}, {"saved_plan": "v1"}])
def test_what_is_no_saved_plan(wrong: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, nobody reads it
        read(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"changes": [{}]},
        {"changes": None},
        {"changes": [{"kind": "pod", "name": "", "operation": "create", "note": "", "fields": []}]},
        {"actions": []},
        {"salt": "xyz"},
        {"salt": 1},
        {"engine": {"id": "x"}},
        {"project": ...},
    ],
)
def test_a_part_that_is_wrong(wrong: dict[str, Any]) -> None:
    scene = scene_of()
    data = written(saved_plan(scene.plan(), scene.spec, "ID", SALT)) | wrong
    with pytest.raises(ValueError):  # noqa: PT011
        read({key: value for key, value in data.items() if value is not ...})
