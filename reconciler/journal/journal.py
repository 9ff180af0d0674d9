"""The journal: SQLite in the state folder. Any number of processes may use it at once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.journal.rests import Rest, Rests
from reconciler.planning.failures import Failure, Unproven

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from reconciler.journal.run import Run

VERSION = 2
"""Of the tables. A journal of a newer version is left alone."""

_MOST_RUNS = 1000
"""How many runs of a project are kept."""

_WAIT_SECONDS = 5.0
"""How long to wait for another process that writes."""

_PAUSE_SECONDS = 0.02

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, run TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_by_project ON runs (project, number);
CREATE TABLE IF NOT EXISTS failures (
    project TEXT NOT NULL, engine TEXT NOT NULL, container TEXT NOT NULL, digest TEXT NOT NULL,
    image TEXT NOT NULL, image_id TEXT NOT NULL,
    UNIQUE (project, engine, container, digest, image, image_id)
);
CREATE TABLE IF NOT EXISTS rests (
    project TEXT NOT NULL, name TEXT NOT NULL, until TEXT NOT NULL, since TEXT NOT NULL, user TEXT NOT NULL,
    UNIQUE (project, name)
);
"""


Stamp = tuple[tuple[int, int, int] | None, ...]
"""Of the files that the journal is in: which they are, when they were written, how long they are."""

_SETTLED_SECONDS = 2.0
"""The clock of files is coarse: two writes within a moment may look like one."""


class JournalError(ReconcilerError):
    """The journal can't be read or written."""


class Journal:
    """What happened to projects. Every method may be called from any process; each opens the file for itself.

    All methods raise `JournalError` where the file can't be read or written.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is touched before it is used.

        Args:
            folder: the state folder.
        """
        self.path = folder / "journal.sqlite3"

    def add(self, run: Run) -> int:
        """Remember a run; its number."""
        with self._open(write=True) as database:
            cursor = database.execute(
                "INSERT INTO runs (project, run) VALUES (?, ?)", (run.project, _form().dump_json(run).decode())
            )
            database.execute(
                "DELETE FROM runs WHERE project = ? AND number NOT IN "
                "(SELECT number FROM runs WHERE project = ? ORDER BY number DESC LIMIT ?)",
                (run.project, run.project, _MOST_RUNS),
            )
            return int(cursor.lastrowid or 0)

    def runs(self, project: str | None = None, *, most: int = -1, after: int = 0) -> list[Run]:
        """The runs, the newest first.

        Args:
            project: whose; of all without it.
            most: how many; all with -1.
            after: only those with a greater number.
        """
        with self._open() as database:
            rows = database.execute(
                "SELECT number, run FROM runs WHERE (project = ? OR ? IS NULL) AND number > ? "
                "ORDER BY number DESC LIMIT ?",
                (project, project, after, most),
            ).fetchall()
            return [_run(*row) for row in rows]

    def run(self, number: int) -> Run | None:
        """The run of that number; None where there is none."""
        with self._open() as database:
            row = database.execute("SELECT number, run FROM runs WHERE number = ?", (number,)).fetchone()
            return _run(*row) if row else None

    def failures(self, project: str, engine: str) -> tuple[frozenset[Failure], tuple[Unproven, ...]]:
        """What failed and is not to be tried again; of the second part the image's ID is not known yet."""
        with self._open() as database:
            rows = database.execute(
                "SELECT container, digest, image, image_id FROM failures WHERE project = ? AND engine = ? "
                "ORDER BY container, digest, image",
                (project, engine),
            ).fetchall()
        known = frozenset(Failure(container, digest, image_id) for container, digest, _, image_id in rows if image_id)
        return known, tuple(Unproven(*row[:3]) for row in rows if not row[3])

    def keep_failures(
        self, project: str, engine: str, failures: Iterable[Failure], unproven: Iterable[Unproven] = ()
    ) -> None:
        """Remember exactly these failures of a project."""
        rows = [
            *((one.container, one.digest, "", one.image_id) for one in failures),
            *((one.container, one.digest, one.image, "") for one in unproven),
        ]
        with self._open(write=True) as database:
            database.execute("DELETE FROM failures WHERE project = ? AND engine = ?", (project, engine))
            database.executemany(
                "INSERT OR IGNORE INTO failures VALUES (?, ?, ?, ?, ?, ?)", [(project, engine, *row) for row in rows]
            )

    def stamp(self) -> Stamp | None:
        """Another one after each change of the journal; a look at its files alone, and never an error.

        None where that can't be said: it was written just now, or it can't be looked at.
        """
        found: list[tuple[int, int, int] | None] = []
        for path in (self.path, self.path.with_name(f"{self.path.name}-wal")):
            try:
                seen = path.stat()
            except FileNotFoundError:
                found.append(None)
                continue
            except OSError:
                return None
            if time.time() - seen.st_mtime < _SETTLED_SECONDS:
                return None
            found.append((seen.st_ino, seen.st_mtime_ns, seen.st_size))
        return tuple(found)

    def rests(self, project: str) -> Rests:
        """What a person has paused and held of a project; what is over by now, too."""
        with self._open() as database:
            rows = database.execute(
                "SELECT name, until, since, user FROM rests WHERE project = ? ORDER BY name", (project,)
            ).fetchall()
        found = [Rest(*row) for row in rows]
        pause = next((one for one in found if not one.name), None)
        return Rests(pause, tuple(one for one in found if one.name))

    def rest(self, project: str, rest: Rest) -> None:
        """Remember that a project is paused, or something of it held; instead of what was said of it before."""
        with self._open(write=True) as database:
            database.execute(
                "INSERT OR REPLACE INTO rests VALUES (?, ?, ?, ?, ?)",
                (project, rest.name, rest.until, rest.since, rest.user),
            )

    def end_rest(self, project: str, name: str = "") -> bool:
        """Forget a pause, or a hold by its name; whether there was one."""
        with self._open(write=True) as database:
            found = database.execute("DELETE FROM rests WHERE project = ? AND name = ?", (project, name))
            return found.rowcount > 0

    @contextmanager
    def _open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            if write:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            elif not self.path.exists():
                with _connected(":memory:") as database:
                    database.executescript(_TABLES)
                    yield database
                return
            with _connected(self.path) as database:
                self._prepare(database)
                with database:
                    yield database
        except (sqlite3.Error, OSError, ValueError) as error:
            hint = (
                "the history can be removed: nothing else depends on it; or set RECONCILER_STATE_DIR to another folder"
            )
            raise JournalError(f"the journal {self.path} can't be used: {error}", hint) from error

    def _prepare(self, database: sqlite3.Connection) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while (version := database.execute("PRAGMA user_version").fetchone()[0]) < VERSION:
            try:
                database.executescript(f"PRAGMA journal_mode = WAL; {_TABLES} PRAGMA user_version = {VERSION};")
                self.path.chmod(0o600)
            except sqlite3.OperationalError as error:
                # Another process makes it at this moment, and SQLite waits for nobody where the mode is changed.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
        if version > VERSION:
            by = "was written by a newer version of reconciler"
            raise JournalError(f"the journal {self.path} {by}", "use that version, or remove it")


@contextmanager
def _connected(path: Path | str) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(path, timeout=_WAIT_SECONDS)
    try:
        yield database
    finally:
        database.close()


@cache
def _form() -> TypeAdapter[Run]:
    from pydantic import TypeAdapter  # a command that changes nothing reads no run

    from reconciler.journal.run import Run

    return TypeAdapter(Run)


def _run(number: int, text: str) -> Run:
    try:
        return replace(_form().validate_json(text), number=number)
    except ValueError:
        # Not in pydantic's words, which show what was there.
        raise ValueError(f"what it has of run {number} can't be read") from None
