"""`watch` for as long as you like, while a script does random harm to what it keeps.

    .venv/bin/python -m benchmarks.soaking --minutes 60 --seed 1

On a private Engine: ten containers on two networks, harmed through the Engine's API at random moments: killed, stopped,
paused, renamed, removed, changed, cut off from a network, several at once; and the spec is broken, mended and changed.
Afterwards the plan has to be empty and each container its own. It tells how much memory the watch had at first and at
last, and what it did by its log, and exits with 1 where it did not converge.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.engine import BUSYBOX, Engine, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = [f"s{number}" for number in range(10)]
_PROJECT = "soak"
_IDLE = ["sh", "-c", "trap 'exit 0' TERM; sleep 99999 & wait"]
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SETTLE_SECONDS = 120.0


@dataclass
class Soak:
    """One run.

    Attributes:
        engine: a private one.
        folder: of the spec.
        chance: where the harm comes from.
    """

    engine: Engine
    folder: Path
    chance: random.Random
    done: collections.Counter[str] = field(default_factory=collections.Counter)
    _version: int = 0

    def write(self, text: str = "") -> None:
        """The spec."""
        containers: dict[str, Any] = {
            name: {"image": BUSYBOX, "command": _IDLE, "networks": ["front", "back"], "pids_limit": 50}
            for name in _NAMES
        }
        containers["s0"]["environment"] = {"VERSION": str(self._version)}
        spec = {"name": _PROJECT, "containers": containers, "networks": {"front": {}, "back": {}}}
        (self.folder / "reconciler.yaml").write_text(text or json.dumps(spec))

    def harm(self) -> None:
        """Something, to somebody."""
        kinds: dict[str, Callable[[str], Any]] = {
            "kill": lambda one: self.engine.call("POST", f"/containers/{one}/kill"),
            "stop": lambda one: self.engine.call("POST", f"/containers/{one}/stop?t=1"),
            "pause": lambda one: self.engine.call("POST", f"/containers/{one}/pause"),
            "remove": lambda one: self.engine.call("DELETE", f"/containers/{one}?force=1"),
            "rename": lambda one: self.engine.call("POST", f"/containers/{one}/rename?name={one}-elsewhere"),
            "update": lambda one: self.engine.call("POST", f"/containers/{one}/update", {"PidsLimit": 99}),
            "disconnect": lambda one: self.engine.call(
                "POST", f"/networks/{_PROJECT}_back/disconnect", {"Container": one, "Force": True}
            ),
            "break the spec": lambda _one: self.write("name: soak\ncontainers: [oops\n"),
            "mend the spec": lambda _one: self.write(),
            "change the spec": lambda _one: self._change(),
        }
        kind = self.chance.choice(list(kinds))
        name = f"{_PROJECT}-{self.chance.choice(_NAMES)}-1"
        try:
            kinds[kind](name)
        except EngineError:
            self.done["too late"] += 1  # another harm, or the mending, was quicker
        else:
            self.done[kind] += 1

    def _change(self) -> None:
        self._version += 1
        self.write()

    def reconciler(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the command finds."""
        root, state = Path(__file__).parents[1], self.folder / "state"
        return {**self.engine.environment, "PYTHONPATH": str(root), "RECONCILER_STATE_DIR": str(state)}

    def settled(self, seconds: float) -> bool:
        """Whether the plan is empty within so long."""
        end = time.monotonic() + seconds
        while self.reconciler("plan", "--detailed-exitcode").returncode:
            if time.monotonic() > end:
                return False
            time.sleep(1)
        return True


def memory(pid: int) -> float:
    """The resident memory of a process, in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


def processor(pid: int) -> float:
    """The processor time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(minutes: float, seed: int, folder: Path) -> bool:
    """Soak, and tell; whether it converged."""
    with Engine.start() as engine:
        engine.import_image(BUSYBOX, changes=['CMD ["sh"]'])
        soak = Soak(engine, folder, random.Random(seed))
        soak.write()
        log = folder / "log"
        with log.open("wb") as output:
            watch = subprocess.Popen(
                [sys.executable, "-m", "reconciler", "watch"], cwd=folder, env=soak.environment, stderr=output
            )
            try:
                good = _soak(soak, watch.pid, minutes)
            finally:
                watch.send_signal(signal.SIGTERM)
                code = watch.wait(60)
        _tell(log, soak)
        print(f"the watch ended with {code}")
        return good and not code


def _soak(soak: Soak, pid: int, minutes: float) -> bool:
    if not soak.settled(_SETTLE_SECONDS):
        print("it did not come up")
        return False
    first, end, rounds = memory(pid), time.monotonic() + minutes * 60, 0
    while time.monotonic() < end:
        for _ in range(soak.chance.choice([1, 1, 1, 2, 5])):
            soak.harm()
        rounds += 1
        time.sleep(soak.chance.choice([0.1, 1, 3, 10]))
    soak.write()
    began = time.monotonic()
    good = soak.settled(_SETTLE_SECONDS)
    print(f"{rounds} rounds of harm, in {minutes:g} minutes: {dict(sorted(soak.done.items()))}")
    print(f"the plan is {'empty' if good else 'NOT EMPTY'} after {time.monotonic() - began:.1f} s")
    print(f"memory: {first:.1f} MB at first, {memory(pid):.1f} MB at last")
    used = processor(pid)
    time.sleep(10)
    print(f"at rest: {(processor(pid) - used) / 10:.2%} of a core")
    running = soak.engine.docker("ps", "--format", "{{.Names}}").split()
    return good and sorted(running) == [f"{_PROJECT}-{name}-1" for name in _NAMES]


def _tell(log: Path, soak: Soak) -> None:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    events = collections.Counter(line["event"] for line in lines)
    actions = collections.Counter(line["action"] for line in lines if line["event"] == "action_done")
    print(f"events of the log: {dict(events.most_common())}")
    print(f"actions: {dict(actions.most_common())}")
    cycles = [line["seconds"] for line in lines if line["event"] == "cycle_done"]
    if cycles:
        print(f"{len(cycles)} cycles that mended, the median in {sorted(cycles)[len(cycles) // 2]} s")
    for line in lines:
        if line["event"] in {"events_missed", "cycle_broke"}:
            print(line)
    if not soak.settled(0):
        print(soak.reconciler("plan").stdout)


def main() -> None:
    """Read the command line, and soak."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if run(given.minutes, given.seed, Path(folder)) else 1)


if __name__ == "__main__":
    main()
