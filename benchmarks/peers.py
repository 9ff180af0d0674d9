"""The command beside Docker Compose and beside the Engine's own limit, in one run, on a real Engine of its own.

    .venv/bin/python -m benchmarks.peers --containers 10 50 200 --engine system sid sid-containerd
    .venv/bin/python -m benchmarks.peers --containers 1000 --peers raw ours --changed 1% --rounds 1
    .venv/bin/python -m benchmarks.peers --containers 50 --peers raw before ours --before ../other-checkout

Each brings up so many containers on one network, has nothing to do, changes one (or `--changed`), and takes all down.
The limit is the Engine's API, called by eight threads (or `--at-once`) with nothing between the calls: it stops with
the same grace time, and removes then. It needs root, as tests do.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.support import compose
from tests.support.engine import Engine

ROOT = Path(__file__).parents[1]
PROJECT = "bench"
IMAGE = "bench:1"
IDLE = ["sh", "-c", "trap 'exit 0' TERM; sleep 99999 & wait"]
STEPS = ("up", "no-op", "change", "down")
CONTAINERD = '{"features": {"containerd-snapshotter": true}}'


@dataclass(frozen=True)
class Took:
    """What one step took.

    Attributes:
        wall: seconds.
        cpu: seconds of processor time of the process that did it, without the Engine's.
        memory: the most that it had, in MiB; 0 where nobody measures it.
    """

    wall: float
    cpu: float
    memory: float = 0.0


class Peer(Protocol):
    """One of those that are compared."""

    def step(self, what: str, size: int, changed: int) -> Took:
        """Take a step, from where the one before ended."""
        ...


# --- commands ---------------------------------------------------------------------------------------------------------


@dataclass
class Command:
    """A peer that is a command, with a spec in a file.

    Attributes:
        engine: what it talks to.
        file: the spec.
        section: what containers are called in it.
        words: the command.
        steps: its arguments for each step.
        root: the checkout that it runs, where it is ours.
    """

    engine: Engine
    file: Path
    section: str
    words: list[str]
    steps: dict[str, list[str]]
    root: Path = ROOT

    def step(self, what: str, size: int, changed: int) -> Took:
        """Write the spec as it is to be, and run the command."""
        new = range(changed) if what in {"change", "down"} else range(0)
        containers = {
            f"web{n:04}": {"image": IMAGE, "command": IDLE, "environment": {"V": "2" if n in new else "1"}}
            for n in range(size)
        }
        self.file.write_text(json.dumps({"name": PROJECT, self.section: containers}))
        # Without the files that Python keeps of its modules, nothing would be measured but compiling them.
        environ = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environ |= {"DOCKER_HOST": self.engine.host, "PYTHONPATH": str(self.root)}
        began = time.monotonic()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen([*self.words, *self.steps[what]], env=environ, stdout=said, stderr=said)
            _, status, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said.seek(0)
                raise SystemExit(f"{what}: {said.read().decode()[-2000:]}")
        return Took(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def ours(engine: Engine, folder: Path, root: Path = ROOT) -> Command:
    """This command, as it is in a checkout."""
    file = folder / "reconciler.yaml"
    apply = ["apply", "-y", "-q", "-f", str(file)]
    steps = {"up": apply, "no-op": apply, "change": apply, "down": ["down", "-y", "-q", "-f", str(file)]}
    return Command(engine, file, "containers", [sys.executable, "-P", "-m", "reconciler"], steps, root)


def docker_compose(engine: Engine, folder: Path) -> Command:
    """Docker Compose."""
    file = folder / "compose.yaml"
    up = ["-f", str(file), "up", "-d"]
    steps = {"up": up, "no-op": up, "change": up, "down": ["-f", str(file), "down"]}
    return Command(engine, file, "services", [str(compose.program())], steps)


# --- the limit --------------------------------------------------------------------------------------------------------


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


class Raw:
    """The Engine's API, with nothing between the calls."""

    def __init__(self, engine: Engine, at_once: int = 8) -> None:
        self._engine = engine
        self._at_once = at_once
        self._ids: list[str] = []
        self._network = ""

    def step(self, what: str, size: int, changed: int) -> Took:
        """Make the calls of a step."""
        steps: dict[str, Callable[[], object]] = {
            "up": lambda: self._up(size),
            "no-op": self._look,
            "change": lambda: self._change(changed),
            "down": self._down,
        }
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        steps[what]()
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
        return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        connection = _Connection(self._engine.host.removeprefix("unix://"))
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            if reply.status >= 400:
                raise SystemExit(f"{method} {path}: {text.decode()}")
            return json.loads(text) if text.strip() else None
        finally:
            connection.close()

    def _all(self, call: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        with ThreadPoolExecutor(self._at_once) as pool:
            return list(pool.map(call, items))

    def _up(self, size: int) -> None:
        self._network = f"{PROJECT}_raw"
        self._call("POST", "/networks/create", {"Name": self._network})
        self._ids = self._all(self._make, range(size))

    def _make(self, number: int) -> str:
        body = {"Image": IMAGE, "Cmd": IDLE, "Env": ["V=1"], "HostConfig": {"NetworkMode": self._network}}
        made: str = self._call("POST", f"/containers/create?name={PROJECT}-raw{number}", body)["Id"]
        self._call("POST", f"/containers/{made}/start")
        return made

    def _look(self) -> None:
        self._call("GET", "/containers/json?all=1")
        self._all(lambda one: self._call("GET", f"/containers/{one}/json"), self._ids)

    def _change(self, changed: int) -> None:
        def replace(number: int) -> None:
            self._end(self._ids[number])
            self._ids[number] = self._make(number)

        self._look()
        self._all(replace, range(changed))

    def _end(self, container: str) -> None:
        self._call("POST", f"/containers/{container}/stop")
        self._call("DELETE", f"/containers/{container}")

    def _down(self) -> None:
        self._all(self._end, self._ids)
        self._call("DELETE", f"/networks/{self._network}")


# --- all of them ------------------------------------------------------------------------------------------------------


Results = dict[tuple[int, str, str], list[Took]]
"""By size, step and peer: one of each round."""


def measure(peers: dict[str, Peer], sizes: list[int], rounds: int, changed: str) -> Results:
    """Every step of every peer, in turn."""
    found: Results = defaultdict(list)
    names = list(peers)
    for size in sizes:
        for number in range(rounds):
            # Each begins once: what the machine does meanwhile, and what the Engine learns, hits all of them.
            for name in names[number % len(names) :] + names[: number % len(names)]:
                for step in STEPS:
                    took = peers[name].step(step, size, how_many(changed, size))
                    found[size, step, name].append(took)
                    print(f"{size} {name} {step}: {took.wall:.2f} s", file=sys.stderr)
    return found


def how_many(changed: str, size: int) -> int:
    """`3` of them, or `1%` of them; at least one, and no more than there are."""
    part = size * float(changed[:-1]) / 100 if changed.endswith("%") else int(changed)
    return min(max(round(part), 1), size)


def table(found: Results, names: list[str]) -> str:
    """The medians as a table in Markdown, each with its ratio to the raw calls; of several rounds the fastest, too."""
    others = [name for name in names if name != "raw"]
    several = max(map(len, found.values())) > 1
    kinds = [*(["fastest"] if several else []), "a container", "CPU", "MiB"]
    last = [f"{name}: {what}" for what in kinds for name in others]
    head = ["containers", "step", *names, *last]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for size, step in dict.fromkeys((size, step) for size, step, _ in found):
        took = {name: found[size, step, name] for name in names}
        wall = {name: statistics.median(one.wall for one in took[name]) for name in names}
        least = {name: min(one.wall for one in took[name]) for name in names}
        cells = [f"{wall[name]:.2f} s{_ratio(wall, name)}" for name in names]
        fastest = [f"{least[name]:.2f} s{_ratio(least, name)}" for name in others if several]
        each = [f"{wall[name] / size * 1000:.0f} ms" for name in others]
        cpu = [f"{statistics.median(one.cpu for one in took[name]):.2f} s" for name in others]
        memory = [f"{max(one.memory for one in took[name]):.0f}" for name in others]
        lines.append(f"| {' | '.join([str(size), step, *cells, *fastest, *each, *cpu, *memory])} |")
    return "\n".join(lines)


def _ratio(seconds: dict[str, float], name: str) -> str:
    return f" ({seconds[name] / seconds['raw']:.2f})" if name != "raw" and "raw" in seconds else ""


def start(name: str) -> Engine:
    """An Engine of its own: the system's, or one that `scripts/test --engine` has unpacked."""
    if name == "system":
        return Engine.start()
    suite = name.removesuffix("-containerd")
    folder = ROOT / ".engine" / suite / "usr"
    if not folder.is_dir():
        raise SystemExit(f"{folder} is missing: `scripts/test --engine {suite} -k nothing` unpacks it")
    options = ["--bin", f"{folder / 'sbin'}:{folder / 'bin'}"]
    return Engine.start(*options, *(["--config", CONTAINERD] if name.endswith("-containerd") else []))


def on(name: str, given: argparse.Namespace) -> str:
    """Measure on one Engine; what was found, in Markdown."""
    with start(name) as engine, tempfile.TemporaryDirectory() as state, tempfile.TemporaryDirectory() as folder:
        os.environ["RECONCILER_STATE_DIR"] = state
        engine.import_image(IMAGE)
        makers: dict[str, Callable[[], Peer]] = {
            "raw": lambda: Raw(engine, given.at_once),
            "ours": lambda: ours(engine, Path(folder)),
            "before": lambda: ours(engine, Path(folder), given.before.resolve()),
            "Compose": lambda: docker_compose(engine, Path(folder)),
        }
        peers = {peer: makers[peer]() for peer in given.peers}
        found = measure(peers, given.containers, given.rounds, given.changed)
        version = engine.call("GET", "/version")["Version"]
        said = f"Engine {version} ({name}), medians of {given.rounds}, raw with {given.at_once} calls at once:"
        return f"{said}\n\n{table(found, given.peers)}\n"


def main() -> None:
    """Measure, and print."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    engines = ["system", "sid", "sid-containerd", "trixie"]
    known = ["raw", "ours", "before", "Compose"]
    asked.add_argument("--engine", nargs="+", choices=engines, default=["system"], help="which Engines, in turn")
    asked.add_argument("--containers", nargs="+", type=int, default=[10, 50, 200], help="how many, in turn")
    asked.add_argument("--rounds", type=int, default=3, help="how often each is measured; the median counts")
    asked.add_argument("--peers", nargs="+", choices=known, default=["raw", "ours", "Compose"], help="who is measured")
    asked.add_argument("--before", type=Path, help="a checkout of another version, for the peer of that name")
    asked.add_argument("--changed", default="1", help="how many containers `change` changes: 1, 3, 1%%")
    asked.add_argument("--at-once", type=int, default=8, help="how many raw calls at once")
    given = asked.parse_args()
    if ("before" in given.peers) is not (given.before is not None):
        asked.error("`--peers … before` and `--before FOLDER` belong together")
    for name in given.engine:
        print(on(name, given), flush=True)


if __name__ == "__main__":
    main()
