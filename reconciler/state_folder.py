"""The state folder: where it lies. Nothing in it is needed to plan, and nothing is removed because it is lost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "RECONCILER_STATE_DIR"
_NAME = "docker-reconciler"


def state_folder(environ: Mapping[str, str], user: int | None = None) -> Path:
    """Where it lies; it may not exist yet.

    `RECONCILER_STATE_DIR`, else for root /var/lib/docker-reconciler, else `$XDG_STATE_HOME/docker-reconciler`, else
    `~/.local/state/docker-reconciler`.

    Args:
        environ: the environment.
        user: the user's ID, instead of the process's own.

    Source: the XDG Base Directory Specification, of which a relative path is to be ignored.
    """
    if given := environ.get(VARIABLE):
        return Path(given)
    base = environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(base):  # noqa: PTH117  text, and not yet a path
        return Path(base, _NAME)
    if (os.geteuid() if user is None else user) == 0:
        return Path("/var/lib", _NAME)
    return Path(environ.get("HOME") or Path.home(), ".local/state", _NAME)
