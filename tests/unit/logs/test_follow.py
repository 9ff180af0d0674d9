from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import islice

from reconciler.logs.follow import Asked, Follow, Trouble, read
from reconciler.logs.reader import Line
from tests.unit.logs.fake import FakeOutputs, container

WEB, DB = container("web"), container("db")


@dataclass
class Pauses:
    """A clock that stands still, and counts pauses."""

    slept: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.slept.release()
        self.go_on.wait(10)


def shown(told: list[Line | Trouble]) -> list[str]:
    return [f"{one.source} {one.text.decode()}" if isinstance(one, Line) else f"{one.source}!" for one in told]


def test_what_was_written_comes_by_time() -> None:
    engine = FakeOutputs(WEB, DB)
    for second in range(3):
        engine.write("web-1", second, b"%d\n" % second)
        engine.write("db-1", second + 0.5, b"%d.5\n" % second)
    told = list(read(engine, Asked("p"), [WEB, DB]))
    assert shown(told) == ["web-1 0", "db-1 0.5", "web-1 1", "db-1 1.5", "web-1 2", "db-1 2.5"]


def test_one_that_can_not_be_read_keeps_no_other_from_it() -> None:
    engine = FakeOutputs(WEB)
    engine.write("web-1", 1, b"here\n")
    told = list(read(engine, Asked("p"), [DB, WEB]))
    assert shown(told) == ["web-1 here", "db-1!"]


def test_a_follow_goes_on_after_a_restart_without_telling_a_line_twice() -> None:
    engine = FakeOutputs(WEB)
    engine.write("web-1", 1, b"one\n")
    engine.ends["web-1"] = threading.Event()
    told = Follow(engine, Asked("p"), Pauses()).lines()
    lines = (one for one in told if isinstance(one, Line))
    assert next(lines).text == b"one"
    engine.write("web-1", 2, b"two\n")
    engine.started.put("web-1")  # told of before the end of what it wrote earlier has been read
    engine.ends["web-1"].set()
    assert next(lines).text == b"two"
    engine.write("web-1", 3, b"three\n")
    engine.started.put("web-1")
    assert next(lines).text == b"three"


def test_who_takes_the_place_is_read_from_its_first_line() -> None:
    engine = FakeOutputs(WEB)
    engine.write("web-1", 1, b"old\n")
    new = container("web", id_="next")
    other = container("db", id_="other")
    engine.here |= {"next": new, "other": other}
    engine.written["other"] = []
    engine.write("next", 2, b"first\n")
    engine.write("next", 3, b"second\n")
    engine.here.pop("next")
    told = Follow(engine, Asked("p", lambda one: one.resource == "web", tail="1"), Pauses()).lines()
    lines = (one for one in told if isinstance(one, Line))
    assert next(lines).text == b"old"
    engine.here["next"] = new
    engine.started.put("other")
    engine.started.put("gone")  # removed again before anybody looked
    engine.started.put("next")
    assert [line.text for line in islice(lines, 2)] == [b"first", b"second"]
    assert not [call for call in engine.calls if call[0] == "other"], "nobody asked for it"


def test_an_engine_that_goes_away_is_told_once_and_waited_for() -> None:
    engine, clock = FakeOutputs(WEB), Pauses()
    engine.away = True
    told = Follow(engine, Asked("p"), clock).lines()
    some = (one for one in told if one is not None)
    trouble = next(some)
    assert isinstance(trouble, Trouble)
    assert (trouble.source, trouble.error.message) == ("", "no Docker Engine")
    clock.slept.acquire()
    engine.away = False
    engine.write("web-1", 1, b"back\n")
    clock.go_on.set()
    assert shown([next(some)]) == ["web-1 back"]


def test_it_ends_when_its_time_is_over() -> None:
    engine = FakeOutputs(WEB)
    engine.write("web-1", 1, b"one\n")
    engine.here = {}
    assert [one for one in Follow(engine, Asked("p"), Pauses(), seconds=0.05).lines() if one] == []
