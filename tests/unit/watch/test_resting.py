"""What `watch` leaves alone for a while, when it looks again, and how it takes turns; on a simulated Engine."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Locked
from reconciler.journal.journal import Journal, JournalError
from reconciler.journal.rests import Rest, Rests
from reconciler.watch.resting import Resting
from tests.support.simulated import Scene
from tests.unit.watch.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


@pytest.fixture
def watched(journal: Journal) -> Watched:
    scene = Scene()
    scene.declare({"web": {}, "db": {}})
    found = Watched(scene)
    resting = Resting("p", journal, lambda: datetime.now(UTC), lambda _error: None)
    found.watch.holds, found.watch.restrain, found.watch.stirs = resting.holds, resting.restrain, resting.stirs
    found.settle()
    return found


def stop(watched: Watched, *keys: str) -> None:
    for key in keys:
        watched.scene.hand("POST", f"/containers/{watched.scene.id(key)}/stop")


def test_a_paused_project_is_left_alone_until_it_is_over(watched: Watched, journal: Journal) -> None:
    stop(watched, "web")
    journal.rest("p", Rest("", soon(3600)))
    assert watched.watch.stirs() == "pause"
    for _ in range(2):
        cycle = watched.cycle()
        assert cycle.outcome is None
        assert cycle.plan
        assert {str(one.operation) for one in cycle.plan.changes} == {"hold"}
        assert cycle.left_alone.startswith("the project is paused until ")
    assert not watched.watch.stirs()
    assert watched.scene.status("web") == "exited"
    [said] = watched.log.of("held_back")
    assert said["why"][0].startswith("the project is paused until ")
    assert "hint" not in said
    due = watched.watch.pause()
    assert due is not None
    assert 0 < due <= 3601, "it wakes at the end"
    journal.end_rest("p")
    assert watched.watch.stirs() == "resume"
    watched.settle()
    assert not watched.cycle().left_alone
    assert watched.scene.status("web") == "running"


def test_a_pause_that_is_over_counts_no_more(watched: Watched, journal: Journal) -> None:
    stop(watched, "web")
    journal.rest("p", Rest("", soon(-1)))
    watched.settle()
    assert watched.scene.status("web") == "running"


def test_a_suspended_project_is_left_alone(watched: Watched) -> None:
    stop(watched, "web")
    watched.scene.declare({"web": {}, "db": {}}, settings={"suspend": True})
    assert watched.cycle().outcome is None
    assert watched.log.of("held_back")[-1]["why"] == ["the spec suspends the project"]
    watched.scene.declare({"web": {}, "db": {}})
    watched.settle()
    assert watched.scene.status("web") == "running"


def test_what_is_held_is_left_alone_and_the_rest_is_mended(watched: Watched, journal: Journal) -> None:
    stop(watched, "web", "db")
    journal.rest("p", Rest("web"))
    assert watched.watch.stirs() == "hold"
    watched.settle()
    assert (watched.scene.status("web"), watched.scene.status("db")) == ("exited", "running")
    journal.end_rest("p", "web")
    assert watched.watch.stirs() == "unhold"
    watched.settle()
    assert watched.scene.status("web") == "running"


def test_outside_the_windows_it_waits_until_one_opens(watched: Watched) -> None:
    opening = datetime.now(UTC) + timedelta(hours=2)
    window = {"schedule": f"{opening.minute} {opening.hour} * * *", "duration": "1h"}
    before = watched.scene.id("web")
    watched.scene.declare({"web": {"environment": {"A": "1"}}, "db": {}}, settings={"windows": [window]})
    assert watched.cycle().outcome is None
    assert watched.scene.id("web") == before
    due = watched.watch.pause()
    assert due is not None
    assert 3600 < due < 2 * 3600 + 61
    window["schedule"] = "* * * * *"
    watched.scene.declare({"web": {"environment": {"A": "1"}}, "db": {}}, settings={"windows": [window]})
    watched.settle()
    assert watched.scene.id("web") != before


def test_where_the_journal_can_not_be_read_what_was_known_goes_on(journal: Journal) -> None:
    said: list[JournalError] = []
    resting = Resting("p", journal, lambda: datetime.now(UTC), said.append)
    journal.rest("p", Rest("web"))
    assert [one.name for one in resting.holds()] == ["web"]
    journal.path.write_bytes(b"no database at all" * 100)
    assert [one.name for one in resting.holds()] == ["web"]
    assert not resting.stirs()
    assert said


def test_the_journal_is_read_again_only_when_it_was_written(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reads: list[str] = []

    class Counting(Journal):
        def rests(self, project: str) -> Rests:
            reads.append(project)
            return super().rests(project)

    resting = Resting("p", Counting(tmp_path), lambda: datetime.now(UTC), lambda _error: None)

    def looks() -> tuple[str, int]:
        reads.clear()
        found = [resting.stirs() for _ in range(3)]
        assert len(set(found)) == 1
        return found[0], len(reads)

    settled = "reconciler.journal.journal._SETTLED_SECONDS"
    monkeypatch.setattr(settled, 1e9)
    assert looks() == ("", 1), "there is none"
    journal.rest("p", Rest("web"))
    assert looks() == ("hold", 3), "it was written just now, and may be again in the same moment"
    monkeypatch.setattr(settled, -1e9)
    assert looks() == ("hold", 1)
    assert looks() == ("hold", 0)
    assert resting.holds()
    assert looks() == ("", 0)
    journal.rest("other", Rest())
    assert looks() == ("", 1)
    assert looks() == ("", 0), "reading it changes nothing"
    with closing(sqlite3.connect(journal.path)) as other:  # it stays open, so that all is in the log beside the file
        other.execute("SELECT * FROM rests").fetchall()
        assert looks()[0] == ""
        journal.end_rest("p", "web")
        assert looks() == ("unhold", 1)
        assert looks() == ("unhold", 0)
    assert resting.holds() == ()
    journal.path.unlink()
    assert looks() == ("", 1)
    assert looks() == ("", 0)


def test_each_cycle_has_a_turn_and_who_lost_the_project_changes_nothing(watched: Watched) -> None:
    turns: list[str] = []

    @contextmanager
    def turn() -> Iterator[None]:
        turns.append("begins")
        yield
        turns.append("ends")

    def taken_over() -> None:
        raise Locked('"p" is watched by `reconciler watch` (process 7 on far)', "end that one first")

    watched.watch.turn, watched.watch.confirm = turn, taken_over
    stop(watched, "web")
    for _ in range(2):
        assert isinstance(watched.cycle().error, Locked)
    assert watched.scene.status("web") == "exited"
    assert [line["level"] for line in watched.log.of("locked")] == ["error"], "said once"
    assert (watched.watch.pause() or 0.0) > 0.0
    watched.watch.confirm = lambda: None
    watched.settle()
    assert watched.scene.status("web") == "running"
    assert turns[:2] == ["begins", "begins"]
    assert turns.count("ends") >= 2


def test_who_is_stopped_while_it_waits_for_its_turn_does_nothing(watched: Watched) -> None:
    stop(watched, "web")

    @contextmanager
    def turn() -> Iterator[None]:
        watched.watch.stop.set()
        yield

    watched.watch.turn = turn
    watched.cycle()
    assert watched.scene.status("web") == "exited"


def test_it_lets_the_project_go_at_its_end(watched: Watched) -> None:
    gone: list[str] = []
    watched.watch.let_go = lambda: gone.append("p")
    watched.watch.end()
    watched.watch.run()
    assert gone == ["p"]
