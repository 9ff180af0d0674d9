"""`restart`: in turns with a `watch`, on a real Engine; and what failed leaves the rest as it is."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.command import Shell

ONCE = ["sh", "-c", "if [ -e /gone ]; then exit 3; fi; touch /gone; trap 'exit 0' TERM; sleep 99999 & wait"]
"""It starts well the first time only."""


def started(shell: Shell, name: str) -> str:
    return str(shell.engine.inspect(name)["State"]["StartedAt"])


def test_it_restarts_one_after_the_other_beside_a_watch(shell: Shell) -> None:
    web_and_db: dict[str, Any] = {"web": {"replicas": 2, "update": {"monitor": "0.2s"}}, "db": {}}
    shell.declare({**web_and_db, "bad": {"command": ONCE, "update": {"monitor": "30s"}}})
    web, db = [f"{shell.project}-web-{number}" for number in (1, 2)], [shell.name("db")]
    with shell.start("watch", "--interval", "600") as running:
        running.until("cycle_done")
        before = {name: (shell.engine.inspect(name)["Id"], started(shell, name)) for name in (*web, *db)}
        done = shell.run("restart", "web")
        assert done.code == 0, done.err
        after = {name: (shell.engine.inspect(name)["Id"], started(shell, name)) for name in (*web, *db)}
        assert [after[name][0] for name in before] == [before[name][0] for name in before]
        assert after[db[0]] == before[db[0]]
        assert before[web[0]][1] < after[web[0]][1] < after[web[1]][1]
        running.signal(signal.SIGTERM)
        assert running.end() == 0

    failed = shell.run("restart", "bad", "web")
    assert failed.code in {1, 3}, failed.out
    assert "exited with code 3" in failed.out + failed.err
    assert started(shell, web[0]) == after[web[0]][1], "the next ones are left as they are"
    commands = [run["command"] for run in shell.run("history", "-p", shell.project, "-o", "json").json["runs"]]
    assert commands == ["restart", "restart", "watch"]
