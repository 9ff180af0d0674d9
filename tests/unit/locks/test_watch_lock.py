"""One watcher for a project and Engine: here, elsewhere, dead and alive."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import EngineUnreachable, ExitCode, Locked
from reconciler.fields import ownership
from reconciler.locks.holder import Holder, as_labels, from_labels
from reconciler.locks.keeping import Keeping
from reconciler.locks.watch_lock import WatchLock, volume_name, watcher
from tests.unit.locks.fake import Volumes

if TYPE_CHECKING:
    from pathlib import Path

NAME = volume_name("shop")
ME = Holder.here("apply")


def lock(folder: Path, holder: Holder | None = None) -> WatchLock:
    return WatchLock(folder, "shop", "ENGINE", holder or Holder.here("watch", ("/srv/shop.yaml",)), lambda _: None)


def elsewhere(**more: object) -> Holder:
    return replace(Holder.here("watch", ("/srv/shop.yaml",)), host="far", machine="other", **more)  # type: ignore[arg-type]


def test_it_marks_the_engine_and_leaves_nothing_behind(tmp_path: Path) -> None:
    volumes, mine = Volumes(), lock(tmp_path)
    mine.take(volumes)
    labels = volumes.there[NAME]
    assert labels[ownership.LOCK] == "shop"
    assert labels["io.reconciler.lock.pid"] == str(mine.holder.pid)
    assert labels["io.reconciler.lock.host"] == mine.holder.host
    assert ownership.PROJECT not in labels
    assert from_labels(labels) == mine.holder
    mine.confirm(volumes)
    mine.release(volumes)
    assert volumes.there == {}
    assert watcher(tmp_path, "shop", "ENGINE", ME, volumes) is None


def test_a_second_one_here_is_told_who_holds_it(tmp_path: Path) -> None:
    volumes, first = Volumes(), lock(tmp_path)
    first.take(volumes)
    for take_over in (False, True):
        with pytest.raises(Locked, match=f"process {first.holder.pid} on {first.holder.host}") as raised:
            lock(tmp_path).take(volumes, take_over=take_over)
        assert raised.value.exit_code is ExitCode.LOCKED
        assert "/srv/shop.yaml" in raised.value.message
    assert watcher(tmp_path, "shop", "ENGINE", ME, volumes) == first.holder
    first.confirm(volumes)


def test_a_broken_spec_is_told_in_the_file_and_not_on_the_engine(tmp_path: Path) -> None:
    volumes, me = Volumes(), Holder.here("watch", ("/srv/shop.yaml",))
    keeping = Keeping(tmp_path, "shop", me)
    keeping.tell("/srv/shop.yaml:3:5", "2026-05-10T12:00:00+00:00")  # the Engine is away still
    keeping.take(volumes)
    found = watcher(tmp_path, "shop", "ENGINE", ME, volumes)
    assert found == replace(me, broken="/srv/shop.yaml:3:5", broken_since="2026-05-10T12:00:00+00:00")
    assert "3:5" not in "".join(volumes.there[NAME].values())
    keeping.confirm(volumes)
    keeping.tell("", "")
    assert watcher(tmp_path, "shop", "ENGINE", ME, volumes) == me


def test_other_projects_and_engines_are_kept_beside_it(tmp_path: Path) -> None:
    volumes = Volumes()
    lock(tmp_path).take(volumes)
    WatchLock(tmp_path, "shop", "ANOTHER", Holder.here("watch")).take(Volumes())
    WatchLock(tmp_path, "other", "ENGINE", Holder.here("watch")).take(volumes)


def test_a_dead_watcher_of_this_host_never_blocks(tmp_path: Path) -> None:
    volumes, dead = Volumes(), Holder.here("watch")
    volumes.create_volume(NAME, as_labels("shop", dead))
    assert watcher(tmp_path, "shop", "ENGINE", ME, volumes) is None
    mine = lock(tmp_path)
    mine.take(volumes)
    assert from_labels(volumes.there[NAME]) == mine.holder


def test_one_of_another_host_yields_only_when_told_to(tmp_path: Path) -> None:
    volumes, mine = Volumes(), lock(tmp_path)
    far = lock(tmp_path / "far", elsewhere())
    far.take(volumes)
    with pytest.raises(Locked, match="on far") as raised:
        mine.take(volumes)
    assert "--take-over" in raised.value.hint
    found = watcher(tmp_path, "shop", "ENGINE", ME, volumes)
    assert found
    assert found.host == "far"
    mine.take(volumes, take_over=True)
    with pytest.raises(Locked, match=mine.holder.host):
        far.confirm(volumes)
    far.release(volumes)
    assert from_labels(volumes.there[NAME]) == mine.holder, "it removes no mark but its own"


def test_one_in_a_container_went_with_it(tmp_path: Path) -> None:
    volumes, far = Volumes(), elsewhere(container="c1")
    volumes.up["c1"] = "running"
    lock(tmp_path / "far", far).take(volumes)
    with pytest.raises(Locked):
        lock(tmp_path).take(volumes)
    volumes.up["c1"] = "exited"
    lock(tmp_path).take(volumes)


def test_one_in_a_container_of_another_engine_may_be_alive(tmp_path: Path) -> None:
    volumes, far = Volumes(), elsewhere(container="unknown-here")
    lock(tmp_path / "far", far).take(volumes)
    with pytest.raises(Locked):
        lock(tmp_path).take(volumes)


def test_a_mark_that_was_pruned_is_made_again(tmp_path: Path) -> None:
    volumes, mine = Volumes(), lock(tmp_path)
    mine.take(volumes)
    volumes.there.clear()
    mine.confirm(volumes)
    assert from_labels(volumes.there[NAME]) == mine.holder


def test_a_lock_file_that_was_cleared_away_is_made_again(tmp_path: Path) -> None:
    volumes, mine = Volumes(), lock(tmp_path)
    mine.take(volumes)
    for file in tmp_path.iterdir():
        file.unlink()
    mine.confirm(volumes)
    assert watcher(tmp_path, "shop", "ENGINE", ME, volumes) == mine.holder


def test_a_volume_of_that_name_that_is_no_lock_is_left_alone(tmp_path: Path) -> None:
    volumes = Volumes()
    volumes.there[NAME] = {}
    with pytest.raises(Locked):
        lock(tmp_path).take(volumes)
    assert volumes.there == {NAME: {}}


def test_an_engine_that_is_away_holds_up_no_end(tmp_path: Path) -> None:
    class Away(Volumes):
        def volume_labels(self, name: str) -> dict[str, str] | None:
            raise EngineUnreachable("away")

    mine = lock(tmp_path)
    mine.take(Volumes())
    mine.release(Away())
    lock(tmp_path).take(Volumes())


def test_the_same_spec_is_told_by_files_options_and_place() -> None:
    one = Holder.here("watch", ("/a.yaml", "/b.yaml"), ("--profile debug",))
    assert one.reads_the_same(Holder.here("apply", ("/b.yaml", "/a.yaml"), ("--profile debug",)))
    assert not one.reads_the_same(Holder.here("apply", ("/a.yaml",), ("--profile debug",)))
    assert not one.reads_the_same(Holder.here("apply", one.files))
    assert not one.reads_the_same(replace(one, host="far"))
    assert not Holder.here("watch").reads_the_same(Holder.here("apply"))
