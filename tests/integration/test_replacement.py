"""How a container is replaced: proven before it takes the place, taken back when it fails; ports and names move on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler import connect, load, observe, plan
from reconciler.errors import ExitCode
from reconciler.planning.gates import AwaitProof
from tests.integration.world import IDLE, changes, failures, kinds, only_change

if TYPE_CHECKING:
    from typing import Any

    from tests.integration.world import World

FAILS = ["sh", "-c", "echo last words; exit 9"]
LOOKED_AT = {"monitor": "30s"}
"""For long enough to see that one ends at once, however busy the Engine is."""


def httpd(page: str, ending: str = "exit 0") -> dict[str, Any]:
    """A container that serves a page on port 80, until it is asked to end."""
    serve = f"mkdir -p /srv && echo {page} >/srv/index.html && httpd -p 80 -h /srv"
    return {"command": ["sh", "-c", f"{serve} && trap '{ending}' TERM; sleep 9999 & wait"]}


def test_a_new_one_that_fails_at_once_gives_its_place_back(world: World) -> None:
    world.declare({"web": {**httpd("old"), "ports": ["28510:80"], "restart": "always"}, "other": {}})
    world.converge()
    before, other = world.id("web"), world.id("other")
    assert world.engine.fetch("http://localhost:28510/") == "old\n"

    failing = {"command": FAILS, "ports": ["28510:80"], "restart": "no", "update": LOOKED_AT}
    world.declare({"web": failing, "other": {"user": "nobody"}})
    outcome = world.apply()

    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert outcome.rolled_back
    [failed] = outcome.failed
    assert failed.action.kind == "prove"
    assert failed.error
    assert failed.error.message == "the new container exited with code 9"
    assert failed.log == ("last words",)
    assert world.id("web") == before
    assert world.engine.fetch("http://localhost:28510/") == "old\n"
    assert world.id("other") != other, "the rest is done"
    assert world.names() == sorted([world.name("other"), world.name("web")]), "nothing is left behind"
    assert changes(world.plan()) == {world.name("web"): ("replace", ["command", "restart"])}

    world.declare({"web": {**httpd("new"), "ports": ["28510:80"]}, "other": {"user": "nobody"}})
    world.converge()
    assert world.id("web") != before
    assert world.engine.fetch("http://localhost:28510/") == "new\n"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"command": ["no-such-command"]}, "no-such-command"),
        ({"user": "nobody-knows-him"}, "nobody-knows-him"),
        ({"command": FAILS, "restart": "always"}, "restarted"),
        ({"healthy": False}, "unhealthy"),
    ],
    ids=["no-command", "no-user", "restarting", "unhealthy"],
)
def test_every_way_to_fail_gives_the_place_back(world: World, changed: dict[str, Any], why: str) -> None:
    world.declare({"web": {}})
    world.converge()
    before = world.id("web")
    if "healthy" in changed:
        probe = 'HEALTHCHECK --interval=300ms --retries=1 CMD ["false"]'
        image = world.engine.import_image("test-unhealthy:1", changes=[f"CMD {json.dumps(IDLE)}", probe])
        changed = {"image": image}
    world.declare({"web": {**changed, "update": LOOKED_AT}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert [text for text in failures(outcome) if why in text] == failures(outcome) != []
    assert (world.id("web"), world.inspect("web")["State"]["Status"]) == (before, "running")
    assert world.names() == [world.name("web")]


def test_a_healthy_new_one_is_waited_for(world: World) -> None:
    """It becomes healthy only when it says so, after longer than an unchecked container would have to run."""
    probe = 'HEALTHCHECK --interval=300ms --retries=100 CMD ["test", "-e", "/tmp/ready"]'
    command = json.dumps(["sh", "-c", "trap 'exit 0' TERM; sleep 3; touch /tmp/ready; sleep 9999 & wait"])
    image = world.engine.import_image("test-healthy:1", changes=[f"CMD {command}", probe])
    world.declare({"web": {}})
    world.converge()
    world.declare({"web": {"image": image}})
    world.converge()
    assert world.inspect("web")["State"]["Health"]["Status"] == "healthy"


def test_a_stopped_container_is_replaced_without_a_start(world: World) -> None:
    world.declare({"job": {"state": "stopped"}})
    world.converge()
    world.declare({"job": {"state": "stopped", "user": "nobody"}})
    world.proxy.clear()
    outcome = world.converge()
    assert kinds(outcome) == ["create", "rename", "rename", "remove"]
    assert not [request for request in world.proxy.requests if request.path.endswith(("/start", "/stop"))]
    assert world.inspect("job")["State"]["Status"] == "created"


def test_a_job_that_ended_well_is_proof_enough(world: World) -> None:
    world.declare({"job": {"command": ["true"], "state": "running"}})
    assert world.apply().exit_code is ExitCode.OK
    world.declare({"job": {"command": ["echo", "done"], "state": "running"}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.OK, failures(outcome)
    assert world.inspect("job")["Config"]["Cmd"] == ["echo", "done"]


def test_ports_are_handed_over_swapped_and_left_behind(world: World) -> None:
    """From `a` to `b`; between `c` and `d`; from `e`, which is to be stopped, to `f`, which is to start.

    Who has a port takes a second to end: whoever does not wait for that finds it taken.
    """
    slow = "sleep 1; exit 0"

    def declare(a: str, b: str, c: str, d: str, e: str, f: str) -> None:
        ports = {"a": a, "b": b, "c": c, "d": d}
        served = {
            key: httpd(key, slow if key in "ac" else "exit 0") | ({"ports": [f"{port}:80"]} if port else {})
            for key, port in ports.items()
        }
        stopping = {
            key: httpd(key, slow) | {"ports": ["28514:80"], "state": state} for key, state in (("e", e), ("f", f))
        }
        world.declare(served | stopping)
        world.converge()

    declare("28511", "", "28512", "28513", "running", "stopped")
    declare("", "28511", "28513", "28512", "stopped", "running")
    for port, page in ((28511, "b"), (28512, "d"), (28513, "c"), (28514, "f")):
        assert world.engine.fetch(f"http://localhost:{port}/") == f"{page}\n"


def test_a_container_renamed_in_the_spec_keeps_its_port(world: World) -> None:
    world.declare({"web": {**httpd("web"), "ports": ["28515:80"]}})
    world.converge()
    world.declare({"site": {**httpd("site"), "ports": ["28515:80"]}})
    planned = changes(world.plan())
    assert planned == {world.name("web"): ("remove", []), world.name("site"): ("create", [])}
    world.converge()
    assert world.names() == [world.name("site")]
    assert world.engine.fetch("http://localhost:28515/") == "site\n"


def test_a_new_container_takes_the_name_of_one_that_goes(world: World) -> None:
    world.declare({"old": {"container_name": f"{world.project}.name"}})
    world.converge()
    world.declare({"new": {"container_name": f"{world.project}.name"}})
    world.converge()
    assert world.names() == [f"{world.project}.name"]
    assert world.engine.inspect(f"{world.project}.name")["Config"]["Labels"]["io.reconciler.resource"] == "new"


@pytest.mark.parametrize(
    ("declared", "path"), [({}, "/data"), ({"volumes": ["/cache"]}, "/cache")], ids=["of the image", "declared"]
)
def test_what_an_anonymous_volume_holds_survives(world: World, declared: dict[str, Any], path: str) -> None:
    """Twice, since from the first replacement on the volume is mounted by its name."""
    world.declare({"db": {**declared}})
    world.converge()
    world.exec("db", "sh", "-c", f"echo kept >{path}/file")
    for value in ("1", "2"):
        before = world.id("db")
        world.declare({"db": {**declared, "environment": {"A": value}, "state": "stopped"}})
        world.converge()
        assert world.id("db") != before
    world.declare({"db": {**declared, "environment": {"A": "2"}}})
    assert [field.path for field in only_change(world.plan()).fields] == ["state"]
    world.converge()
    assert world.exec("db", "cat", f"{path}/file") == "kept"


def test_a_replacement_cut_off_between_any_two_steps_is_finished(world: World) -> None:
    """One container a step: of each one more step of its replacement is done, as a killed process leaves it."""
    world.declare({"probe": {}})
    world.converge()
    world.declare({"probe": {"user": "nobody"}})
    steps = len(world.plan().actions)
    assert steps == 7
    keys = [f"c{done}" for done in range(1, steps)]
    world.declare({key: {} for key in keys})
    world.converge()
    old = {key: world.id(key) for key in keys}

    world.declare({key: {"user": "nobody"} for key in keys})
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        todo = plan(spec, observe(engine, spec))
        for key, done in zip(keys, range(1, steps), strict=True):
            of_one = [action for action in todo.actions if action.resource.name == world.name(key)]
            created: dict[str, str] = {}
            for action in of_one[:done]:
                if not isinstance(action, AwaitProof):
                    created[action.id] = engine.perform(action, created) or ""
    assert world.names() != sorted(map(world.name, keys)), "they have left something behind"

    world.converge()

    assert world.names() == sorted(map(world.name, keys))
    for key in keys:
        assert world.id(key) != old[key]
        assert (world.inspect(key)["Config"]["User"], world.inspect(key)["State"]["Status"]) == ("nobody", "running")


@pytest.mark.parametrize("step", ["stop", "rename"])
def test_a_step_that_was_done_though_its_answer_was_lost(world: World, step: str) -> None:
    world.declare({"web": {}})
    world.converge()
    old = world.id("web")
    world.declare({"web": {"user": "nobody"}})
    world.proxy.cut(rf"POST /containers/{old}/{step}", when="after")
    assert world.apply().exit_code is ExitCode.PARTLY_FAILED
    assert world.engine.inspect(old)["State"]["Status"] == "running", "the old one serves again"
    world.converge()
    assert world.id("web") != old
    assert world.names() == [world.name("web")]
