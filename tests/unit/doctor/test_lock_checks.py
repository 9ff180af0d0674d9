"""What `doctor` says of locks: of who watches here, elsewhere, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.doctor.lock_checks import lock_findings
from reconciler.locks.folder import lock_file
from reconciler.locks.holder import Holder, as_labels
from reconciler.locks.keeping import Keeping
from reconciler.locks.watch_lock import volume_name
from tests.unit.locks.fake import Volumes

if TYPE_CHECKING:
    from pathlib import Path

HERE = Holder.here("watch", ("/srv/shop.yaml",))
FAR = replace(HERE, host="far", machine="other", token="t")


def look(folder: Path, volumes: Volumes | None) -> list[tuple[str, str, str]]:
    found = list(lock_findings(folder, volumes))
    assert {one.check for one in found} <= {"lock"}
    return [(one.verdict.value, one.message, one.hint) for one in found]


def marked(holder: Holder) -> Volumes:
    volumes = Volumes()
    volumes.there[volume_name("shop")] = as_labels("shop", holder)
    return volumes


def test_nobody_watches(tmp_path: Path) -> None:
    nobody = [("ok", f"no `watch` on this machine; its locks would lie in {tmp_path}", "")]
    assert look(tmp_path, Volumes()) == nobody
    assert look(tmp_path, None) == nobody
    (tmp_path / "docker-reconciler-shop-0123456789ab.watch").write_text("{}")
    assert look(tmp_path, Volumes()) == nobody, "a file that nobody holds is no lock"


def test_who_watches_here_and_a_broken_spec(tmp_path: Path) -> None:
    volumes, keeping = Volumes(), Keeping(tmp_path, "my-shop", HERE)
    keeping.take(volumes)
    assert look(tmp_path, volumes) == [("ok", f"my-shop is watched by {HERE}", "")]
    assert look(tmp_path, None) == look(tmp_path, volumes), "also where the Engine is away"
    keeping.tell("/srv/shop.yaml:3:5", "2026-05-10T12:00:00+00:00")
    [(verdict, message, hint)] = look(tmp_path, volumes)
    assert (verdict, hint) == ("note", "mend the spec, and it takes that")
    assert "its spec is broken at /srv/shop.yaml:3:5 since 2026-05-10T12:00:00+00:00" in message
    keeping.release(volumes)
    other = Keeping(tmp_path, "other", HERE)
    other.take(volumes)
    volumes.identity = lambda: "ANOTHER"  # type: ignore[method-assign]
    assert look(tmp_path, volumes) == [("ok", f"other is watched by {HERE}, on another Engine", "")]


def test_what_one_that_is_gone_has_left(tmp_path: Path) -> None:
    for volumes in (marked(HERE), marked(replace(FAR, container="c" * 64, on_engine=True))):
        first, (verdict, message, hint) = look(tmp_path, volumes)
        assert first[0] == "ok"
        assert verdict == "note"
        assert message.startswith("shop: the volume reconciler-lock.shop is left of `reconciler watch` (process ")
        assert "`docker volume rm reconciler-lock.shop`" in hint


def test_who_watches_elsewhere(tmp_path: Path) -> None:
    _, (verdict, message, hint) = look(tmp_path, marked(FAR))
    assert (verdict, message) == ("note", f"shop is watched from another machine by {FAR}")
    assert "`watch --take-over` takes the project" in hint
    assert "`reconciler pause shop` there" in hint
    inside = replace(FAR, container="c" * 64, on_engine=True)
    volumes = marked(inside)
    volumes.up["c" * 64] = "running"
    assert look(tmp_path, volumes)[1][:2] == ("ok", f"shop is watched in the container {'c' * 12} by {inside}")


def test_locks_that_can_not_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_file(tmp_path, "shop", "ENGINE", "watch").mkdir()
    verdict, message, _ = look(tmp_path, Volumes())[0]
    assert verdict == "wrong"
    assert "it is no file" in message or "directory" in message
    file = tmp_path / "file"
    file.touch()
    [(verdict, message, hint)] = look(file / "locks", Volumes())
    assert (verdict, message.partition(":")[0]) == ("wrong", f"{file / 'locks'} can't be made in {file}")
    assert "RECONCILER_RUNTIME_DIR" in hint
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    assert look(tmp_path / "none", Volumes())[0][0] == "wrong"


def test_a_very_long_name_is_no_reason_to_name_another_engine(tmp_path: Path) -> None:
    volumes = Volumes()
    Keeping(tmp_path, "p" * 100, HERE).take(volumes)
    assert "another Engine" not in look(tmp_path, volumes)[0][1]
