"""Start-first: a client that asks all the time loses nothing; what fails leaves the old one as it was."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reconciler import connect, load, observe, plan
from reconciler.errors import ExitCode
from reconciler.planning.gates import Gate
from tests.integration.world import IDLE, failures
from tests.support.engine import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.integration.world import World

CLIENT = r"""
import http.client, os, random, socket, struct, sys, time

def resolve(name):
    "All addresses that the Engine's DNS has for a name."
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(2)
        for left in range(9, -1, -1):  # as any resolver asks again: a datagram may be lost
            asking.sendto(struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1", ("127.0.0.11", 53))
            try:
                reply = asking.recv(4096)
                break
            except TimeoutError:
                if not left:
                    raise
    answers = struct.unpack(">H", reply[6:8])[0]
    found, at = [], 12 + len(labels) + 5
    for _ in range(answers):
        while reply[at] and reply[at] < 192:
            at += reply[at] + 1
        at += 2 if reply[at] else 1
        kind, _, _, size = struct.unpack(">HHIH", reply[at:at + 10])
        if kind == 1:
            found.append(".".join(map(str, reply[at + 10:at + 14])))
        at += 10 + size
    return found

def ask(path, phases):
    "The page; each phase is noted as it begins, so that a failure tells where it was and how long it had been there."
    phases.append(("resolve", "web", time.monotonic()))
    address = random.choice(resolve("web"))
    phases.append(("connect", address, time.monotonic()))
    connection = http.client.HTTPConnection(address, 80, timeout=50)
    connection.connect()
    phases.append(("read", address, time.monotonic()))
    connection.request("GET", path)
    return connection.getresponse().read().decode().strip()

def told(phases):
    ends = [began for _, _, began in phases[1:]] + [time.monotonic()]
    return ", ".join(f"{name} {of} {end - began:.1f} s" for (name, of, began), end in zip(phases, ends))

path, until = sys.argv[1:]
while True:
    last = os.path.exists(until)
    phases = []
    try:
        print(ask(path, phases), flush=True)
    except Exception as error:
        print("LOST", type(error).__name__, error, "after", told(phases), flush=True)
    if last:
        break
    time.sleep(0.005)
"""
"""Asks for a path of `web`, by its alias, again and again until a file is there: a line each."""

SLOW = "printf '#!/bin/sh\\necho Content-type: text/plain; echo; sleep 3; echo {page}\\n' >/srv/cgi-bin/slow"


def serving(page: str, before: str = "true") -> dict[str, Any]:
    """A container that serves a page once `before` has ended, and a slow one at /cgi-bin/slow."""
    files = f"mkdir -p /srv/cgi-bin; echo {page} >/srv/index.html; {SLOW.format(page=page)}; chmod +x /srv/cgi-bin/slow"
    serve = f"{before}; {files}; httpd -p 80 -h /srv; trap 'exit 0' TERM; sleep 9999 & wait"
    return {"command": ["sh", "-c", serve]}


@contextmanager
def asking(world: World, until: Path, path: str = "/index.html") -> Iterator[subprocess.Popen[str]]:
    """The client, at work in the network of the container `client`; create the file `until` to end it."""
    pid, inside = world.inspect("client")["State"]["Pid"], ["nsenter", "-t", str(world.engine.pid), "-m", "-p", "--"]
    client = [sys.executable, "-ISc", CLIENT, path, str(until)]
    with subprocess.Popen(
        [*inside, "nsenter", "-t", str(pid), "-n", "--", *client],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            until.touch()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def rest(process: subprocess.Popen[str], until: Path) -> list[str]:
    """Let the client end; what it got since."""
    until.touch()
    said, _ = process.communicate(timeout=120)
    return said.splitlines()


def aliases(world: World, container: str) -> set[str]:
    """What a container is found by in the project's network, besides what the Engine gives it."""
    inspect = world.engine.inspect(container)
    found = inspect["NetworkSettings"]["Networks"][f"{world.project}_default"]["Aliases"] or []
    return set(found) - {inspect["Id"][:12]}


START_FIRST = {"order": "start-first", "monitor": "500ms"}


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_client_that_asks_all_the_time_loses_nothing(world: World, tmp_path: Path, replicas: int) -> None:
    """The new one needs two seconds until it serves: whoever asked it earlier would be refused.

    What is asked of the old one while it is out of the network is asked again by TCP after 1, 3, 7, 15 seconds. On a
    busy machine it is away for seconds, and must still be there by then: hence the long drain.
    """
    probe = {"test": ["CMD", "test", "-e", "/srv/index.html"], "interval": "300ms", "retries": 100}
    common = {"replicas": replicas, "update": {**START_FIRST, "drain": "10s"}, "healthcheck": probe}
    world.declare({"web": {**serving("old"), **common}, "client": {}})
    world.converge()
    old = [world.id("web", number + 1) for number in range(replicas)]
    until = tmp_path / "until"
    wait_for(lambda: world.inspect("web")["State"]["Health"]["Status"] == "healthy", "it serves")
    with asking(world, until) as client:
        assert first_line(client) == "old"
        world.declare({"web": {**serving("new", "sleep 2"), **common}, "client": {}})
        world.converge()
        answers = rest(client, until)
    assert [line for line in answers if line.startswith("LOST")] == []
    assert set(answers) == {"old", "new"}
    assert answers[-1] == "new"
    assert not set(old) & {world.id("web", number + 1) for number in range(replicas)}
    assert world.names() == sorted([world.name("client"), *(world.name("web", n + 1) for n in range(replicas))])


def test_what_the_old_one_has_begun_it_finishes(world: World, tmp_path: Path) -> None:
    """A request in flight outlives that its container leaves the network and joins it again, and is drained."""
    common = {"update": {**START_FIRST, "drain": "4s"}}
    world.declare({"web": {**serving("old"), **common}, "client": {}})
    world.converge()
    until = tmp_path / "until"
    until.touch()  # one request
    world.declare({"web": {**serving("new"), **common}, "client": {}})
    with asking(world, until, "/cgi-bin/slow") as client:
        wait_for(lambda: "sleep 3" in world.docker("top", world.name("web")), "the request has begun")
        assert world.apply().exit_code is ExitCode.OK
        said, _ = client.communicate(timeout=60)
    assert said.splitlines() == ["old"]
    world.expect_in_sync()


@pytest.mark.parametrize("action", ["rollback", "pause", "continue"])
def test_a_broken_new_version_leaves_the_old_one_as_it_was(world: World, tmp_path: Path, action: str) -> None:
    world.declare({"web": serving("old"), "client": {}})
    world.converge()
    before, started = world.id("web"), world.started("web")
    until = tmp_path / "until"
    with asking(world, until) as client:
        assert first_line(client) == "old"
        update = {**START_FIRST, "failure_action": action, "monitor": "30s"}
        broken = ["sh", "-c", "echo last words; exit 9"]
        world.declare({"web": {"command": broken, "update": update}, "client": {}})
        outcome = world.apply()
        assert set(rest(client, until)) == {"old"}
    assert (outcome.exit_code, outcome.rolled_back) == (ExitCode.PARTLY_FAILED, True)
    [failed] = outcome.failed
    assert failed.log == ("last words",)
    assert (world.id("web"), world.started("web"), aliases(world, before)) == (before, started, {"web"})
    assert world.names() == [world.name("client"), world.name("web")]


def test_cut_off_between_any_two_steps_the_next_apply_finishes(world: World) -> None:
    """One container a step: of each one more step of its replacement is done, as a killed process leaves it."""

    def declared(**more: Any) -> dict[str, Any]:
        return {
            "update": {**START_FIRST, "drain": "100ms", "before": ["true"]},
            "pre_stop": [{"command": "true"}],
            **more,
        }

    world.declare({"probe": declared()})
    world.converge()
    world.declare({"probe": declared(user="nobody")})
    steps = len(world.plan().actions)
    keys = [f"c{done}" for done in range(1, steps)]
    world.declare({key: declared() for key in keys})
    world.converge()
    old = {key: world.id(key) for key in keys}

    world.declare({key: declared(user="nobody") for key in keys})
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        todo = plan(spec, observe(engine, spec))
        for key, done in zip(keys, range(1, steps), strict=True):
            of_one = [action for action in todo.actions if action.resource.name == world.name(key)]
            assert len(of_one) == steps
            created: dict[str, str] = {}
            for action in of_one[:done]:
                if not isinstance(action, Gate):
                    created[action.id] = engine.perform(action, created) or ""
    assert world.names() != sorted(map(world.name, keys)), "they have left something behind"

    world.converge()

    assert world.names() == sorted(map(world.name, keys))
    for key in keys:
        assert world.id(key) != old[key]
        assert (world.inspect(key)["Config"]["User"], world.status(key)) == ("nobody", "running")
        assert aliases(world, world.name(key)) == {key}


# --- what becomes of an update that fails --------------------------------------------------------------------------


def test_paused_the_new_version_stays_and_the_rest_is_not_tried(world: World) -> None:
    world.declare({"web": {"replicas": 3}})
    world.converge()
    before = [world.id("web", number) for number in (1, 2, 3)]
    broken = {"command": ["sh", "-c", "exit 9"], "update": {"failure_action": "pause", "monitor": "30s"}}
    world.declare({"web": {"replicas": 3, **broken}})
    outcome = world.apply()
    assert (outcome.exit_code, outcome.rolled_back) == (ExitCode.PARTLY_FAILED, False)
    assert [text for text in failures(outcome) if "exited with code 9" in text] == failures(outcome) != []
    now = [world.id("web", number) for number in (1, 2, 3)]
    assert (now[0] != before[0], now[1:]) == (True, before[1:])
    assert [world.status("web", number) for number in (1, 2, 3)] == ["exited", "running", "running"]
    assert world.names() == [world.name("web", number) for number in (1, 2, 3)]


@pytest.mark.parametrize("command", [["sh", "-c", "exit 9"], ["no-such-command"]], ids=["exits", "does not start"])
def test_continued_all_are_replaced_whatever_becomes_of_them(world: World, command: list[str]) -> None:
    world.declare({"web": {"replicas": 2}, "user": {"depends_on": ["web"]}})
    world.converge()
    before = {world.id("web", number) for number in (1, 2)}
    update = {"failure_action": "continue", "monitor": "30s"}
    world.declare({"web": {"replicas": 2, "command": command, "update": update}, "user": {"depends_on": ["web"]}})
    outcome = world.apply()
    assert (outcome.exit_code, outcome.rolled_back) == (ExitCode.PARTLY_FAILED, False)
    assert len(outcome.failed) == 2
    assert not before & {world.id("web", number) for number in (1, 2)}
    assert world.names() == [world.name("user"), world.name("web", 1), world.name("web", 2)]
    update = {"monitor": "300ms"}
    world.declare({"web": {"replicas": 2, "command": IDLE, "update": update}, "user": {"depends_on": ["web"]}})
    world.converge()


def test_monitor_says_how_long_a_new_one_must_run(world: World) -> None:
    world.declare({"web": {}})
    world.converge()
    before = world.id("web")
    dies = ["sh", "-c", "sleep 3; exit 9"]
    world.declare({"web": {"command": dies, "update": {"monitor": "30s"}}})
    assert world.apply().rolled_back
    assert world.id("web") == before
    world.declare({"web": {"command": dies, "update": {"monitor": "0s"}}})
    assert world.apply().exit_code is ExitCode.OK
    assert world.id("web") != before
