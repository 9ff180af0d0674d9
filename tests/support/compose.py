"""The real Docker Compose, 2.40.3 of Debian's sid: unpacked where it is missing, as an Engine of another suite is."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.engine import Engine

ROOT = Path(__file__).parents[2]
_PROGRAM = ROOT / ".engine" / "compose" / "usr" / "libexec" / "docker" / "cli-plugins" / "docker-compose"


@cache
def program() -> Path:
    """The command, which runs by itself; the first use downloads it."""
    script = "source scripts/lib/environment.sh; source scripts/lib/suite.sh; ensure_compose"
    done = subprocess.run(["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert _PROGRAM.exists()
    return _PROGRAM


def compose(engine: Engine, folder: Path, *arguments: str) -> str:
    """Run it on an Engine, for the Compose file of a folder; what it prints."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "DOCKER_HOST": f"unix://{engine.socket}"}
    command = [str(program()), *arguments]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
