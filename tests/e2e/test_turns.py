"""Who may change a project: one `watch`, and commands by hand that take turns with it or are refused."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from tests.support.engine import wait_for

if TYPE_CHECKING:
    from tests.e2e.command import Shell

LONG = ("--interval", "600")


def locks(shell: Shell) -> list[tuple[str, str, str]]:
    """What `doctor` says of locks: the verdict, the message as far as the name of who watches, the hint."""
    found = [one for one in shell.run("doctor", "-o", "json").json["findings"] if one["check"] == "lock"]
    return [(one["verdict"], one["message"].partition("`reconciler ")[0], one["hint"]) for one in found]


def test_one_watch_keeps_a_project_and_others_are_told_which(shell: Shell) -> None:
    shell.declare({"web": {}})
    other = shell.folder / "other.yaml"
    other.write_text(shell.text({"web": {"environment": {"A": "1"}}}))
    lock = f"reconciler-lock.{shell.project}"
    with shell.start("watch", *LONG) as running:
        running.until("cycle_done")
        web = shell.id("web")
        who = f"process {running.process.pid} on "
        spec = str(shell.folder / "reconciler.yaml")

        second = shell.run("watch", *LONG)
        assert second.code == 6, second.err
        assert who in second.err
        assert spec in second.err
        refused = shell.run("apply", "-y", "-f", str(other))
        assert refused.code == 6, refused.err
        assert who in refused.err
        as_json = shell.run("down", "-y", "-o", "json")
        assert (as_json.code, as_json.json["error"]["exit_code"]) == (6, 6)

        assert shell.run("plan", "--detailed-exitcode").code == 0, "the lock's volume is none of a plan's"
        assert shell.run("apply").code == 0, "the same spec takes turns"
        assert shell.id("web") == web
        assert lock in shell.engine.docker("volume", "ls", "-q").split()
        assert ("ok", f"{shell.project} is watched by ", "") in locks(shell)

        running.signal(signal.SIGTERM)
        assert running.end() == 0
    assert lock not in shell.engine.docker("volume", "ls", "-q").split(), "it leaves nothing behind"


def test_a_killed_watch_blocks_nobody_here(shell: Shell) -> None:
    shell.declare({"web": {}})
    lock = f"reconciler-lock.{shell.project}"
    with shell.start("watch", *LONG) as killed:
        killed.until("cycle_done")
        killed.signal(signal.SIGKILL)
        killed.process.wait()
    assert lock in shell.engine.docker("volume", "ls", "-q").split()
    hint = f"it blocks nobody here: the next `watch` takes it. Else `docker volume rm {lock}`"
    assert ("note", f"{shell.project}: the volume {lock} is left of ", hint) in locks(shell)
    assert shell.run("apply", "--profile", "x").code == 0
    with shell.start("watch", *LONG) as running:
        wait_for(lambda: bool(running.events("watching")), "it has begun")
        labels = '{{index .Labels "io.reconciler.lock.pid"}}'
        wait_for(
            lambda: shell.engine.docker("volume", "inspect", lock, "--format", labels) == str(running.process.pid),
            "the lock is its own",
        )
        running.signal(signal.SIGTERM)
        assert running.end() == 0


def test_a_watch_elsewhere_yields_only_when_told_to(shell: Shell) -> None:
    shell.declare({"web": {}})
    lock = f"reconciler-lock.{shell.project}"
    labels = {"": shell.project, ".host": "far", ".pid": "7", ".command": "watch", ".token": "t"}
    given = [f"--label=io.reconciler.lock{name}={value}" for name, value in labels.items()]
    shell.engine.docker("volume", "create", *given, lock)
    assert ("note", f"{shell.project} is watched from another machine by ") in [one[:2] for one in locks(shell)]
    refused = shell.run("watch", *LONG)
    assert refused.code == 6, refused.err
    assert "process 7 on far" in refused.err
    assert "--take-over" in refused.err
    with shell.start("watch", "--take-over", *LONG) as running:
        running.until("cycle_done")
        running.signal(signal.SIGTERM)
        assert running.end() == 0
    assert lock not in shell.engine.docker("volume", "ls", "-q").split()


ROUNDS = int(os.environ.get("RECONCILER_TURN_ROUNDS", "3"))
"""For more: RECONCILER_TURN_ROUNDS=100."""


def test_two_watchers_and_a_person_double_nothing(shell: Shell) -> None:
    """Each round: another spec, which the watch and a person apply at once, while a second watch tries to begin."""
    shell.environ["RECONCILER_STATE_DIR"] = str(shell.folder / "state")
    shell.declare({"web": {"replicas": 2}, "db": {}})
    names = sorted(f"{shell.project}-{name}" for name in ("db-1", "web-1", "web-2"))
    with shell.start("watch", *LONG) as running:
        running.until("cycle_done")
        for number in range(ROUNDS):
            update = {"monitor": "0.1s"}
            web = {"replicas": 2, "environment": {"ROUND": str(number)}, "update": update}
            shell.declare({"web": web, "db": {}})
            shell.engine.docker("rm", "-f", shell.name("db"))
            with shell.start("watch", *LONG) as second, shell.start("apply", "-y") as person:
                assert person.end() == 0, person.err
                assert second.end() == 6, second.err
            wait_for(lambda: shell.run("plan", "--detailed-exitcode").code == 0, f"round {number} is settled")
            assert shell.names() == names, "nothing is doubled, nothing is left behind"
            network = shell.engine.docker("network", "ls", "-q", "--filter", f"name=^{shell.project}_default$")
            assert len(network.split()) == 1
        assert not running.events("action_failed")
        running.signal(signal.SIGTERM)
        assert running.end() == 0
