"""An Engine for tests: private, thrown away, real."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

SCRIPT = Path(__file__).parents[2] / "scripts" / "engine"
BUSYBOX = "test-busybox:1"
PATIENCE = 120.0
"""Seconds that what is sure to come is waited for: many tests may run at once on a small machine."""
START_DEADLINE = 150.0
"""Seconds; the script itself gives up after 120."""

IN_MEMORY = "1g"
"""What an Engine's data may take of memory; some 20 MB is what it does take."""
ENOUGH_MEMORY = 4 << 20
"""KiB that must be available; with less, an Engine's data lies on disk."""

FETCH = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])) as reply:
    sys.stdout.buffer.write(reply.read())
"""


class EngineError(Exception):
    """No Engine, or one that refused; the message says why."""


@dataclass
class Engine:
    """One Engine, alive until `close`, or until this process ends, however it ends."""

    host: str
    """What DOCKER_HOST would be: `unix:///…`."""
    pid: int
    """Process 1 of its namespaces, as seen from here."""
    dockerd_pid: int
    log: Path
    enter: tuple[str, ...]
    """The command prefix that leads into its namespaces."""
    holder: subprocess.Popen[str]
    """`scripts/engine run`; with it the Engine goes."""
    dockerd: tuple[str, ...]
    """What runs dockerd, in there."""
    pidfile: Path
    path: str
    """PATH with this Engine's binaries first."""
    cgroup: str
    _again: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def start(cls, *options: str) -> Self:
        """Starts one; `options` are those of `scripts/engine run`.

        The environment says which Engine: RECONCILER_TEST_ENGINE_BIN and RECONCILER_TEST_ENGINE_CONFIG. Its data lies
        in memory where there is enough, because an Engine waits for the disk at each step of a container's life;
        RECONCILER_TEST_ENGINE_DATA=disk says otherwise.
        """
        given = list(options)
        if (folders := os.environ.get("RECONCILER_TEST_ENGINE_BIN")) and "--bin" not in given:
            given += ["--bin", folders]
        if (settings := os.environ.get("RECONCILER_TEST_ENGINE_CONFIG")) and "--config" not in given:
            given += ["--config", settings]
        if os.environ.get("RECONCILER_TEST_ENGINE_DATA") != "disk" and "--data" not in given and _enough_memory():
            given += ["--in-memory", IN_MEMORY]
        holder = subprocess.Popen(
            [sys.executable, str(SCRIPT), "run", *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for pytest, which then closes it
        )
        if holder.stdout is None:
            raise EngineError("no pipe")
        ready, _, _ = select.select([holder.stdout], [], [], START_DEADLINE)
        line = holder.stdout.readline() if ready else ""
        if not line:
            if not ready:
                holder.kill()
            _, complaint = holder.communicate()
            raise EngineError(complaint.strip() or f"scripts/engine said nothing for {START_DEADLINE:.0f} s")
        told = json.loads(line)
        return cls(
            host=told["host"],
            pid=told["pid"],
            dockerd_pid=told["dockerd_pid"],
            log=Path(told["log"]),
            enter=tuple(told["enter"]),
            holder=holder,
            dockerd=tuple(told["dockerd"]),
            pidfile=Path(told["pidfile"]),
            path=told["path"],
            cgroup=told["cgroup"],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def let_go(self) -> None:
        """Ends it, without waiting for its end."""
        for process in self._again:
            process.kill()
            process.wait()
        self._again.clear()
        if self.holder.stdin and not self.holder.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.holder.stdin.close()

    def close(self) -> None:
        """Ends it; returns when nothing of it is left. Does no harm when done twice."""
        self.let_go()
        if self.holder.stdout and not self.holder.stdout.closed:
            # At its end the keeper has cleared up, whatever became of the front.
            self.holder.stdout.read()
            self.holder.stdout.close()
        if self.holder.stderr:
            self.holder.stderr.close()
        self.holder.wait()

    # --- where it is --------------------------------------------------------------------------------------

    @property
    def socket(self) -> Path:
        """Its socket's path."""
        return Path(self.host.removeprefix("unix://"))

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.socket.parent

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, for commands that are to talk to this Engine and to no other."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        return ours | {
            "DOCKER_HOST": self.host,
            "DOCKER_CONFIG": str(self.folder / "client"),
            "PATH": self.path,
        }

    # --- talking to it ------------------------------------------------------------------------------------

    def docker(self, *arguments: str, given: bytes = b"", timeout: float = 120) -> str:
        """Runs the docker command against it; returns what it prints, raises `EngineError` where it fails."""
        done = subprocess.run(
            ["docker", *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise EngineError(f"docker {' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="replace").strip()

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        timeout: float = 60,
    ) -> Any:
        """One call of its API, some 1 ms; returns the reply's JSON (or text), raises `EngineError` above 399.

        A `body` of bytes is sent as it is, anything else as JSON; so are values of `query` that are no text.
        """
        if query:
            path += "?" + urlencode({key: v if isinstance(v, str) else json.dumps(v) for key, v in query.items()})
        kind = "application/json"
        if isinstance(body, bytes):
            kind = "application/x-tar"
        elif body is not None:
            body = json.dumps(body).encode()
        with contextlib.closing(_UnixConnection(self.socket, timeout)) as connection:
            connection.request(method, path, body=body, headers={"Content-Type": kind})
            with connection.getresponse() as reply:
                text = reply.read().decode(errors="replace")
        if reply.status >= 400:
            raise EngineError(f"{method} {path}: {reply.status} {text.strip()}")
        try:
            return json.loads(text)
        except ValueError:
            return text

    def inspect(self, container: str) -> Any:
        """A container, as the Engine tells it."""
        return self.call("GET", f"/containers/{quote(container)}/json")

    def ping(self, timeout: float = 2) -> bool:
        """Whether it answers."""
        try:
            return bool(self.call("GET", "/_ping", timeout=timeout) == "OK")
        except (OSError, EngineError, http.client.HTTPException):
            return False

    def run_inside(self, *command: str, timeout: float = 60) -> str:
        """Runs a command of this machine in the Engine's network; returns what it prints."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-n", "--", *command],
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise EngineError(f"{' '.join(command[:1])}: {lines[-1] if lines else done.returncode}")
        return done.stdout.decode(errors="replace")

    def fetch(self, url: str, *, timeout: float = PATIENCE) -> str:
        """What stands at a URL, seen from inside, where published ports are: `fetch("http://localhost:8080/")`.

        Tries again while nobody listens: a container that runs is not yet one that serves.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                return self.run_inside(sys.executable, "-ISc", FETCH, url, str(timeout), timeout=timeout + 10)
            except EngineError as problem:
                refused = re.search("refused|reset|closed connection", str(problem))
                if not refused or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    # --- hurting it (only `private_engine`s) ----------------------------------------------------------------

    def stop(self) -> None:
        """Stops dockerd in its tracks (SIGSTOP): connections are taken, nothing is answered."""
        os.kill(self.dockerd_pid, signal.SIGSTOP)
        threads = Path(f"/proc/{self.dockerd_pid}/task")
        wait_for(lambda: all(state(t) in "TZX" for t in threads.iterdir()), "all of dockerd has stopped")

    def cont(self) -> None:
        """Lets a stopped dockerd go on."""
        os.kill(self.dockerd_pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kills dockerd (SIGKILL); its containers live on, its socket refuses."""
        pid = self.dockerd_pid
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(pid), "dockerd has ended")

    def restart(self, timeout: float = 2 * PATIENCE) -> None:
        """Starts dockerd again after `kill`: in 0.4 s with --live-restore, else up to 11 s."""
        self.pidfile.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen([*self.enter, *self.dockerd], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._again.append(process)
        wait_for(lambda: self.ping() or process.poll() is not None, "dockerd answers again", timeout)
        if process.poll() is not None:
            raise EngineError(f"dockerd ended: {self.log.read_text(errors='replace')[-1000:]}")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        self.dockerd_pid = int(children[0])

    # --- tidying ------------------------------------------------------------------------------------------

    def remove_project(self, project: str) -> None:
        """Removes every container, network and volume that bears a project's labels or name.

        Once more where something is in the way: a command that was killed has left calls behind, which go on.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._remove_what_is_there(project)
            except EngineError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def _remove_what_is_there(self, project: str) -> None:
        labels = [f"{label}={project}" for label in ("io.reconciler.project", "com.docker.compose.project")]
        ours = re.compile(rf"/?{re.escape(project)}([-_.]|$)")

        def find(path: str, field_name: str, *, every: bool = False) -> list[dict[str, Any]]:
            query: dict[str, object] = {"all": "true"} if every else {}
            listed = self.call("GET", path, query=query)
            listed = listed["Volumes"] or [] if isinstance(listed, dict) else listed
            found = []
            for item in listed:
                names = item[field_name] if isinstance(item[field_name], list) else [item[field_name]]
                marks = {f"{key}={value}" for key, value in (item.get("Labels") or {}).items()}
                if marks & set(labels) or any(ours.match(name) for name in names):
                    found.append(item)
            return found

        with ThreadPoolExecutor(8) as pool:  # which takes a third of the time that one after the other does
            containers = [f"/containers/{one['Id']}" for one in find("/containers/json", "Names", every=True)]
            list(pool.map(lambda path: self._remove(path, {"force": "true", "v": "true"}), containers))
        for network in find("/networks", "Name"):
            self._remove(f"/networks/{network['Id']}")
        for volume in find("/volumes", "Name"):
            self._remove(f"/volumes/{quote(volume['Name'])}", {"force": "true"})

    def _remove(self, path: str, query: Mapping[str, object] | None = None) -> None:
        try:
            self.call("DELETE", path, query=query)
        except EngineError as problem:
            # Gone, or going: both are what is wanted.
            if not re.search(r": (404|409 .*already in progress)", str(problem)):
                raise

    # --- images -------------------------------------------------------------------------------------------

    def import_image(
        self,
        reference: str,
        files: Mapping[str, str | bytes] | None = None,
        *,
        changes: Iterable[str] = (),
    ) -> str:
        """Makes an image of busybox and `files` (absolute path → content); returns the reference.

        `changes` are instructions of a Dockerfile: `'CMD ["httpd", "-f"]'`.
        """
        repository, _, tag = reference.rpartition(":")
        query = [("fromSrc", "-"), ("repo", repository), ("tag", tag), *(("changes", c) for c in changes)]
        said = self.call("POST", f"/images/create?{urlencode(query)}", busybox_tar(files or {}))
        if "errorDetail" in str(said):
            raise EngineError(f"import of {reference}: {said}")
        return reference


def busybox_tar(files: Mapping[str, str | bytes]) -> bytes:
    """A file system with the machine's static busybox, all its commands, and more files."""
    binary = shutil.which("busybox")
    if not binary:
        raise EngineError("busybox is missing: apt-get install busybox-static")
    names = subprocess.run([binary, "--list"], capture_output=True, text=True, check=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def add(name: str, content: bytes, mode: int = 0o644) -> None:
            info = tarfile.TarInfo(name.lstrip("/"))
            info.size, info.mode = len(content), mode
            tar.addfile(info, io.BytesIO(content))

        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("www", 0o755)):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, mode
            tar.addfile(info)
        add("bin/busybox", Path(binary).read_bytes(), 0o755)
        for name in names:
            if name != "busybox":
                info = tarfile.TarInfo(f"bin/{name}")
                info.type, info.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(info)
        add("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
        add("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
        for name, content in files.items():
            add(name, content.encode() if isinstance(content, str) else content)
    return buffer.getvalue()


def _enough_memory() -> bool:
    """Whether an Engine's data may lie in memory."""
    available = re.search(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return available is not None and int(available[1]) >= ENOUGH_MEMORY


def wait_for(condition: Callable[[], object], what: str, timeout: float = PATIENCE) -> None:
    """Waits until `condition()` holds; fails with `what` was waited for."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:.0f} s: {what}")
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs (one that ended and was not yet reaped does not)."""
    return state(Path(f"/proc/{pid}")) not in "ZX"


def state(process: Path) -> str:
    """The state of a process or thread, given its folder in /proc: R, S, T (stopped), …; X: it is gone."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
