"""What a person has paused and held, as it is kept and as it ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.journal.journal import Journal
from reconciler.journal.rests import Rest, Rests
from reconciler.planning.left_alone import Hold

if TYPE_CHECKING:
    from pathlib import Path

AT_ONE, AT_TWO = "2026-05-10T13:00:00+00:00", "2026-05-10T14:00:00+00:00"


def at(hour: int) -> datetime:
    return datetime(2026, 5, 10, hour, tzinfo=UTC)


def test_they_are_kept_by_project_and_name(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.rests("shop") == Rests()
    assert not journal.end_rest("shop")
    pause, hold = Rest("", AT_ONE, AT_ONE, "ann"), Rest("web", AT_TWO, AT_ONE, "bob")
    journal.rest("shop", Rest())
    journal.rest("shop", pause)
    journal.rest("shop", hold)
    journal.rest("other", Rest("db"))
    assert Journal(tmp_path).rests("shop") == Rests(pause, (hold,))
    assert journal.rests("shop").holds == (Hold("web", AT_TWO),)
    assert journal.end_rest("shop", "web")
    assert journal.end_rest("shop")
    assert journal.rests("shop") == Rests()
    assert journal.rests("other").holds == (Hold("db"),)


def test_they_end() -> None:
    rests = Rests(Rest("", AT_ONE), (Rest("web", AT_TWO), Rest("db")))
    assert [rests.is_paused(at(hour)) for hour in (12, 13)] == [True, False]
    assert [rests.next_end(at(hour)) for hour in (12, 13, 14)] == [3600.0, 3600.0, None]
    assert Rests(Rest()).is_paused(at(23))
    assert Rests(Rest()).next_end(at(12)) is None
