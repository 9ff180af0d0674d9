"""The journal: what is remembered is there again, and nobody is hurt where it can't be."""

from __future__ import annotations

import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.journal import journal as module
from reconciler.journal.journal import Journal, JournalError
from reconciler.journal.run import Done, Run, Source
from reconciler.planning.failures import Failure, Unproven
from reconciler.state_folder import state_folder

RUN = Run(
    project="shop",
    engine="E1",
    command="apply",
    began="2026-01-02T03:04:05+00:00",
    seconds=1.5,
    user="ann",
    host="web1",
    source=Source("sha256:1", ("shop.yaml", "shop.prod.yaml"), "abc"),
    result="partly failed",
    changes=(Done("container", "shop-web-1", "replace", "failed", ("image", "environment.TZ"), "it died"),),
    spec={"name": "shop", "containers": {"web": {"image": "web:1"}}},
    secrets=(("containers", "web", "command", 0),),
    images={"web:1": "sha256:2"},
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state")


def test_a_run_is_there_again_as_it_was(journal: Journal) -> None:
    number = journal.add(RUN)

    assert journal.run(number) == replace(RUN, number=number)
    assert Journal(journal.path.parent).runs("shop") == [replace(RUN, number=number)]


def test_runs_are_listed_newest_first_and_by_project(journal: Journal) -> None:
    for project in ("shop", "blog", "shop"):
        journal.add(replace(RUN, project=project))

    assert [run.number for run in journal.runs()] == [3, 2, 1]
    assert [run.number for run in journal.runs("shop")] == [3, 1]
    assert [run.number for run in journal.runs("shop", most=1)] == [3]
    assert journal.run(4) is None


def test_reading_makes_no_file(journal: Journal) -> None:
    assert journal.runs() == []
    assert not journal.path.parent.exists()


def test_only_its_owner_may_read_it(journal: Journal) -> None:
    journal.add(RUN)

    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_the_oldest_runs_of_a_project_go(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_RUNS", 2)
    for project in ("blog", "shop", "shop", "shop"):
        journal.add(replace(RUN, project=project))

    assert [(run.project, run.number) for run in journal.runs()] == [("shop", 4), ("shop", 3), ("blog", 1)]


def test_failures_are_kept_by_project_and_engine(journal: Journal) -> None:
    failure, unproven = Failure("web", "1:a", "sha256:2"), Unproven("web", "1:b", "web:2")
    journal.keep_failures("shop", "E1", {failure}, [unproven])
    journal.keep_failures("shop", "E2", {failure})

    assert journal.failures("shop", "E1") == (frozenset({failure}), (unproven,))
    journal.keep_failures("shop", "E1", ())
    assert journal.failures("shop", "E1") == (frozenset(), ())
    assert journal.failures("shop", "E2") == (frozenset({failure}), ())


def test_many_writers_lose_nothing(journal: Journal) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = set(pool.map(lambda _: Journal(journal.path.parent).add(RUN), range(40)))

    assert numbers == set(range(1, 41))


def test_a_broken_file_is_an_error_that_says_so(journal: Journal) -> None:
    journal.path.parent.mkdir()
    journal.path.write_bytes(b"no database" * 100)

    with pytest.raises(JournalError, match=r"journal\.sqlite3 can't be used"):
        journal.runs()


def test_a_run_that_can_not_be_read_is_not_shown(journal: Journal) -> None:
    number = journal.add(RUN)
    with contextlib.closing(sqlite3.connect(journal.path)) as database, database:
        database.execute("UPDATE runs SET run = ?", ('{"spec": {"token": "hunter2"}}',))
    for ask in (journal.runs, lambda: journal.run(number)):
        with pytest.raises(JournalError, match=f"what it has of run {number} can't be read") as caught:
            ask()
        assert "hunter2" not in str(caught.value)


def test_a_journal_of_a_newer_version_is_left_alone(journal: Journal) -> None:
    journal.add(RUN)
    database = sqlite3.connect(journal.path)
    database.execute("PRAGMA user_version = 99")
    database.close()

    with pytest.raises(JournalError, match="newer version"):
        journal.add(RUN)


def test_a_folder_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(JournalError, match="can't be used"):
        Journal(tmp_path / "file" / "state").add(RUN)


@pytest.mark.parametrize(
    ("environ", "user", "folder"),
    [
        ({"RECONCILER_STATE_DIR": "/a", "XDG_STATE_HOME": "/b"}, 0, "/a"),
        ({"XDG_STATE_HOME": "/b"}, 1000, "/b/docker-reconciler"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/home/ann"}, 1000, "/home/ann/.local/state/docker-reconciler"),
        ({"HOME": "/root"}, 0, "/var/lib/docker-reconciler"),
    ],
)
def test_where_the_state_folder_lies(environ: dict[str, str], user: int, folder: str) -> None:
    assert state_folder(environ, user) == Path(folder)
