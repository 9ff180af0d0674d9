"""Where it is kept what a person has paused and held: in the journal of who watches the project."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.moments import Period
from reconciler.cli.printing import note
from reconciler.state_folder import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconciler.journal.journal import Journal
    from reconciler.journal.rests import Rest, Rests
    from reconciler.locks.holder import Holder
    from reconciler.planning.left_alone import Hold


def for_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--for: for commands that ask to leave something alone."""
    return click.option(
        "--for", "seconds", metavar="TIME", type=Period(), help="For how long: 30m, 1h30m; else until it is taken back."
    )(command)


def rest_now(name: str = "", seconds: float | None = None) -> Rest:
    """That something is to be left alone from now on.

    Args:
        name: what of the project is held; empty for all of it.
        seconds: for how long; None for until it is taken back.
    """
    from reconciler.journal.rests import Rest

    now = datetime.now(UTC)
    until = (now + timedelta(seconds=seconds)).isoformat(timespec="seconds") if seconds is not None else ""
    return Rest(name, until, now.isoformat(timespec="seconds"), user_name())


def watchers(project: str) -> list[Holder]:
    """Who watches a project on this machine, on whatever Engine."""
    from reconciler.locks.folder import lock_files, lock_folder

    return _holders(lock_files(lock_folder(os.environ), project, "watch"))


def watchers_of(files: Iterable[Path]) -> list[Holder]:
    """Who watches the projects of these files on this machine, on whatever Engine."""
    from reconciler.locks.folder import all_lock_files, lock_folder

    real = sorted(map(os.path.realpath, files))
    found = _holders(all_lock_files(lock_folder(os.environ), "watch"))
    return [holder for holder in found if real and sorted(holder.files) == real]


def watcher_on(project: str, engine: Callable[[], str]) -> Holder | None:
    """Who watches a project on an Engine, from this machine; None for nobody.

    Args:
        project: its name.
        engine: asks for the Engine's ID, where somebody watches at all.
    """
    if not watchers(project):
        return None
    from reconciler.locks.folder import lock_file, lock_folder

    return next(iter(_holders([lock_file(lock_folder(os.environ), project, engine(), "watch")])), None)


def _holders(paths: Iterable[Path]) -> list[Holder]:
    from reconciler.locks.file_lock import LockFileError, holder_of

    try:
        found = [holder_of(path) for path in paths]
    except LockFileError:
        return []
    return [holder for holder in found if holder and holder.state]


def journals(project: str) -> list[Journal]:
    """The journals of those who watch a project on this machine, or where nobody does, our own."""
    from reconciler.journal.journal import Journal

    own = os.path.realpath(state_folder(os.environ))
    return [Journal(Path(folder)) for folder in sorted({one.state for one in watchers(project)} or {own})]


def rests_of(project: str) -> Rests:
    """What is paused and held of a project."""
    from reconciler.journal.journal import JournalError
    from reconciler.journal.rests import Rests

    try:
        found = [journal.rests(project) for journal in journals(project)]
    except JournalError as error:
        note(f"what is paused and held is not known: {error.message}", error.hint)
        return Rests()
    now = datetime.now(UTC)
    pause = next((one.pause for one in found if one.is_paused(now)), None)
    return Rests(pause, tuple(dict.fromkeys(held for one in found for held in one.held if held.lasts(now))))


def holds_of(project: str) -> tuple[Hold, ...]:
    """What is held of a project."""
    return tuple(dict.fromkeys(rests_of(project).holds))


def until_text(rest: Rest) -> str:
    """How long it lasts, in words."""
    return f"until {rest.until}" if rest.until else "until it is taken back"


def user_name() -> str:
    """Who we work for."""
    if name := os.environ.get("SUDO_USER"):
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user ID without a name
        return str(os.getuid())
