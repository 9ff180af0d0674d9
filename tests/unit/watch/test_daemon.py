"""The daemon: several projects, on a simulated Engine, with threads of their own."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import pytest

from reconciler.errors import EngineUnreachable
from reconciler.execution.clock import SystemClock
from reconciler.spec.model import Spec
from reconciler.spec.projects import load_all
from reconciler.watch.daemon import Daemon, seconds_between
from reconciler.watch.projects import Read
from reconciler.watch.saying import Sayings
from tests.support.engine import PATIENCE, wait_for
from tests.support.simulated import FakeClock, Scene
from tests.unit.watch.watching import Lines, OnScene, Seen, watch_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.planning.actions import Action
    from reconciler.ports import Engine, Tell
    from reconciler.watch.loop import Watch
    from reconciler.watch.triggers import Triggers


@pytest.mark.parametrize(
    ("given", "said", "seconds"),
    [
        (None, [None], 300),
        (None, ["5m", "1m", None], 60),
        (7.5, ["5m"], 7.5),
        (None, ["1ms"], 0.1),
        (None, ["0s"], 0.1),
        (None, [], 300),
    ],
)
def test_how_often_everything_is_looked_at(given: float | None, said: list[str | None], seconds: float) -> None:
    specs = [
        Spec.model_validate({"name": "p", "settings": {"interval": one} if one else {}}, context={"folder": None})
        for one in said
    ]
    assert seconds_between(given, specs) == seconds


# --- with threads of its own ------------------------------------------------------------------------------------------


class Followed:
    """Stands for the feed: a test says what happens."""

    def __init__(self, engine: OnScene, changed: Any, away: Any, back: Any) -> None:
        self.engine = engine
        self.changed, self.away, self.back = changed, away, back
        self.missed = 0
        self.resyncs = 0
        self.lists_at_once = threading.Event()
        self.lists_at_once.set()
        self.closed = False

    def start(self) -> None:
        self.back()
        self.changed(None)

    def resync(self) -> int:
        self.resyncs += 1
        self.lists_at_once.wait(PATIENCE)
        return self.missed

    def close(self) -> None:
        self.closed = True


class Hanging(OnScene):
    """An Engine on which the calls of one project hang, as those to a registry that says nothing."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.hangs = ""
        self.go_on = threading.Event()

    def perform(self, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
        if self.hangs and action.resource.name.startswith(self.hangs):
            self.go_on.wait(60)
        return super().perform(action, created, tell)


class Running:
    """A daemon on a folder of specs, in a thread."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.scene = Scene()
        self.engine = Hanging(self.scene)
        self.log, self.seen = Lines(), Seen()
        self.options = {"poll": 0.5, "grace": 0.0, **options}
        self.ended: list[bool] = []
        self.told: dict[str, list[str]] = {}
        self._thread = threading.Thread(target=lambda: self.ended.append(self.daemon.run()), daemon=True)

    def write(self, name: str, project: str, *containers: str, text: str = "") -> None:
        data = {"name": project, "containers": {key: {"image": "app:1"} for key in containers}}
        new = self.folder / f".{name}.new"  # which is none of the specs; and nobody reads half of one
        new.write_text(text or json.dumps(data))
        new.replace(self.folder / name)

    def start(self) -> Self:
        self.daemon = Daemon(
            source=self._read,
            folders=[self.folder],
            follow=self._follow,
            watch=self._watch,
            clock=SystemClock(),
            log=self.log,
            said=Sayings(),
            observer=self.seen,
            **self.options,
        )
        self._thread.start()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.go_on.set()
        self.daemon.ask("stop")
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _watch(self, _read: Read, spec: Spec, engine: Engine, triggers: Triggers) -> Watch:
        watch = watch_of(spec, engine, FakeClock(), self.log, self.seen)
        told = self.told.setdefault(spec.name, [])
        return replace(watch, triggers=triggers, clock=SystemClock(), tell_spec=told.append)

    def _follow(self, changed: Any, away: Any, back: Any) -> Followed:
        self.feed = Followed(self.engine, changed, away, back)
        return self.feed

    def _read(self) -> list[Read]:
        return [Read(one.files, one.spec, one.error, one.reads) for one in load_all([self.folder])]

    def until(self, *names: str) -> None:
        """Wait until just these containers run."""
        wait_for(lambda: self.scene.names() == sorted(names), f"just these run: {names}")

    def until_said(self, event: str, count: int = 1) -> None:
        wait_for(lambda: len(self.log.of(event)) >= count, f"{event} is logged")

    def cycles(self, project: str) -> int:
        return sum(cycle.project == project for cycle in list(self.seen.cycles))

    def at_rest(self) -> None:
        """Wait until nobody has anything to do, nor anything due."""
        quiet, before, deadline = 0, -1, time.monotonic() + PATIENCE
        while quiet < 5:
            assert time.monotonic() < deadline, "it does not come to rest"
            time.sleep(0.1)
            count = self.seen.began_count
            watches = [one.watch for one in self.daemon._projects.values()]
            idle = all(one.pause() is None and not one.triggers._waiting for one in watches)
            rests = idle and count == before == len(self.seen.cycles) and not self.daemon._mail._waiting
            quiet, before = (quiet + 1 if rests else 0), count


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_each_file_is_a_project_and_a_new_one_is_taken_up(folder: Path) -> None:
    running = Running(folder)
    running.write("a.yaml", "a", "web")
    running.write("b.yaml", "b", "db")
    with running.start():
        running.until("a-web-1", "b-db-1")
        running.write("c.yaml", "c", "web")
        running.until("a-web-1", "b-db-1", "c-web-1")
        running.write("a.yaml", "a", "web", "more")
        running.until("a-more-1", "a-web-1", "b-db-1", "c-web-1")
        assert {name for _, name, error in running.seen.reads if not error} == {"a", "b", "c"}
    assert running.ended == [True]
    assert running.feed.closed


def test_a_broken_one_keeps_its_last_good_spec_and_no_other_waiting(folder: Path) -> None:
    running = Running(folder)
    running.write("a.yaml", "a", "web")
    running.write("b.yaml", "b", "db")
    with running.start():
        running.until("a-web-1", "b-db-1")
        running.write("b.yaml", "b", text="name: b\ncontainers: {db: {image: 'app:1', prots: []}}\n")
        running.until_said("spec_invalid_keeping_last_good")
        assert running.log.of("spec_invalid_keeping_last_good")[0]["project"] == "b"
        assert any(name == "b" and error for _, name, error in running.seen.reads)
        assert running.told["b"][-1] == f"{folder / 'b.yaml'}:2:35", "where, and not what"
        running.scene.hand("POST", "/containers/b-db-1/stop")
        running.feed.changed("b")
        running.write("a.yaml", "a", "web", "more")
        running.until("a-more-1", "a-web-1", "b-db-1")
        wait_for(lambda: running.scene.daemon.container("b-db-1")["State"]["Running"], "it is kept as it was")
        running.daemon.ask("signal")
        running.at_rest()
        assert len(running.log.of("spec_invalid_keeping_last_good")) == 1
        running.write("b.yaml", "b", "db", "new")
        running.until("a-more-1", "a-web-1", "b-db-1", "b-new-1")
        running.until_said("spec_valid_again")
        assert running.told["b"][-1] == ""
        assert not any(running.told["a"])


def test_one_that_hangs_keeps_no_other_waiting(folder: Path) -> None:
    running = Running(folder)
    running.write("a.yaml", "a", "web")
    running.write("b.yaml", "b", "db")
    running.engine.hangs = "a"
    with running.start():
        running.until("b-db-1")
        running.write("b.yaml", "b", "db", "more")
        running.until("b-db-1", "b-more-1")
        running.engine.go_on.set()
        running.until("a-web-1", "b-db-1", "b-more-1")


def test_a_file_that_is_removed_does_not_remove_its_project(folder: Path) -> None:
    running = Running(folder)
    running.write("a.yaml", "a", "web")
    running.write("b.yaml", "b", "db")
    with running.start():
        running.until("a-web-1", "b-db-1")
        (folder / "b.yaml").unlink()
        running.until_said("spec_removed_keeping_last_good")
        assert running.told["b"][-1] == f"{folder / 'b.yaml'} (it is gone)"
        running.write("b.yaml", "b", "db")
        wait_for(lambda: not running.told["b"][-1], "it is back", 60)
        (folder / "b.yaml").unlink()
        running.until_said("spec_removed_keeping_last_good", 2)
        running.scene.hand("DELETE", "/containers/b-db-1", {"force": 1})
        running.feed.changed("b")
        running.until("a-web-1", "b-db-1")
        (folder / "a.yaml").unlink()
        running.until_said("spec_invalid")
        running.at_rest()
        assert running.scene.names() == ["a-web-1", "b-db-1"]


def test_with_the_option_it_does_unless_it_was_only_renamed(folder: Path) -> None:
    running = Running(folder, prune=True)
    running.write("a.yaml", "a", "web")
    running.write("b.yaml", "b", "db")
    with running.start():
        running.until("a-web-1", "b-db-1")
        before = running.scene.daemon.container("b-db-1")["Id"]
        (folder / "b.yaml").rename(folder / "z.yaml")
        wait_for(lambda: any(file.endswith("z.yaml") for file, _, _ in running.seen.reads), "it was read again")
        running.at_rest()
        assert running.scene.daemon.container("b-db-1")["Id"] == before
        (folder / "z.yaml").unlink()
        running.until("a-web-1")
        running.until_said("project_is_down")
        assert running.seen.lost == ["b"]
        (folder / "a.yaml").unlink()
        running.until_said("spec_invalid")
        running.at_rest()
        assert running.scene.names() == ["a-web-1"], "an empty folder is rather a mistake"
        running.write("b.yaml", "b", "db")
        running.write("a.yaml", "a", "web")
        running.until("a-web-1", "b-db-1")


def test_a_burst_of_events_is_a_few_cycles_and_none_for_who_is_not_concerned(folder: Path) -> None:
    running = Running(folder)
    running.write("a.yaml", "a", "web")
    running.write("b.yaml", "b", "db")
    with running.start():
        running.until("a-web-1", "b-db-1")
        running.at_rest()
        before, beside = running.cycles("a"), running.cycles("b")
        for _ in range(10_000):
            running.feed.changed("a")
        wait_for(lambda: running.cycles("a") > before, "a cycle")
        running.at_rest()
        assert running.cycles("a") - before < 30, "one each second at most, while they come"
        assert running.cycles("b") == beside


def test_an_engine_that_is_away_is_said_once_for_all_and_nobody_is_asked_meanwhile(folder: Path) -> None:
    running = Running(folder)
    for name in "abcd":
        running.write(f"{name}.yaml", name, "web")
    with running.start():
        running.until("a-web-1", "b-web-1", "c-web-1", "d-web-1")
        running.at_rest()
        running.engine.error = EngineUnreachable("refused")
        running.feed.away(EngineUnreachable("refused"))
        looks = running.engine.looks
        running.daemon.ask("signal")
        running.feed.changed(None)
        time.sleep(0.5)
        assert running.engine.looks == looks
        assert len(running.log.of("engine_error")) == 1
        running.scene.hand("POST", "/containers/a-web-1/stop")
        running.engine.error = None
        running.feed.back()
        running.feed.changed(None)
        running.until_said("engine_is_back")
        wait_for(lambda: running.scene.daemon.container("a-web-1")["State"]["Running"], "it is mended")
        assert running.seen.engines[0] is None
        assert str(running.seen.engines[1]) == "refused"
        assert running.seen.engines[-1] is None


def test_everything_is_looked_at_now_and_then_and_what_no_event_told_is_counted(folder: Path) -> None:
    running = Running(folder, resync=0.2)
    running.write("a.yaml", "a", "web")
    with running.start():
        running.until("a-web-1")
        wait_for(lambda: running.feed.resyncs >= 3, "it looks again and again")
        assert running.log.of("events_missed") == []
        running.feed.missed = 2
        running.until_said("events_missed")
        assert running.seen.misses[0] == 2
        assert running.seen.signs


def test_who_asks_while_everything_is_looked_at_is_heeded_after_it(folder: Path) -> None:
    running = Running(folder, resync=600)
    running.write("a.yaml", "a", "web")
    with running.start():
        running.until("a-web-1")
        running.feed.lists_at_once.clear()
        running.daemon.ask("signal")
        wait_for(lambda: running.feed.resyncs == 1, "it looks")
        for _ in range(3):
            count = running.cycles("a")
            running.daemon.ask("signal")
            wait_for(lambda count=count: running.cycles("a") > count, "what is known is looked at")  # type: ignore[misc]
        assert running.feed.resyncs == 1
        running.feed.lists_at_once.set()
        wait_for(lambda: running.feed.resyncs == 2, "it looks once more")
        running.at_rest()
        assert running.feed.resyncs == 2


def test_while_nothing_happens_it_does_nothing(folder: Path) -> None:
    running = Running(folder, poll=600)
    running.write("a.yaml", "a", "web")
    with running.start():
        running.until("a-web-1")
        running.at_rest()
        looks, used = running.engine.looks, time.process_time()
        time.sleep(2)
        assert running.engine.looks == looks
        assert time.process_time() - used < 1, "no thread goes round and round"


def test_a_call_that_hangs_is_left_at_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.watch.daemon.LEAVE_SECONDS", 0.2)
    running = Running(folder)
    running.write("a.yaml", "a", "web")
    running.engine.hangs = "a"
    with running.start():
        wait_for(lambda: running.log.of("drift"), "it has begun")
        running.daemon.ask("stop")
        running.until_said("left_at_work")
        wait_for(lambda: running.ended, "it ends")
    assert running.ended == [False]
    assert running.log.of("left_at_work")[0]["projects"] == ["a"]
