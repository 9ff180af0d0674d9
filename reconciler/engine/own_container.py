"""Which of an Engine's containers we run in."""

from __future__ import annotations

import platform
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

MOUNT_INFO = Path("/proc/self/mountinfo")

# On a host all containers' mounts may be listed; but an Engine mounts these files only where a container has its own.
_OWN_FILES = frozenset({"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"})
_SOURCE = re.compile(r"/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf)$")
_SHORT_ID = re.compile(r"[0-9a-f]{12}")


def own_container(listed: Collection[str]) -> str:
    """The ID of the container that we run in; empty where it is none of these.

    Args:
        listed: the IDs of all containers of an Engine.
    """
    own = _by_mounts(MOUNT_INFO).intersection(listed)
    if own:
        return min(own)
    name = platform.node()
    if not _SHORT_ID.fullmatch(name):
        return ""
    named = [one for one in listed if one.startswith(name)]
    return named[0] if len(named) == 1 else ""


@cache
def _by_mounts(mount_info: Path) -> frozenset[str]:
    """The containers whose files are mounted as ours; read once, for it stays so."""
    try:
        lines = mount_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()  # not Linux
    # The fourth field is what is mounted, as a path in its file system, the fifth is where.
    mounts = [fields for line in lines if len(fields := line.split()) > 4 and fields[4] in _OWN_FILES]
    return frozenset(found[1] for fields in mounts if (found := _SOURCE.search(fields[3])))
