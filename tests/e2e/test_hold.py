"""`hold` and `pause`, on a real Engine: a `watch` heeds them while they last, and goes on when they are over."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.support.engine import wait_for

if TYPE_CHECKING:
    from tests.e2e.command import Shell


def test_what_is_held_or_paused_is_left_alone_until_it_is_taken_back(shell: Shell) -> None:
    shell.declare({"web": {}, "db": {}})
    shell.environ["RECONCILER_STATE_DIR"] = str(shell.folder / "state")
    with shell.start("watch", "--interval", "600") as running:
        running.until("cycle_done")
        held = shell.run("hold", "web", "--for", "1h")
        assert held.code == 0, held.err
        assert shell.run("hold", "wbe").code == 64
        shell.engine.docker("stop", "-t", "0", shell.name("web"), shell.name("db"))
        wait_for(lambda: shell.status("db") == "running", "what is not held is mended")
        wait_for(lambda: bool(running.events("held_back")), "that is said")
        assert shell.status("web") == "exited"
        assert "held by hand" in shell.run("plan").out
        [one] = shell.run("status", "-o", "json").json["held"]
        assert one["name"] == "web"
        assert one["until"]
        assert shell.run("apply").code == 0
        assert shell.status("web") == "exited", "apply heeds it, too"
        assert shell.run("unhold", "web").code == 0
        wait_for(lambda: shell.status("web") == "running", "it is mended once it is not held any more")

        assert shell.run("pause", shell.project).code == 0
        assert shell.run("down", "-y").code == 0, "a watch that is paused undoes nothing"
        assert shell.names() == []
        status = shell.run("status").out
        assert "paused until it is taken back" in status
        assert "watched since " in status
        assert "goes on" in shell.run("resume", shell.project).out
        wait_for(lambda: (shell.status("web"), shell.status("db")) == ("running", "running"), "it goes on")

        refused = shell.run("down", "-y")
        assert refused.code == 6, refused.err
        paused = shell.run("down", "-y", "--pause")
        assert paused.code == 0, paused.err
        assert f"resume {shell.project}" in paused.err
        assert shell.names() == []
        running.signal(signal.SIGTERM)
        assert running.end() == 0


def test_who_wants_the_host_port_of_what_is_held_is_not_tried_in_vain(shell: Shell) -> None:
    shell.environ["RECONCILER_STATE_DIR"] = str(shell.folder / "state")
    shell.declare({"web": {"ports": ["28697:80"]}})
    assert shell.run("apply").code == 0
    assert shell.run("hold", "web").code == 0
    shell.declare({"web": {}, "db": {"ports": ["28697:80"]}})
    done = shell.run("apply", "-y")
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert f"waits for host port 28697/tcp, which container {shell.name('web')} has: held by hand" in said
    assert "\n\n\n" not in done.out
    assert shell.status("db") == "gone"
    assert shell.run("unhold", "web").code == 0
    assert shell.run("apply", "-y").code == 0
    assert shell.inspect("db")["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"] == "28697"
