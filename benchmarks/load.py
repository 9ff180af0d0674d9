"""Loading specs: against PyYAML's C loader alone, and files that are made to hurt.

A hostile file is loaded by a process of its own, whose time and memory are its whole: Python and the imports too.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import yaml

from benchmarks.hostile import HOSTILE
from reconciler.errors import SpecError
from reconciler.spec.loader import load

_CONTAINER = """\
  web{n}:
    image: registry.example.com/shop/web:{n}
    command: ["serve", "--port", "80"]
    environment: {{TZ: UTC, NUMBER: "{n}", GREETING: "hello ${{USER:-nobody}}"}}
    labels: {{tier: web, team: shop}}
    ports: ["127.0.0.1::80", "9000"]
    volumes: ["data:/data", "./conf:/etc/web:ro"]
    networks: {{back: {{aliases: [api{n}]}}}}
    restart: unless-stopped
    mem_limit: 64m
    healthcheck: {{test: ["CMD", "true"], interval: 30s}}
"""


def spec(containers: int) -> str:
    """A spec of so many containers, as people write them."""
    body = "".join(_CONTAINER.format(n=n) for n in range(containers))
    return f"name: shop\ncontainers:\n{body}networks: {{back: {{}}}}\nvolumes: {{data: {{}}}}\n"


def _seconds(what: Callable[[], object], runs: int = 7) -> float:
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        what()
        taken.append(time.perf_counter() - start)
    return median(taken)


def _hostile(name: str, folder: Path) -> tuple[float, int]:
    """Seconds and bytes of memory of one process that loads it."""
    path = folder / "spec.yaml"
    path.write_text(HOSTILE[name])
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", str(path)], capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, int(done.stdout.splitlines()[-1])


def load_one(path: str) -> None:
    """Load a file, print what is said of it, and how much memory that took."""
    try:
        load(path)
    except SpecError as error:
        print(error.message.splitlines()[0][:100])
    # Not getrusage's, which has the memory of the process in it that started this one.
    status = Path("/proc/self/status").read_text()
    print(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) << 10)


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (10, 100, 1_000):
            text = spec(count)
            path = folder / "spec.yaml"
            path.write_text(text)
            ours = _seconds(lambda path=path: load(path))  # type: ignore[misc]
            alone = _seconds(lambda text=text: yaml.load(text, Loader=yaml.CSafeLoader))  # type: ignore[misc]
            print(
                f"{count:>5} containers  {ours * 1000:7.1f} ms  CSafeLoader alone {alone * 1000:7.1f} ms"
                f"  ratio {ours / alone:.2f}"
            )
        print()
        for what in HOSTILE:
            seconds, memory = _hostile(what, folder)
            print(f"{what:<32} {seconds:6.2f} s  {memory / 1e6:5.0f} MB")


if __name__ == "__main__":
    load_one(sys.argv[1]) if len(sys.argv) > 1 else main()
