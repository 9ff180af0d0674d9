"""Who uses another container: what waits for what, and whom a plan names, on a simulated Engine."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from reconciler.fields.peers import settled
from reconciler.planning.actions import CreateContainer
from tests.support.simulated import IDLE, Scene

IDS = {key: f"container/p-{key}-1:create" for key in ("db", "web")}


def planned(containers: dict[str, Any], **others: Any) -> dict[str, Any]:
    scene = Scene()
    scene.declare(containers, **others)
    found = scene.plan()
    assert not found.conflicts
    return {action.id: action for action in found.actions}


def test_one_that_is_created_is_named_by_that_action() -> None:
    actions = planned(
        {
            "db": {},
            "web": {"network_mode": "service:db", "ipc": "service:db", "pid": "service:db", "volumes_from": ["db:ro"]},
        }
    )
    web = actions[IDS["web"]]
    assert isinstance(web, CreateContainer)
    host = web.payload["HostConfig"]
    assert {host[mode] for mode in ("NetworkMode", "IpcMode", "PidMode")} == {f"container:{IDS['db']}"}
    assert host["VolumesFrom"] == [f"{IDS['db']}:ro"]
    assert web.payload["NetworkingConfig"]["EndpointsConfig"] == {}
    assert IDS["db"] in web.needs
    assert "container/p-db-1:start" in actions["container/p-web-1:start"].needs


class LookedUp(dict[str, str]):
    """What grows in other threads, and so can't be gone through."""

    def __iter__(self) -> NoReturn:
        raise RuntimeError("dictionary changed size during iteration")

    items = keys = values = __iter__


def test_the_ids_of_what_was_created_are_looked_up() -> None:
    """Others are created meanwhile."""
    web = planned({"db": {}, "web": {"pid": "service:db", "volumes_from": ["db:ro"]}})[IDS["web"]]
    host = settled(web.payload, LookedUp({IDS["db"]: "0123"}))["HostConfig"]
    assert (host["PidMode"], host["VolumesFrom"]) == ("container:0123", ["0123:ro"])


@pytest.mark.parametrize("replicas", [1, 2])
def test_those_replaced_together_wait_for_each_other(replicas: int) -> None:
    scene = Scene()
    users: dict[str, Any] = {"web": {"volumes_from": ["db"], "replicas": replicas}, "last": {"volumes_from": ["web"]}}
    scene.declare({"db": {"replicas": replicas}, **users})
    scene.converge()
    scene.declare({"db": {"replicas": replicas, "environment": {"A": "1"}}, **users})
    actions = {action.id: action for action in scene.plan().actions}
    names = ["db-1", *(f"web-{number}" for number in range(1, replicas + 1)), "last-1"]
    assert {actions[f"container/p-{name}:create"].group for name in names} == {"container/p-db-1"}
    proofs = {f"container/p-{name}:prove" for name in names}
    renames = {f"container/p-{name}:rename new" for name in names}
    for name in names:
        assert proofs <= {*actions[f"container/p-{name}:rename old"].needs}
        assert renames <= {*actions[f"container/p-{name}:remove old"].needs}
    assert "container/p-last-1:stop old" in actions["container/p-web-1:stop old"].needs
    assert "container/p-web-1:stop old" in actions["container/p-db-1:stop old"].needs
    scene.converge()


def test_an_image_that_is_mounted_is_pulled_before() -> None:
    scene = Scene()
    scene.daemon.offer("data:1", Cmd=IDLE)
    scene.declare({"web": {"volumes": [{"type": "image", "source": "data:1", "target": "/data"}]}})
    actions = {action.id: action for action in scene.plan().actions}
    [pull] = [action.id for action in actions.values() if action.kind == "pull"]
    assert pull in actions[IDS["web"]].needs


@pytest.mark.parametrize(
    ("attribute", "word"), [("network_mode", "service:db"), ("ipc", "service:db"), ("pid", "service:db"), ("", "db")]
)
def test_a_container_of_the_project_by_its_id(attribute: str, word: str) -> None:
    scene = Scene()
    scene.declare({"db": {}})
    scene.converge()
    for text in (scene.id("db"), scene.id("db")[:12]):
        named = f"container:{text}"
        scene.declare({"db": {}, "web": {attribute: named} if attribute else {"volumes_from": [named]}})
        [conflict] = scene.plan().conflicts
        assert conflict.message == f'container "p-web-1": "{named}" is of this project'
        assert conflict.hint == f'write "{word}"'


def test_a_container_that_the_project_no_longer_has_by_its_id() -> None:
    scene = Scene()
    scene.declare({"db": {}})
    scene.converge()
    named = f"container:{scene.id('db')}"
    scene.declare({"web": {"network_mode": named}})
    [conflict] = scene.plan().conflicts
    assert conflict.message == f'container "p-web-1": "{named}" is of this project, which no longer has it'
