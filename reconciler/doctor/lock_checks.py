"""Who watches which projects, and what was left behind by one that is gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.doctor.finding import Finding, Verdict
from reconciler.fields.ownership import LOCK
from reconciler.locks.file_lock import LockFileError, holder_of
from reconciler.locks.folder import VARIABLE, all_lock_files, is_of_engine, project_of
from reconciler.locks.holder import Holder, from_labels
from reconciler.locks.watch_lock import is_dead

if TYPE_CHECKING:
    from reconciler.ports import LockVolumes

_CHECK = "lock"


def lock_findings(folder: Path, volumes: LockVolumes | None) -> Iterator[Finding]:
    """What there is to say of the locks of all projects.

    Args:
        folder: of the lock files.
        volumes: of the Engine; None where it is away.

    Raises:
        EngineError: the Engine can't be asked.
    """
    if trouble := _folder(folder):
        yield trouble
    engine = volumes.identity() if volumes else ""
    tokens = set()
    for path in all_lock_files(folder, "watch"):
        try:
            holder = holder_of(path)
        except LockFileError as error:
            yield Finding(_CHECK, Verdict.WRONG, error.message, error.hint)
            continue
        if holder:
            tokens.add(holder.token)
            yield _here(project_of(path), holder, elsewhere=bool(engine) and not is_of_engine(path, engine))
    if not (tokens or trouble):
        yield Finding(_CHECK, Verdict.OK, f"no `watch` on this machine; its locks would lie in {folder}")
    if volumes:
        me = Holder.here("doctor")
        for name, labels in sorted(volumes.lock_volumes().items()):
            marked = from_labels(labels)
            if marked.token not in tokens:
                yield _marked(name, labels.get(LOCK, ""), marked, dead=is_dead(marked, me, volumes))


def _folder(folder: Path) -> Finding | None:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return None
    what = "can't be written" if existing == folder else f"can't be made in {existing}"
    hint = f"give all who change projects the right to, or name another folder with {VARIABLE}"
    return Finding(_CHECK, Verdict.WRONG, f"{folder} {what}: nothing keeps two from changing a project at once", hint)


def _here(project: str, holder: Holder, *, elsewhere: bool) -> Finding:
    where = ", on another Engine" if elsewhere else ""
    found = f"{project} is watched by {holder}{where}"
    if holder.broken:
        broken = f"{found}; its spec is broken at {holder.broken} since {holder.broken_since}"
        return Finding(
            _CHECK, Verdict.NOTE, f"{broken}: it keeps the last good one", "mend the spec, and it takes that"
        )
    return Finding(_CHECK, Verdict.OK, found)


def _marked(volume: str, project: str, marked: Holder, *, dead: bool) -> Finding:
    if dead:
        left = f"{project}: the volume {volume} is left of {marked}, which is gone"
        hint = f"it blocks nobody here: the next `watch` takes it. Else `docker volume rm {volume}`"
        return Finding(_CHECK, Verdict.NOTE, left, hint)
    if marked.on_engine:
        return Finding(_CHECK, Verdict.OK, f"{project} is watched in the container {marked.container[:12]} by {marked}")
    hint = (
        f"where that is gone for good, `watch --take-over` takes the project; else `reconciler pause {project}` there"
    )
    return Finding(_CHECK, Verdict.NOTE, f"{project} is watched from another machine by {marked}", hint)
