"""`docker buildx` of Debian's sid: unpacked where it is missing, as an Engine of another suite is."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PLUGINS = ROOT / ".engine" / "buildx" / "usr" / "libexec" / "docker" / "cli-plugins"


@cache
def plugins() -> Path:
    """The folder with it, for `cli-plugins` in DOCKER_CONFIG; the first use downloads it."""
    script = "source scripts/lib/environment.sh; source scripts/lib/suite.sh; ensure_buildx"
    done = subprocess.run(["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (_PLUGINS / "docker-buildx").exists()
    return _PLUGINS
