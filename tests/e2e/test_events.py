"""`events`: of the project, of everything, as it happens, and what happened."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

from tests.support.engine import wait_for
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from tests.e2e.command import Running, Shell


def actions(shell: Shell, *options: str) -> list[tuple[str, str, str]]:
    done = shell.run("events", "--no-follow", "-o", "json", *options)
    assert (done.code, done.err) == (0, "")
    return [(one["kind"], one["name"], one["action"]) for one in done.json["events"]]


def test_what_happened_to_the_project_and_to_no_other(shell: Shell) -> None:
    shell.declare({"web": {"volumes": ["pages:/pages"]}}, volumes={"pages": {}})
    assert shell.run("apply").code == 0
    shell.engine.docker("kill", shell.name("web"))
    shell.engine.docker("run", "--rm", shell.image, "true")
    # That it has ended is told of after it is known.
    wait_for(lambda: ("container", shell.name("web"), "die") in actions(shell), "the end is told of")
    found = actions(shell)
    web = [action for kind, name, action in found if (kind, name) == ("container", shell.name("web"))]
    assert web[:2] == ["create", "start"]
    assert set(web[2:]) - {"kill"} == {"die"}
    assert ("network", f"{shell.project}_default", "create") in found
    assert ("volume", f"{shell.project}_pages", "create") in found
    assert {name for kind, name, _ in found if kind == "container"} == {shell.name("web")}
    assert {name for kind, name, _ in actions(shell, "--all") if kind == "container"} > {shell.name("web")}
    assert actions(shell, "-p", shell.project)[-1] == found[-1], "it needs no spec"
    assert actions(shell, "--until", "2001-01-01") == []
    runs = [one for one in found if one[0] == "run"]
    assert runs == [("run", shell.project, "apply")], "what we did, with what the Engine did"
    assert found.index(runs[0]) > found.index(("container", shell.name("web"), "start"))
    text = shell.run("events", "--no-follow").out
    assert f"run        {shell.project}  apply " in text
    assert f"container  {shell.name('web')}  die (exit code 137)\n" in text
    assert shell.run("events", "-o", "json").code == 64


def lines(running: Running) -> list[str]:
    return [json.loads(line)["action"] for line in running.out.split("\n")[:-1]]


def test_it_goes_on_until_it_is_stopped(shell: Shell) -> None:
    check = {"test": ["CMD", "true"], "interval": "200ms"}
    shell.declare({"web": {"healthcheck": check}})
    with Proxy(shell.engine.socket) as proxy, shell.start("events", "-o", "ndjson", "--host", proxy.host) as running:
        wait_for(lambda: any(one.path.endswith("/events") for one in proxy.requests), "it listens")
        assert shell.run("apply").code == 0
        wait_for(lambda: "health_status: healthy" in lines(running), "it became healthy")
        running.signal(signal.SIGINT)
        assert running.end() == 130
    assert running.err == ""
    assert not [action for action in lines(running) if action.startswith("exec")], "each probe is three events"
    assert lines(running).index("start") > lines(running).index("create")
