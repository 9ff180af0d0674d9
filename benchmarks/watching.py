"""What `watch` takes to mend what happens, beside the Engine's own time; and what it costs while nothing happens.

On a private Engine, all in one run, so that the ratios hold on any machine:

    .venv/bin/python -m benchmarks.watching                    # 30 rounds, then 1,000 containers, 600 s of rest
    .venv/bin/python -m benchmarks.watching --rounds 5 --containers 200 --rest 60

The many containers are made and not started, unless `--running` is given: to `watch` they are the same, to the machine
they are not.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.engine.client import Client
from reconciler.engine.endpoint import resolve
from reconciler.engine.events import events
from reconciler.errors import EngineError
from reconciler.state.output import Event
from tests.support.engine import BUSYBOX, Engine
from tests.support.proxy import Proxy

_DEADLINE = 120.0
_POLL_SECONDS = 0.005
_SLEEP = ["sleep", "100000"]
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
_TICKS = os.sysconf("SC_CLK_TCK")


class Events:
    """The events of containers, from when this was made on."""

    def __init__(self, client: Client) -> None:
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ready = threading.Event()
        threading.Thread(target=self._read, args=(client,), daemon=True).start()
        self._ready.wait(_DEADLINE)

    def _read(self, client: Client) -> None:
        try:
            with events(client, {"type": ["container"]}) as stream:
                self._ready.set()
                for event in stream:
                    self._queue.put(event)
        except EngineError:
            return  # the Engine has gone: the run is over

    def forget(self) -> None:
        """Forget what has come so far."""
        while not self._queue.empty():
            self._queue.get()

    def next(self, action: str, name: str) -> int:
        """When that happened to that container, in nanoseconds; waits for it, and forgets what came before."""
        end = time.monotonic() + _DEADLINE
        while True:
            event = self._queue.get(timeout=max(0.001, end - time.monotonic()))
            if event.action == action and event.name == name:
                return event.nanoseconds


class Watcher:
    """A `watch` of one spec, as a process of its own."""

    def __init__(self, spec: Path, proxy: Proxy) -> None:
        state = spec.parent / "state"
        environ = {**os.environ, "DOCKER_HOST": proxy.host, "RECONCILER_STATE_DIR": str(state)}
        command = [sys.executable, "-m", "reconciler", "watch", "-f", str(spec)]
        with (spec.parent / "log").open("wb") as log:
            self._process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        self._proxy = proxy

    def cpu(self) -> float:
        """The processor time that it has taken, in seconds."""
        words = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICKS

    def resident(self) -> float:
        """Its memory in MB."""
        return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * _PAGE_MB

    def settle(self) -> None:
        """Wait until it has rested for two seconds."""
        end, before, since = time.monotonic() + 10 * _DEADLINE, -1.0, time.monotonic()
        while time.monotonic() < end:
            if self._process.poll() is not None:
                sys.exit("watch has ended; its log is above")
            if (now := self.cpu()) > before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > 2:
                return
            time.sleep(0.1)

    def look_again(self) -> float:
        """Ask for a cycle; the processor time that it took."""
        before = self.cpu()
        self._process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        self.settle()
        return self.cpu() - before

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(_DEADLINE)


@contextmanager
def watched(folder: Path, proxy: Proxy, spec: Mapping[str, Any]) -> Iterator[tuple[Watcher, Path]]:
    """A `watch` of a spec, which has carried it out."""
    file = folder / "reconciler.yaml"
    save(file, spec)
    watcher = Watcher(file, proxy)
    try:
        watcher.settle()
        yield watcher, file
    except BaseException:
        sys.stderr.write((folder / "log").read_text()[-4000:])
        raise
    finally:
        watcher.close()


def save(file: Path, spec: Mapping[str, Any]) -> None:
    """As an editor does: JSON is YAML."""
    new = file.with_name("new")
    new.write_text(json.dumps(spec))
    new.replace(file)


def _container(**more: Any) -> dict[str, Any]:
    return {"image": BUSYBOX, "command": _SLEEP, "init": True, "pull_policy": "never", **more}


def mending(engine: Engine, folder: Path, proxy: Proxy, client: Client, rounds: int) -> None:
    """How long each sort of harm lasts."""
    spec = {
        "name": "bench",
        "networks": {"front": {}},
        "containers": {"web": _container(networks=["default", "front"], mem_limit="64m")},
    }
    engine.docker("network", "create", "bare")
    engine.docker("create", "--init", "--name", "bare", "--network", "bare", "-m", "64m", BUSYBOX, *_SLEEP)
    engine.docker("network", "connect", "bridge", "bare")  # in two networks, as the one that is watched
    engine.docker("start", "bare")
    heard = Events(client)
    bare = [_killed(client, heard, "bare", _start_again) for _ in range(rounds)]
    print(f"the Engine's own start, in a loop that only waits for `die`: {_ms(bare)}")
    with watched(folder, proxy, spec) as (watcher, file):
        name = "bench-web-1"
        taken = [_killed(client, heard, name, lambda *_: None) for _ in range(rounds)]
        more = statistics.median(taken) - statistics.median(bare)
        ratio = statistics.median(taken) / statistics.median(bare)
        print(f"killed → running again:                 {_ms(taken)}, {more * 1000:+.0f} ms, ratio {ratio:.2f}")
        id_ = client.get(f"/containers/{name}/json")["Id"]

        def harm(what: str, do: Callable[[], Any], is_mended: Callable[[dict[str, Any]], bool]) -> None:
            found = [_mended(watcher, client, name, do, is_mended) for _ in range(max(1, rounds // 3))]
            print(f"{what + ' → mended:':<40}{_ms(found)}")

        less = {"Memory": 32 << 20, "MemorySwap": 64 << 20}
        path = f"/containers/{id_}"
        harm(
            "updated", lambda: client.post(f"{path}/update", less), lambda now: now["HostConfig"]["Memory"] == 64 << 20
        )
        harm(
            "disconnected",
            lambda: client.post("/networks/bench_front/disconnect", {"Container": id_}),
            lambda now: "bench_front" in now["NetworkSettings"]["Networks"],
        )
        harm("paused", lambda: client.post(f"{path}/pause"), lambda now: now["State"]["Status"] == "running")
        harm(
            "renamed",
            lambda: client.post(f"{path}/rename", params={"name": "other"}),
            lambda now: now["Name"] == f"/{name}",
        )
        harm(
            "removed by force",
            lambda: client.delete(f"/containers/{name}", params={"force": "1"}),
            lambda now: now["State"]["Status"] == "running",
        )
        saved = []
        for number in range(max(1, rounds // 3)):
            watcher.settle()
            spec["containers"]["web"]["mem_limit"] = f"{65 + number}m"  # type: ignore[index]
            heard.forget()
            began = time.time_ns()
            save(file, spec)
            saved.append((heard.next("update", name) - began) / 1e9)
        print(f"{'spec saved → the first action done:':<40}{_ms(saved)}")


def _killed(client: Client, heard: Events, name: str, then: Callable[[Client, str], None]) -> float:
    """Kill a container; the seconds between its end and its start."""
    heard.forget()
    client.post(f"/containers/{name}/kill")
    died = heard.next("die", name)
    then(client, name)
    started = heard.next("start", name)
    time.sleep(0.5)  # it runs for a moment: else it would be a crash loop
    return (started - died) / 1e9


def _start_again(client: Client, name: str) -> None:
    client.post(f"/containers/{name}/start")


def _mended(
    watcher: Watcher, client: Client, name: str, do: Callable[[], Any], is_mended: Callable[[dict[str, Any]], bool]
) -> float:
    watcher.settle()
    do()
    began = time.monotonic()
    while time.monotonic() < began + _DEADLINE:
        try:
            if is_mended(client.get(f"/containers/{name}/json")):
                return time.monotonic() - began
        except EngineError:
            pass  # it is not there, under that name
        time.sleep(_POLL_SECONDS)
    sys.exit(f"{name} was not mended within {_DEADLINE:g} s")


def resting(folder: Path, proxy: Proxy, size: int, rest: float, *, running: bool) -> None:
    """What many containers cost that stand still."""
    state = {} if running else {"state": "stopped"}
    spec = {"name": "many", "containers": {f"c{number}": _container(**state) for number in range(size)}}
    with watched(folder, proxy, spec):
        pass  # made: who watches them from now on has made nothing
    with watched(folder, proxy, spec) as (watcher, _):
        print(f"{size} containers, after the start:        {watcher.resident():.1f} MB")
        cycles = [watcher.look_again() for _ in range(3)]
        print(f"SIGHUP: all read, listed, planned again: {_ms(cycles)} of a processor")
        proxy.clear()
        before, began = watcher.cpu(), time.monotonic()
        time.sleep(rest)
        share = (watcher.cpu() - before) / (time.monotonic() - began)
        calls = [str(request) for request in proxy.requests]
        lists = sum(call == "GET /containers/json" for call in calls)
        print(f"{rest:g} s of rest:                          {share:.3%} of a core, {watcher.resident():.1f} MB")
        print(f"calls meanwhile:                        {len(calls)}, of {lists} full lists")


def _ms(found: list[float]) -> str:
    return f"{statistics.median(found) * 1000:.0f} ms (median of {len(found)}, at most {max(found) * 1000:.0f})"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--containers", type=int, default=1000)
    parser.add_argument("--rest", type=float, default=600.0, help="seconds")
    parser.add_argument("--running", action="store_true", help="start the many containers")
    given = parser.parse_args()
    with Engine.start() as engine, Proxy(engine.socket) as proxy, tempfile.TemporaryDirectory() as temporary:
        engine.import_image(BUSYBOX, changes=['CMD ["sh"]'])
        with Client.connect(resolve(engine.host, None, {}, Path.home())) as client:
            print(f"Engine {client.about.version}")
            for name in ("one", "many"):
                (Path(temporary) / name).mkdir()
            if given.rounds:
                mending(engine, Path(temporary) / "one", proxy, client, given.rounds)
            if given.containers:
                resting(Path(temporary) / "many", proxy, given.containers, given.rest, running=given.running)


if __name__ == "__main__":
    main()
