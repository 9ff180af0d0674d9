"""Containers that live in another one: in its network, its processes, its volumes; and names for others by links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ExitCode
from tests.integration.world import changes, failures
from tests.support.engine import EngineError, wait_for

if TYPE_CHECKING:
    from tests.integration.world import World

FAILS: dict[str, Any] = {"command": ["sh", "-c", "exit 9"], "update": {"monitor": "30s"}}
SERVE = "mkdir -p /srv; cp /etc/hostname /srv/index.html; httpd -p 80 -h /srv; trap 'exit 0' TERM; sleep 9999 & wait"
OWNER: dict[str, Any] = {"command": ["sh", "-c", SERVE], "volumes": ["/shared"]}
USERS: dict[str, dict[str, Any]] = {
    "logs": {"network_mode": "service:app", "volumes_from": ["app:ro"]},
    "watch": {"network_mode": "service:app", "pid": "service:app"},
}
KEYS = ("app", *USERS)


def ids(world: World) -> dict[str, str]:
    return {key: world.id(key) for key in KEYS}


def expect_a_whole(world: World) -> None:
    """All run, and the users are in the very container that has the owner's name now."""
    assert {world.status(key) for key in KEYS} == {"running"}
    owner = world.id("app")
    host = {key: world.inspect(key)["HostConfig"] for key in USERS}
    assert [one["NetworkMode"] for one in host.values()] == [f"container:{owner}"] * 2
    assert (host["watch"]["PidMode"], host["logs"]["VolumesFrom"]) == (f"container:{owner}", [f"{owner}:ro"])
    for key in USERS:  # that it runs does not yet mean that it serves
        assert world.exec(key, "sh", "-c", "until wget -qO- http://localhost/; do sleep 0.1; done") == owner[:12]
    assert "httpd" in world.exec("watch", "ps")


@pytest.fixture
def shared(world: World) -> World:
    world.declare({"app": OWNER, **USERS})
    world.converge()
    expect_a_whole(world)
    return world


def test_users_are_replaced_with_their_owner_as_one(shared: World) -> None:
    before = ids(shared)
    shared.exec("app", "sh", "-c", "echo kept >/shared/file")
    shared.declare({"app": {**OWNER, "environment": {"A": "1"}}, **USERS})
    found = changes(shared.plan())
    assert {name: operation for name, (operation, _) in found.items()} == {shared.name(key): "replace" for key in KEYS}
    assert len({action.group for action in shared.plan().actions if action.group}) == 1
    shared.converge()
    assert not set(ids(shared).values()) & set(before.values())
    expect_a_whole(shared)
    assert shared.exec("logs", "cat", "/shared/file") == "kept"
    assert shared.names() == sorted(map(shared.name, KEYS)), "nothing is left behind"


@pytest.mark.parametrize("guilty", ["app", "watch"])
def test_where_one_of_them_fails_all_old_ones_are_back(shared: World, guilty: str) -> None:
    before = ids(shared)
    containers = {"app": {**OWNER, "environment": {"A": "1"}}, **USERS}
    containers[guilty] = {**containers[guilty], **FAILS}
    shared.declare(containers)
    outcome = shared.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert [one.action.resource.name for one in outcome.failed] == [shared.name(guilty)], failures(outcome)
    assert ids(shared) == before
    assert shared.names() == sorted(map(shared.name, KEYS)), "nothing is left behind"
    expect_a_whole(shared)
    shared.declare({"app": OWNER, **USERS})
    shared.expect_in_sync()


def test_users_are_restarted_after_their_owner(shared: World) -> None:
    before = ids(shared)
    shared.docker("restart", shared.name("app"))
    wait_for(lambda: shared.status("watch") == "exited", "its process has ended")
    started = {key: shared.started(key) for key in KEYS}
    found = {name: operation for name, (operation, _) in changes(shared.plan()).items()}
    # Who lives among its processes has ended with it.
    assert found == {shared.name("logs"): "restart", shared.name("watch"): "start"}
    shared.converge()
    assert ids(shared) == before
    assert shared.started("app") == started["app"]
    assert all(shared.started(key) > started["app"] for key in USERS)
    expect_a_whole(shared)

    shared.docker("stop", shared.name("app"))
    wait_for(lambda: shared.status("watch") == "exited", "its process has ended")
    found = {name: operation for name, (operation, _) in changes(shared.plan()).items()}
    assert found == {shared.name("app"): "start", shared.name("logs"): "restart", shared.name("watch"): "start"}
    shared.converge()
    assert ids(shared) == before
    expect_a_whole(shared)


def test_a_user_alone_is_replaced_alone(shared: World) -> None:
    before = ids(shared)
    shared.declare({"app": OWNER, **USERS, "logs": {**USERS["logs"], "environment": {"A": "1"}}})
    assert changes(shared.plan()) == {shared.name("logs"): ("replace", ["environment.A"])}
    shared.converge()
    assert {key for key in KEYS if ids(shared)[key] != before[key]} == {"logs"}
    expect_a_whole(shared)


def test_a_user_that_joined_another_one_comes_back(shared: World) -> None:
    """The owner was removed by hand: its users live in one that is gone."""
    shared.docker("rm", "-f", shared.name("app"))
    found = {name: operation for name, (operation, _) in changes(shared.plan()).items()}
    assert found == {shared.name("app"): "create", **{shared.name(key): "replace" for key in USERS}}
    shared.converge()
    expect_a_whole(shared)


def test_a_job_that_is_done_is_not_done_again_for_its_owner(world: World) -> None:
    job = {"network_mode": "service:app", "command": ["true"], "state": "completed"}
    world.declare({"app": OWNER, "job": job})
    world.converge()
    before = world.id("job")
    world.declare({"app": {**OWNER, "environment": {"A": "1"}}, "job": job})
    assert list(changes(world.plan())) == [world.name("app")]
    world.converge()
    assert world.id("job") == before


def test_a_container_that_is_not_ours(world: World) -> None:
    other = f"{world.project}-foreign"
    user = {"network_mode": f"container:{other}"}
    world.declare({"user": user})
    [missing] = world.plan().conflicts
    assert missing.message == f'container "{world.name("user")}": it needs container "{other}", which does not exist'
    try:
        world.docker("run", "-d", "--name", other, world.image)
        world.converge()
        first = world.engine.inspect(other)["Id"]
        assert world.inspect("user")["HostConfig"]["NetworkMode"] == f"container:{first}"
        world.docker("rm", "-f", other)
        world.docker("run", "-d", "--name", other, world.image)
        assert changes(world.plan()) == {world.name("user"): ("replace", ["networks"])}
        world.converge()
        second = world.engine.inspect(other)["Id"]
        assert world.inspect("user")["HostConfig"]["NetworkMode"] == f"container:{second}"
        for name in (second, second[:12]):
            world.declare({"user": {"network_mode": f"container:{name}"}})
            world.expect_in_sync()
    finally:
        world.docker("rm", "-f", other)


def test_a_link_is_a_name_that_one_container_knows(world: World) -> None:
    world.declare({"db": {}, "web": {"links": ["db:database"]}, "other": {}})
    world.converge()
    address = world.inspect("db")["NetworkSettings"]["Networks"][f"{world.project}_default"]["IPAddress"]
    assert address in world.exec("web", "nslookup", "database")
    with pytest.raises(EngineError):
        world.exec("other", "nslookup", "database")

    before = world.id("web")
    world.declare({"db": {"environment": {"A": "1"}}, "web": {"links": ["db:database"]}, "other": {}})
    world.converge()
    address = world.inspect("db")["NetworkSettings"]["Networks"][f"{world.project}_default"]["IPAddress"]
    assert address in world.exec("web", "nslookup", "database"), "it follows to the new one"
    world.declare({"db": {"environment": {"A": "1"}}, "web": {"links": ["db:store"]}, "other": {}})
    assert changes(world.plan()) == {world.name("web"): ("update", ["networks"])}
    world.converge()
    assert world.id("web") == before
    assert address in world.exec("web", "nslookup", "store")


@pytest.mark.parametrize(
    ("containers", "message"),
    [
        (
            {"a": {"state": "stopped"}, "b": {"pid": "service:a"}},
            'it lives in the namespaces of "a", which is to be stopped',
        ),
        ({"a": {"replicas": 0}, "b": {"volumes_from": ["a"]}}, 'it needs "a", of which there are to be 0 replicas'),
        (
            {"a": {}, "b": {"network_mode": "bridge", "links": ["a"]}},
            "`links` are not carried out with network_mode: bridge",
        ),
        ({"a": {"container_name": "own-1"}, "b": {"ipc": "container:own-1"}}, '"container:own-1" is of this project'),
    ],
)
def test_what_can_not_be_is_said_before(world: World, containers: dict[str, Any], message: str) -> None:
    world.declare(containers)
    assert [one.message for one in world.plan().conflicts] == [f'container "{world.name("b")}": {message}']
