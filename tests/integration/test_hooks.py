"""Commands in containers: after a start, before a stop, before a replacement, and what their failure means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler import apply, connect, load, observe
from reconciler.errors import ExitCode
from reconciler.planning.planner import plan_down
from tests.integration.world import IDLE, changes

if TYPE_CHECKING:
    from tests.integration.world import World


def says(word: str) -> dict[str, Any]:
    """A command that adds a word to what a volume remembers of all containers that had it."""
    return {"command": ["sh", "-c", f"echo {word} >>/log/said"]}


LOGGING: dict[str, Any] = {
    "post_start": [says("up-1"), says("up-2")],
    "pre_stop": [says("down-1"), says("down-2")],
    "update": {"before": says("before")["command"], "monitor": "300ms"},
    "volumes": ["log:/log"],
    "command": ["sh", "-c", "trap 'echo stopped >>/log/said; exit 0' TERM; sleep 9999 & wait"],
}
VERSION_2: dict[str, Any] = {"environment": {"VERSION": "2"}}
FAILS: dict[str, Any] = {"command": ["sh", "-c", "echo some words; exit 7"]}
MORE: dict[str, Any] = {"volumes": {"log": {}}}


def said(world: World) -> list[str]:
    """What was said since it was asked last."""
    volume = f"{world.project}_log:/log"
    return world.docker("run", "--rm", "-v", volume, world.image, "sh", "-c", "cat /log/said && rm /log/said").split()


def test_they_run_in_order_at_every_start_and_stop(world: World) -> None:
    world.declare({"web": LOGGING, "db": {}}, **MORE)
    world.converge()
    assert said(world) == ["up-1", "up-2"]

    world.declare({"web": {**LOGGING, **VERSION_2}, "db": {}}, **MORE)
    world.converge()
    assert said(world) == ["before", "down-1", "down-2", "stopped", "up-1", "up-2"]

    world.declare({"web": {**LOGGING, **VERSION_2, "state": "stopped"}, "db": {}}, **MORE)
    world.converge()
    assert said(world) == ["down-1", "down-2", "stopped"]

    world.declare({"web": {**LOGGING, "state": "stopped"}, "db": {}}, **MORE)
    assert changes(world.plan()) == {world.name("web"): ("replace", ["environment.VERSION"])}
    world.declare({"web": {**LOGGING, **VERSION_2}, "db": {}}, **MORE)
    world.converge()
    assert said(world) == ["up-1", "up-2"]

    restarting = {"db": {"condition": "service_started", "restart": True}}
    web = {**LOGGING, **VERSION_2, "depends_on": restarting}
    world.declare({"web": web, "db": {"user": "nobody"}}, **MORE)
    world.converge()
    assert said(world) == ["down-1", "down-2", "stopped", "up-1", "up-2"]

    start_first = {**LOGGING["update"], "order": "start-first"}
    world.declare(
        {"web": {**web, "environment": {"VERSION": "3"}, "update": start_first}, "db": {"user": "nobody"}}, **MORE
    )
    world.converge()
    assert said(world) == ["before", "up-1", "up-2", "down-1", "down-2", "stopped"]

    world.declare(
        {"web": {**web, "environment": {"VERSION": "3"}, "state": "absent"}, "db": {"user": "nobody"}}, **MORE
    )
    world.converge()
    assert said(world) == ["down-1", "down-2", "stopped"]


@pytest.mark.parametrize("knows_the_spec", [True, False])
def test_down_runs_them_where_it_knows_the_spec(world: World, knows_the_spec: bool) -> None:
    world.declare({"web": LOGGING}, **MORE)
    world.converge()
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        todo = plan_down(world.project, observe(engine, spec), spec if knows_the_spec else None)
        assert apply(todo, engine).exit_code is ExitCode.OK
    hooks = ["down-1", "down-2"] if knows_the_spec else []
    assert said(world) == ["up-1", "up-2", *hooks, "stopped"]


def test_as_whom_where_and_with_what(world: World) -> None:
    hook = {
        "command": ["sh", "-c", 'echo "$$(id -un) $$(pwd) $$A $$FROM_IMAGE" >/tmp/said'],
        "user": "nobody",
        "working_dir": "/tmp",
        "environment": {"A": "b"},
    }
    world.declare({"web": {"post_start": [hook]}})
    world.converge()
    assert world.exec("web", "cat", "/tmp/said") == "nobody /tmp b image"


def test_post_start_that_fails_fails_the_start(world: World) -> None:
    """As with Compose: the container runs, those that depend on it are not started, and the reason is said."""
    world.declare({"web": {"post_start": [FAILS, says("never")]}, "user": {"depends_on": ["web"]}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    [failed] = outcome.failed
    assert failed.error
    assert failed.error.message == '`post_start`: "sh" exited with code 7'
    assert failed.log == ("some words",)
    assert (world.status("web"), world.status("user")) == ("running", "created")


def test_a_new_one_whose_post_start_fails_gives_the_place_back(world: World) -> None:
    world.declare({"web": {}})
    world.converge()
    before = world.id("web")
    world.declare({"web": {"user": "nobody", "post_start": [{"command": ["no-such-command"]}]}})
    outcome = world.apply()
    assert (outcome.exit_code, outcome.rolled_back) == (ExitCode.PARTLY_FAILED, True)
    assert [one.action.kind for one in outcome.failed] == ["exec"]
    assert (world.id("web"), world.status("web"), world.names()) == (before, "running", [world.name("web")])


def test_pre_stop_that_fails_fails_the_stop(world: World) -> None:
    """It goes on running until the command is mended, or somebody else stops it."""
    world.declare({"web": {"pre_stop": [FAILS]}, "gone": {"pre_stop": [FAILS]}})
    world.converge()
    before, started = world.id("web"), world.started("web")
    gone = {"state": "absent", "pre_stop": [FAILS]}
    world.declare({"web": {"user": "nobody", "pre_stop": [FAILS]}, "gone": gone})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert {one.error.message for one in outcome.failed if one.error} == {'`pre_stop`: "sh" exited with code 7'}
    assert (world.id("web"), world.started("web"), world.status("gone")) == (before, started, "running")
    assert world.names() == [world.name("gone"), world.name("web")]
    world.docker("stop", world.name("gone"))
    world.declare({"web": {"user": "nobody", "pre_stop": [{"command": "true"}]}, "gone": gone})
    world.converge()
    assert world.names() == [world.name("web")]


def test_before_that_fails_replaces_nothing(world: World) -> None:
    world.declare({"db": {}})
    world.converge()
    before, started = world.id("db"), world.started("db")
    world.declare({"db": {"user": "nobody", "update": {"before": FAILS["command"]}}})
    world.proxy.clear()
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.FAILED
    assert [one.log for one in outcome.failed] == [("some words",)]
    assert (world.id("db"), world.started("db"), world.names()) == (before, started, [world.name("db")])
    assert not [request for request in world.proxy.requests if request.path == "/containers/create"]


def test_nothing_is_run_in_what_does_not_run(world: World) -> None:
    """A container that has crashed is replaced all the same: no command can be run in it, and none is missed."""
    world.declare({"web": {"command": IDLE, "pre_stop": [FAILS], "update": {"before": FAILS["command"]}}})
    world.converge()
    world.docker("kill", world.name("web"))
    world.declare({"web": {"user": "nobody", "pre_stop": [FAILS], "update": {"before": FAILS["command"]}}})
    assert world.apply().exit_code is ExitCode.OK
    assert world.status("web") == "running"


def test_what_a_command_leaves_behind_is_not_waited_for_and_much_output_is_no_harm(world: World) -> None:
    loud = {"command": ["sh", "-c", "seq 20000 | sed 's/^/line /'; exit 3"]}
    quiet = {"command": ["sh", "-c", "sleep 9999 >/dev/null 2>&1 & echo on its own"]}
    world.declare({"web": {"post_start": [quiet, loud]}})
    [failed] = world.apply().failed
    assert failed.log == tuple(f"line {number}" for number in range(19991, 20001))
