"""What a watch shows of itself, on a real Engine: HTTP, notifications, systemd, and a log that nobody reads."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.e2e.command import COMMAND, DEADLINE
from tests.support.engine import wait_for
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.command import Running, Shell

PACKAGING = Path(__file__).parents[2] / "packaging"
TOKEN = "an-end-to-end-test-token"


@dataclass
class Watched:
    """A watch that listens.

    Attributes:
        port: where.
        token: what it is asked with.
    """

    port: int
    token: str = ""

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
        """The status, and the body: as data, where it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(method, path, headers={**authorization, **headers})
            reply = connection.getresponse()
            body = reply.read().decode()
            is_json = (reply.getheader("Content-Type") or "").startswith("application/json")
            return reply.status, json.loads(body) if is_json else body
        finally:
            connection.close()

    def until(self, path: str, status: int) -> Any:
        """Wait until it answers with this status; the body."""
        bodies: list[Any] = []

        def answers() -> bool:
            found, body = self.ask(path)
            bodies.append(body)
            return found == status

        wait_for(answers, f"{path} answers {status}")
        return bodies[-1]


def watched(running: Running, token: str = "") -> Watched:
    said = running.until("listening")
    assert said["token"] == bool(token)
    return Watched(int(said["address"].rpartition(":")[2]), token)


@dataclass
class Hook:
    """Somebody who is told.

    Attributes:
        url: where.
        bodies: what was sent there.
    """

    url: str
    bodies: list[Any] = field(default_factory=list)

    def kinds(self) -> list[tuple[str, str]]:
        """What was told of what."""
        return [(body["kind"], one["resource"]) for body in self.bodies for one in body["resources"]]


@contextmanager
def hooked() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        hook = Hook(f"http://127.0.0.1:{server.server_address[1]}/a-secret-path")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()


def test_what_happens_is_seen_over_http_told_to_a_webhook_and_to_systemd(shell: Shell) -> None:
    """Everything is given by the environment, as a service has it."""
    shell.declare({"web": {}})
    with (
        hooked() as hook,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        Proxy(shell.engine.socket) as proxy,
    ):
        manager.bind(f"\0{shell.project}")
        told: list[str] = []

        def read() -> None:  # always: the socket holds few, and what it does not hold is lost
            while text := manager.recv(4096).decode():
                told.append(text)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()

        def manager_told(text: str, since: int = 0) -> None:
            wait_for(lambda: any(one.startswith(text) for one in told[since:]), f"{text} is told")

        shell.environ |= {
            "RECONCILER_FILE": str(shell.folder / "reconciler.yaml"),
            "RECONCILER_HOST": proxy.host,
            "RECONCILER_LISTEN": "0.0.0.0:0",
            "RECONCILER_TOKEN": TOKEN,
            "RECONCILER_NOTIFY": f"webhook={hook.url}",
            "RECONCILER_LOG_LEVEL": "debug",
            "NOTIFY_SOCKET": f"@{shell.project}",
            "WATCHDOG_USEC": "60000000",
        }
        with shell.start("watch") as running:
            http = watched(running, TOKEN)
            manager_told("READY=1")
            manager_told("WATCHDOG=1")
            http.until("/readyz", 200)
            running.until("cycle_done")
            wait_for(lambda: http.ask("/api/v1/status")[1]["projects"][0]["cycle"], "a cycle has ended")
            manager_told("STATUS=Projects: 1 as declared")
            assert http.ask("/healthz") == (200, {"healthy": True})
            assert Watched(http.port).ask("/metrics")[0] == 401

            shell.engine.docker("rm", "-f", shell.name("web"))
            http.ask(f"/api/v1/reconcile?project={shell.project}", "POST")
            running.until("cycle_done", 2)
            wait_for(lambda: ("mended", f"container {shell.name('web')}") in hook.kinds(), "drift is told")
            name = shell.project
            drift = f'reconciler_drift_total{{kind="container",operation="create",project="{name}"}} 2.0'
            wait_for(lambda: drift in http.ask("/metrics")[1], "drift is counted")
            assert "reconciler_engine_up 1.0" in http.ask("/metrics")[1]
            [planned] = http.ask(f"/api/v1/plan?project={name}")[1]["plans"]
            assert planned["plan"]["project"] == name

            shell.write("name: [")
            before = len(told)
            running.signal(signal.SIGHUP)
            manager_told("RELOADING=1\nMONOTONIC_USEC=", before)
            manager_told("READY=1", before)
            said = http.until("/readyz", 503)
            assert f"the spec of {name} is broken" in said["in_the_way"][0]
            assert Watched(http.port).ask("/readyz") == (503, {"ready": False})
            shell.declare({"web": {}})
            http.until("/readyz", 200)
            spec = f"spec {shell.folder / 'reconciler.yaml'}"
            wait_for(lambda: ("recovery", spec) in hook.kinds(), "the spec's recovery is told")
            assert ("failure", spec) in hook.kinds()

            proxy.close()
            http.ask("/api/v1/reconcile", "POST")
            assert "the Engine is away" in http.until("/readyz", 503)["in_the_way"][0]
            assert http.ask("/healthz")[0] == 200
            wait_for(lambda: ("failure", "the Engine") in hook.kinds(), "that it is away is told")

            running.signal(signal.SIGTERM)
            manager_told("STOPPING=1")
            assert running.end() == 0
            for secret in ("a-secret-path", TOKEN):
                assert secret not in running.err
        manager.shutdown(socket.SHUT_RDWR)
        reader.join(DEADLINE)


def test_nobody_else_may_ask_without_a_token(shell: Shell) -> None:
    shell.declare({"web": {}})
    done = shell.run("watch", "--listen", "0.0.0.0:0")
    assert done.code == 64
    assert "can be reached from other machines, and there is no token" in done.err
    assert shell.status("web") == "gone"


def test_a_log_that_nobody_reads_stops_neither_the_mending_nor_the_end(shell: Shell) -> None:
    """The fault "log output that blocks": the pipe is full before it begins."""
    shell.declare({"web": {}})
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writes, b"x" * 4096)
    with suppress(BlockingIOError):
        while True:
            os.write(writes, b"x")
    os.set_blocking(writes, True)
    process = subprocess.Popen(
        [*COMMAND, "watch", "--resync", "1", "--log-level", "debug", "--listen", "127.0.0.1:0"],
        cwd=shell.folder,
        env=shell.environment,
        stdin=subprocess.DEVNULL,
        stderr=writes,
        start_new_session=True,
    )
    try:
        os.close(writes)
        wait_for(lambda: shell.status("web") == "running", "it is begun")
        first = shell.id("web")
        shell.engine.docker("rm", "-f", shell.name("web"))
        wait_for(lambda: shell.status("web") == "running", "it is mended")
        assert shell.id("web") != first
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reads)


def test_the_unit_file_is_one(tmp_path: Path) -> None:
    """By systemd's own word, but for the command, which is installed nowhere here."""
    text = (PACKAGING / "docker-reconciler.service").read_text().replace("/usr/bin/reconciler", "/bin/true")
    unit = tmp_path / "docker-reconciler.service"
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
