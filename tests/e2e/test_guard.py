"""Removals in numbers, drift that is left alone, plans for a part, and what would be lost: as commands say it."""

from __future__ import annotations

import re
import signal
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from tests.e2e.command import Shell

LONG = ("--interval", "600")
FIVE: dict[str, Any] = {f"s{number}": {"state": "stopped"} for number in range(5)}
ONE: dict[str, Any] = {"s0": {"state": "stopped"}}


def there(shell: Shell, count: int) -> bool:
    return len(shell.names()) == count


@pytest.mark.parametrize(
    ("left", "said"), [(ONE, "4 of 6 containers and networks"), ({}, "has no containers any more")]
)
def test_watch_leaves_it_to_a_person_and_goes_on(shell: Shell, left: dict[str, Any], said: str) -> None:
    shell.declare(FIVE)
    with shell.start("watch", *LONG) as running:
        running.until("cycle_done")
        shell.declare(left, volumes={"data": {}})
        told = running.until("needs_person")
        assert told["level"] == "error"
        assert said in told["error"]
        assert "apply" in told["hint"]
        running.signal(signal.SIGHUP)
        shell.declare({**FIVE, "s5": {"state": "stopped"}})
        running.until("cycle_done", 2)
        assert there(shell, 6), "nothing was removed, and it goes on"
        assert len(running.events("needs_person")) == 1, "said once"

        shell.declare(left, volumes={"data": {}})
        running.until("needs_person", 2)
        assert there(shell, 6)
        assert shell.run("apply", "-y").code == 0
        assert there(shell, len(left))
        running.signal(signal.SIGTERM)
        assert running.end() == 0


def test_7_of_an_apply_that_nobody_agreed_to(shell: Shell) -> None:
    shell.declare(FIVE)
    assert shell.run("apply").code == 0
    shell.declare(ONE)
    planned = shell.run("plan")
    assert planned.code == 0
    assert "4 of 6 containers and networks would be removed" in planned.out
    assert shell.run("plan", "-o", "json").json["needs_person"]["name"] == shell.project
    refused = shell.run("apply")
    assert refused.code == 7
    assert "more than 3 at once need a person" in refused.err
    assert there(shell, 5)
    assert shell.run("apply", "--yes").code == 0
    assert there(shell, 1)


def test_settings_raise_it(shell: Shell) -> None:
    shell.declare(FIVE)
    with shell.start("watch", *LONG) as running:
        running.until("cycle_done")
        shell.declare(ONE, settings={"max_removals": 4})
        running.until("cycle_done", 2)
        assert there(shell, 1)
        assert running.events("needs_person") == []


def test_the_interval_of_the_settings(shell: Shell) -> None:
    shell.declare(ONE, settings={"interval": "500ms"})
    with shell.start("watch") as running:
        running.until("cycle_done")
        assert running.log[0]["resync"] == 0.5
        shell.engine.docker("rm", "-f", shell.name("s0"))
        running.until("cycle_done", 2)


def test_drift_that_is_only_reported(shell: Shell) -> None:
    shell.declare({"web": {"drift": {"mode": "report"}}})
    with shell.start("watch", *LONG) as running:
        running.until("cycle_done")
        shell.engine.docker("update", "--restart", "always", shell.name("web"))
        running.signal(signal.SIGHUP)
        told = running.until("drift_left_alone")
        assert (told["resource"], told["fields"]) == (f"container {shell.name('web')}", ["restart"])
        running.signal(signal.SIGHUP)
        shell.declare({"web": {"drift": {"mode": "report"}}, "db": {}})
        running.until("cycle_done", 2)
        assert len(running.events("drift_left_alone")) == 1, "said once"
    planned = shell.run("plan", "--detailed-exitcode")
    assert planned.code == 0
    assert "drift  changed by hand, and left so" in planned.out
    assert "restart: always → no" in planned.out
    assert shell.run("apply").code == 0
    assert shell.run("apply", "-o", "json").json["changes"][0]["result"] == "held"
    row = next(row for row in shell.run("status", "-o", "json").json["resources"] if row["kind"] == "container")
    assert shell.run("status").code == 0
    assert row["name"] == shell.name("db")
    assert shell.inspect("web")["HostConfig"]["RestartPolicy"]["Name"] == "always"


def test_a_target(shell: Shell) -> None:
    shell.declare({"web": {"depends_on": ["db"]}, "db": {}, "other": {}})
    assert shell.run("apply", "--target", "db").code == 0
    assert shell.names() == [shell.name("db")]
    assert shell.run("plan", "--target", "db", "--detailed-exitcode").code == 0
    assert shell.run("plan", "--target", "web", "--detailed-exitcode").code == 2
    assert shell.run("apply", "--target", "web", "--target", "network/default").code == 0
    assert shell.names() == [shell.name("db"), shell.name("web")]
    for command in ("plan", "apply"):
        wrong = shell.run(command, "--target", "wbe")
        assert wrong.code == 64
        assert wrong.err.splitlines() == [
            f'error: --target: project "{shell.project}" has nothing called "wbe"',
            '  did you mean "web"?',
        ]


def test_what_would_be_lost(shell: Shell) -> None:
    shell.declare({"web": {}, "old": {}})
    assert shell.run("apply").code == 0
    assert "loses" not in shell.run("plan").out
    shell.engine.docker("exec", shell.name("web"), "sh", "-c", "for n in 1 2 3 4 5; do echo x >/lost$n; done")
    shell.declare({"web": {"user": "0"}})
    planned = shell.run("plan")
    assert "loses 5 files: /lost1, /lost2, /lost3, …" in planned.out
    assert planned.out.count("loses") == 1
    changes = {one["name"]: one["lost"] for one in shell.run("plan", "-o", "json").json["changes"]}
    assert changes == {
        shell.name("web"): {"count": 5, "paths": ["/lost1", "/lost2", "/lost3"], "unknown": None},
        shell.name("old"): None,
    }
    for command in ("apply", "down"):
        with shell.terminal(command) as terminal:
            terminal.until("Go ahead, and lose 5 files?")
            assert "loses 5 files" in terminal.plain
            terminal.type("n\n")
            assert terminal.end() == 7
    assert "loses 5 files" in shell.run("down", "-y").out


def test_who_is_told_nothing_asks_only_what_is_needed(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    with Proxy(shell.engine.socket) as proxy:
        done = shell.run("down", "-y", "-q", "--host", proxy.host)
        assert (done.code, done.out) == (0, "")
        asked = Counter(re.sub(r"[0-9a-f]{64}", "ID", str(request)) for request in proxy.requests)
    assert asked["GET /containers/ID/changes"] == 0, "what would be lost is told nobody"
    assert asked["GET /info"] == 1, "which Engine it is, for the lock and the history"
    assert asked["GET /containers/ID/json"] == 3, "to plan, before it is stopped, before it is removed"
    assert asked["POST /containers/ID/stop"] == asked["DELETE /containers/ID"] == asked["DELETE /networks/ID"] == 1
    assert shell.names() == []
