"""Where lock files lie: at a path that is the same for all users of a machine, unlike TMPDIR."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

VARIABLE = "RECONCILER_RUNTIME_DIR"

_NAME = "docker-reconciler"
_SHARED = (Path("/run/lock"), Path("/var/lock"), Path("/tmp"))
_LONGEST = 64
"""Letters of a project's name in a file's; the digest after it tells them apart."""


def lock_folder(environ: Mapping[str, str], shared: Iterable[Path] = _SHARED) -> Path:
    """The folder; it may not exist yet where the environment names it.

    Args:
        environ: RECONCILER_RUNTIME_DIR is looked up in it. Who sets it for one process sets it for all.
        shared: the folders that count without it: the first in which everybody may write, and nobody may remove what
            is another's.
    """
    given = environ.get(VARIABLE, "")
    if Path(given).is_absolute():
        return Path(given, "locks")
    folders = list(shared)
    return next((folder for folder in folders if _is_shared(folder)), folders[-1])


def lock_file(folder: Path, project: str, engine: str, purpose: str) -> Path:
    """The file of one lock.

    Args:
        folder: of `lock_folder`.
        project: its name.
        engine: the Engine's ID.
        purpose: `watch`, `turn` or the like.
    """
    digest = hashlib.sha256(f"{engine}\0{project}".encode()).hexdigest()[:12]
    return folder / f"{_stem(project)}-{digest}.{purpose}"


def lock_files(folder: Path, project: str, purpose: str) -> list[Path]:
    """The files of a project's locks, on whatever Engine."""
    return sorted(folder.glob(f"{_stem(project)}-{'[0-9a-f]' * 12}.{purpose}"))


def all_lock_files(folder: Path, purpose: str) -> list[Path]:
    """The files of all projects' locks, on whatever Engine."""
    return sorted(folder.glob(f"{_NAME}-*-{'[0-9a-f]' * 12}.{purpose}"))


def project_of(path: Path) -> str:
    """The project of a lock's file; of a very long name the beginning."""
    return path.stem.rpartition("-")[0].removeprefix(f"{_NAME}-")


def is_of_engine(path: Path, engine: str) -> bool:
    """Whether a lock's file is of this Engine; of a very long project's name nobody can tell, and it counts as one."""
    project = project_of(path)
    return len(project) >= _LONGEST or path == lock_file(path.parent, project, engine, path.suffix[1:])


def _stem(project: str) -> str:
    return f"{_NAME}-{project[:_LONGEST]}"


def _is_shared(folder: Path) -> bool:
    # By its mode, and not by who asks: all users must come to the same folder.
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and bool(mode & stat.S_ISVTX) and bool(mode & stat.S_IWOTH)
