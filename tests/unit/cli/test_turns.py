"""Who may change a project by hand while somebody watches it, and while somebody else changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from reconciler.cli.options import Options
from reconciler.cli.turns import my_turn, this_process
from reconciler.errors import Locked
from reconciler.journal.journal import Journal
from reconciler.locks.folder import lock_folder
from reconciler.locks.holder import Holder, as_labels
from reconciler.locks.keeping import Keeping
from reconciler.locks.turn import Turn
from reconciler.locks.watch_lock import volume_name
from tests.unit.locks.fake import Volumes

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.engine.engine import DockerEngine


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECONCILER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("RECONCILER_STATE_DIR", str(tmp_path / "state"))
    return lock_folder({"RECONCILER_RUNTIME_DIR": str(tmp_path)})


def take(here: Volumes, files: tuple[Path, ...], options: Options | None = None, command: str = "apply") -> bool:
    engine = cast("DockerEngine", here)
    with my_turn(command, "shop", files, engine, options or Options(), declares=command == "apply") as turns:
        return turns.turn is not None


def test_the_same_spec_takes_turns_and_others_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, file = Volumes(), tmp_path / "shop.yaml"
    link = tmp_path / "link.yaml"
    file.touch()
    link.symlink_to(file)
    keeping = Keeping(folder, "shop", this_process("watch", Options(profile=("b", "a")), (file,)))
    keeping.take(here)
    same = Options(profile=("a", "b"))
    assert take(here, (file,), same)
    assert take(here, (link,), same), "by another name"
    for files, options, command in (
        ((file,), Options(), "apply"),
        ((file,), replace(same, project="shop"), "apply"),
        ((file,), replace(same, locked=True), "apply"),
        ((file,), replace(same, env_file=("x.env",)), "apply"),
        ((tmp_path / "other.yaml",), same, "apply"),
        ((), same, "apply"),
        ((file,), same, "down"),
        ((file,), same, "rollback"),
    ):
        with pytest.raises(Locked, match="is kept by `reconciler watch`") as raised:
            take(here, files, options, command)
        assert str(file) in raised.value.message
    assert not take(here, (), replace(same, dry_run=True), "down"), "what changes nothing takes no turn"
    with my_turn("down", "shop", (), cast("DockerEngine", here), Options(pause=True)) as turns:
        turns.begin("shop")
    assert "resume shop" in capsys.readouterr().err
    journal = Journal(tmp_path / "state")
    assert journal.rests("shop").pause
    assert take(here, (), Options(), "rollback"), "it is paused"
    journal.end_rest("shop")
    with pytest.raises(Locked, match="is kept by"):
        take(here, (), Options(), "rollback")
    keeping.release(here)
    assert take(here, (), Options(), "down")


def test_a_watch_elsewhere_is_named(folder: Path) -> None:
    here, far = Volumes(), replace(Holder.here("watch"), host="far")
    here.create_volume(volume_name("shop"), as_labels("shop", far))
    for options in (Options(), Options(pause=True)):
        with pytest.raises(Locked, match="on far") as raised:
            take(here, (), options)
        assert "there" in raised.value.hint


def test_somebody_elses_turn_is_waited_for(folder: Path) -> None:
    other = Turn(folder, "shop", "ENGINE", Holder.here("apply"))
    assert other.take()
    with pytest.raises(Locked, match="being changed by `reconciler apply`"):
        take(Volumes(), (), Options(lock_timeout=0.05))
    other.release()
    assert take(Volumes(), (), Options(lock_timeout=0.05))


def test_where_nothing_can_be_locked_one_works_by_hand(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RECONCILER_RUNTIME_DIR", str(tmp_path / "file"))
    assert not take(Volumes(), ())
    assert "can't be used" in capsys.readouterr().err


def test_one_knows_whether_others_had_a_turn_while_a_person_was_asked(folder: Path) -> None:
    other = Turn(folder, "shop", "ENGINE", Holder.here("watch"))
    undisturbed = []
    with my_turn("apply", "shop", (), cast("DockerEngine", Volumes()), Options()) as turns:
        for disturb in (False, True):
            with turns.yielded():
                if disturb:
                    assert other.take(60)
                    other.release()
            undisturbed.append(turns.is_undisturbed)
        with pytest.raises(Locked):
            other.take(0)
    assert undisturbed == [True, False]
