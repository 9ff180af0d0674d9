"""Looks at everything, and never stops at what is wrong: each finding comes as soon as it is there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.doctor.engine_checks import clock_finding, disk_finding, engine_findings
from reconciler.doctor.finding import Finding, Verdict
from reconciler.doctor.lock_checks import lock_findings
from reconciler.errors import ReconcilerError
from reconciler.journal.journal import VERSION
from reconciler.locks.folder import lock_folder
from reconciler.state_folder import state_folder
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.ports import Examined, Logins

_LIBRARIES = ("docker", "pydantic", "requests")


def examine(
    connect: Callable[[], Examined],
    where: Callable[[], str],
    logins: Logins,
    buildx: Callable[[], str],
    environ: Mapping[str, str],
) -> Iterator[Finding]:
    """Look at everything.

    Args:
        connect: connects to the Engine.
        where: says which Engine that is, and what names it.
        logins: Docker's logins for registries.
        buildx: says which `docker buildx` this machine has; nothing where it has none.
        environ: the environment.
    """
    yield _program()
    yield _buildx(buildx())
    try:
        yield Finding("context", Verdict.OK, where())
    except ReconcilerError as error:
        yield _wrong("context", error)
        yield from _without_an_engine(environ)
        return
    try:
        engine = connect()
    except ReconcilerError as error:
        yield _wrong("engine", error)
        yield from _without_an_engine(environ)
        return
    try:
        yield from _engine(engine)
        yield from _logins(engine, logins)
        yield from lock_findings(lock_folder(environ), engine)
    except ReconcilerError as error:
        yield _wrong("engine", error)
    finally:
        engine.close()
    yield from _state(environ)


def _wrong(check: str, error: ReconcilerError) -> Finding:
    return Finding(check, Verdict.WRONG, error.message, error.hint)


def _without_an_engine(environ: Mapping[str, str]) -> Iterator[Finding]:
    unseen = "api", "image store", "clock", "disk", "registries", "locks of other machines"
    yield Finding("engine", Verdict.NOTE, f"without it these can't be looked at: {', '.join(unseen)}")
    yield from lock_findings(lock_folder(environ), None)
    yield from _state(environ)


def _program() -> Finding:
    found = [f"{name} {one}" for name in _LIBRARIES if (one := _version(name))]
    python = ".".join(map(str, sys.version_info[:3]))
    return Finding("versions", Verdict.OK, f"reconciler {__version__}, Python {python}, {', '.join(found)}")


def _buildx(version: str) -> Finding:
    # Nothing is wrong without: most builds don't need it, and a plan says which does.
    found = f"docker buildx {version}" if version else "no `docker buildx`: what only BuildKit can build is a conflict"
    return Finding("builder", Verdict.OK, found)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _engine(engine: Examined) -> Iterator[Finding]:
    info = engine.info()
    now = time.time()
    yield from engine_findings(engine.about, engine.version(), info)
    yield clock_finding(info, now)
    root = str(info.get("DockerRootDir") or "")
    if not (engine.is_local and root):
        yield Finding("disk", Verdict.OK, f"{root or 'its folder'} is on another machine: it can't be seen from here")
        return
    try:
        usage = shutil.disk_usage(root)
    except OSError as error:
        yield Finding("disk", Verdict.OK, f"{root} can't be seen from here ({error.strerror})")
    else:
        yield disk_finding(root, usage.total, usage.free)


def _logins(engine: Examined, logins: Logins) -> Iterator[Finding]:
    try:
        registries = logins.registries()
    except ReconcilerError as error:
        yield _wrong("registries", error)
        return
    if not registries:
        yield Finding("registries", Verdict.OK, "there are no logins: what is public can be pulled")
    for registry in registries:
        try:
            login = logins.login(registry)
            if login is None:
                yield Finding(
                    "registries",
                    Verdict.WRONG,
                    f"{registry}: Docker's configuration names it, and there is no login",
                    f"`docker login {registry}`, or `docker logout {registry}`",
                )
                continue
            engine.log_in(login)
        except ReconcilerError as error:
            hint = error.hint or f"`docker login {registry}` again, or `docker logout {registry}`"
            yield Finding("registries", Verdict.WRONG, f"{registry}: {error.message}", hint)
        else:
            yield Finding("registries", Verdict.OK, f"{registry} takes the login")


def _state(environ: Mapping[str, str]) -> Iterator[Finding]:
    folder = state_folder(environ)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir():
        yield Finding(
            "state folder",
            Verdict.WRONG,
            f"{existing} is no folder",
            "move it away, or name another folder with RECONCILER_STATE_DIR",
        )
        return
    if not os.access(existing, os.W_OK | os.X_OK):
        what = "can't be written" if existing == folder else f"can't be made in {existing}"
        yield Finding(
            "state folder",
            Verdict.WRONG,
            f"{folder} {what}",
            "give this user the right to, or name another folder with RECONCILER_STATE_DIR",
        )
        return
    yield Finding("state folder", Verdict.OK, f"{folder}{'' if existing == folder else ', not made yet'}")
    if existing == folder:
        yield from (finding for path in sorted(folder.glob("*.sqlite3")) if (finding := _database(path)))


def _database(path: Path) -> Finding | None:
    try:
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            [(version,)] = database.execute("PRAGMA user_version").fetchall()
            [(said,)] = database.execute("PRAGMA quick_check(1)").fetchall()
        finally:
            database.close()
    except sqlite3.Error as error:
        said, version = str(error), 0
    if version > VERSION:
        found = f"{path} was written by a newer version of reconciler"
        return Finding("state folder", Verdict.WRONG, found, "use that version, or move it away")
    if said == "ok":
        return None
    return Finding(
        "state folder",
        Verdict.WRONG,
        f"{path} can't be read: {said}",
        "move it away: what it remembers is lost, and nothing on the Engine is",
    )
