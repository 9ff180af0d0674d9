"""The tests' own tools: the throwaway Engine and the proxy in front of it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.engine import BUSYBOX, PATIENCE, Engine, EngineError, alive, wait_for
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def proxy(engine: Engine) -> Iterator[Proxy]:
    with Proxy(engine.socket) as started:
        yield started


def via(proxy: Proxy, engine: Engine, *arguments: str, given: bytes = b"") -> str:
    return engine.docker("--host", proxy.host, *arguments, given=given)


def cgroups(engine: Engine) -> list[Path]:
    return [*Path("/sys/fs/cgroup").glob(engine.cgroup), *Path("/sys/fs/cgroup").glob(f"*/{engine.cgroup}")]


# --- the Engine ---------------------------------------------------------------------------------------------


def test_it_answers_and_serves_a_page(engine: Engine, project: str, busybox_image: str) -> None:
    assert engine.ping()
    engine.docker(
        "run", "-d", "--name", f"{project}-web-1", "-p", "8080:80", "-m", "32m", busybox_image,
        "sh", "-c", "echo hello >/www/index.html && exec httpd -f -p 80 -h /www",
    )  # fmt: skip
    assert engine.fetch("http://localhost:8080/") == "hello\n"
    assert engine.inspect(f"{project}-web-1")["HostConfig"]["Memory"] == 32 << 20


def test_it_is_not_the_machines_network(engine: Engine) -> None:
    ours, its = (Path(f"/proc/{pid}/ns/net").readlink() for pid in ("self", engine.pid))
    assert ours != its


def test_what_a_project_leaves_is_removed(engine: Engine, project: str, busybox_image: str) -> None:
    label = f"io.reconciler.project={project}"
    engine.docker("network", "create", f"{project}_default")
    engine.docker("volume", "create", "--label", label, "named-otherwise")
    engine.docker("run", "-d", "--label", label, "--network", f"{project}_default", busybox_image, "sleep", "9")
    engine.docker("create", "--name", f"{project}x-of-another", busybox_image)

    engine.remove_project(project)

    assert engine.docker("ps", "-aq", "--filter", f"label={label}") == ""
    assert project not in engine.docker("network", "ls")
    assert "named-otherwise" not in engine.docker("volume", "ls")
    assert engine.docker("rm", f"{project}x-of-another")


def test_a_refused_command_says_why(engine: Engine) -> None:
    with pytest.raises(EngineError, match="No such container"):
        engine.docker("inspect", "--type", "container", "nobody")
    with pytest.raises(EngineError, match="404"):
        engine.inspect("nobody")


@pytest.mark.parametrize("victim", ["front", "keeper", "stopped"])
def test_everything_vanishes_when_its_holder_is_killed(private_engine: Callable[..., Engine], victim: str) -> None:
    engine = private_engine()
    engine.import_image(BUSYBOX)
    container = engine.docker("run", "-d", "-v", "some:/data", BUSYBOX, "sleep", "1000")
    processes = [engine.pid, engine.dockerd_pid, engine.holder.pid]
    inside = Path(f"/proc/{engine.dockerd_pid}/ns/pid").readlink()
    assert cgroups(engine)
    assert engine.inspect(container)["State"]["Running"]

    children = Path(f"/proc/{engine.holder.pid}/task/{engine.holder.pid}/children").read_text().split()
    if victim == "stopped":
        engine.stop()
    # The namespace is held open, or else its number might go to one that another Engine makes meanwhile.
    with Path(f"/proc/{engine.dockerd_pid}/ns/pid").open("rb"):
        os.kill(int(children[0]) if victim == "keeper" else engine.holder.pid, signal.SIGKILL)
        wait_for(lambda: not engine.folder.exists(), "its folder is gone")
        wait_for(lambda: not any(map(alive, processes)), "its processes are gone")
        assert not cgroups(engine)
        left = [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit() and in_namespace(entry, inside)]
        assert not left


def in_namespace(process: Path, namespace: Path) -> bool:
    try:
        return (process / "ns/pid").readlink() == namespace
    except OSError:
        return False


def test_a_stopped_one_goes_on(private_engine: Callable[..., Engine]) -> None:
    engine = private_engine()
    engine.stop()
    assert not engine.ping(timeout=0.3)
    engine.cont()
    wait_for(engine.ping, "it answers again")


def test_a_killed_one_comes_back_with_its_containers(private_engine: Callable[..., Engine]) -> None:
    engine = private_engine("--live-restore")
    engine.import_image(BUSYBOX)
    container = engine.docker("run", "-d", BUSYBOX, "sleep", "1000")
    engine.kill()
    assert not engine.ping()
    engine.restart()
    assert engine.inspect(container)["State"]["Running"]


def test_several_at_once(private_engine: Callable[..., Engine]) -> None:
    engines: list[Engine] = []
    threads = [threading.Thread(target=lambda: engines.append(private_engine())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [engine.ping(timeout=30) for engine in engines] == [True] * 3
    assert len({engine.call("GET", "/info")["ID"] for engine in engines}) == 3


def test_one_that_cannot_start_says_why() -> None:
    with pytest.raises(EngineError, match=r"(?s)no Engine could be started.*nonsense"):
        Engine.start("--config", '{"nonsense": 1}')


# --- the proxy ----------------------------------------------------------------------------------------------


def test_the_proxy_tells_what_changes(proxy: Proxy, engine: Engine, project: str, busybox_image: str) -> None:
    via(proxy, engine, "ps")
    assert proxy.requests
    assert proxy.changing() == []
    via(proxy, engine, "create", "--name", f"{project}-a", busybox_image)
    assert [str(request) for request in proxy.changing()] == ["POST /containers/create"]
    assert f"name={project}-a" in proxy.changing()[0].query
    proxy.clear()
    assert proxy.requests == []


def test_the_proxy_keeps_connections_and_counts_each_request(proxy: Proxy) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(proxy.socket))
        # A chunked body, split at the worst places, with another request right behind it.
        for piece in (
            b"POST /v1.41/containers/cre", b"ate HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n",
            b"Transfer-Encoding: chunked\r\n\r", b"\n5\r\n{\"a\":\r\n2", b"\r\n1}\r\n0\r\n\r", b"\n",
            b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n",
        ):  # fmt: skip
            client.sendall(piece)
            time.sleep(0.01)
        said = b"".join(iter(lambda: client.recv(4096), b""))
    assert said.count(b"HTTP/1.1 ") == 2
    assert [str(request) for request in proxy.requests] == ["POST /containers/create", "GET /_ping"]


def test_the_proxy_passes_streams_and_hijacked_connections(
    proxy: Proxy, engine: Engine, project: str, busybox_image: str
) -> None:
    with socket.socket(socket.AF_UNIX) as events:
        events.settimeout(PATIENCE)
        events.connect(str(proxy.socket))
        events.sendall(b"GET /events HTTP/1.1\r\nHost: d\r\n\r\n")
        wait_for(lambda: len(proxy.requests) == 1, "the request came by")
        name = f"{project}-echo"
        said = via(proxy, engine, "run", "-i", "--name", name, busybox_image, "cat", given=b"to and fro")
        assert said == "to and fro"
        seen = b""
        while b'"Action":"die"' not in seen:
            seen += events.recv(65536)
    assert any(str(request).endswith("/attach") for request in proxy.changing())
    big = via(proxy, engine, "save", busybox_image)
    assert len(big) > 500_000


@pytest.mark.parametrize(("when", "created"), [("before", False), ("after", True)])
def test_the_proxy_cuts(
    proxy: Proxy, engine: Engine, project: str, busybox_image: str, when: str, created: bool
) -> None:
    def create(name: str) -> None:
        connection = http.client.HTTPConnection("docker")
        with socket.socket(socket.AF_UNIX) as connection.sock:
            connection.sock.connect(str(proxy.socket))
            body = json.dumps({"Image": busybox_image})
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/containers/create?name={project}-{name}", body, headers)
            with connection.getresponse() as reply:
                assert reply.status == 201
                reply.read()

    proxy.cut("POST /containers/create", nth=2, when="before" if when == "before" else "after")
    create("first")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        create("second")
    create("third")
    assert len(proxy.changing()) == 3
    names = engine.docker("ps", "-a", "--format", "{{.Names}}").split()
    assert f"{project}-first" in names
    assert f"{project}-third" in names
    assert (f"{project}-second" in names) == created
