"""What is noticed of files and folders. What the system tells is waited for; the slow look is called."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from reconciler.watch.files import Files, Watched, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE = 60.0


class Noticed:
    """Files of one folder, watched, and what was noticed of them."""

    def __init__(self, folder: Path) -> None:
        self.told = threading.Event()
        self.files = Files(self.told.set)
        self.watched = Watched(frozenset({folder / "a.yaml"}), frozenset({folder}))
        self.again()

    def again(self) -> None:
        before = self.files.before()
        self.files.watch(self.watched, before)
        self.files.watch(self.watched, self.files.before())
        self.told.clear()

    def at_once(self) -> bool:
        return self.told.wait(DEADLINE) and self.files.look()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "specs"
    found.mkdir()
    (found / "a.yaml").write_text("one")
    return found


@pytest.fixture
def noticed(folder: Path) -> Iterator[Noticed]:
    found = Noticed(folder)
    yield found
    found.files.close()


def test_nothing_has_changed(noticed: Noticed) -> None:
    assert not noticed.files.look()


def test_a_file_that_is_written_replaced_removed(noticed: Noticed, folder: Path) -> None:
    (folder / "a.yaml").write_text("two")
    assert noticed.at_once()
    noticed.again()
    (folder / ".a.swp").write_text("three")
    (folder / ".a.swp").replace(folder / "a.yaml")
    assert noticed.at_once()
    noticed.again()
    (folder / "a.yaml").unlink()
    assert noticed.at_once()


def test_a_new_spec(noticed: Noticed, folder: Path) -> None:
    (folder / "b.yaml").write_text("b")
    assert noticed.at_once()


def test_a_change_in_the_very_moment_of_reading_is_not_lost(noticed: Noticed, folder: Path) -> None:
    before = noticed.files.before()
    (folder / "a.yaml").write_text("while it was read")
    noticed.files.watch(noticed.watched, before)
    assert noticed.files.look()


def test_the_same_text_again_is_no_change(noticed: Noticed, folder: Path) -> None:
    (folder / "a.yaml").write_text("one")
    assert noticed.told.wait(DEADLINE)
    assert not noticed.files.look()


def test_a_folder_that_another_one_takes_the_place_of_is_watched_from_then_on(
    noticed: Noticed, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.yaml").write_text("two")
    folder.rename(tmp_path / "gone")
    other.rename(folder)
    assert noticed.at_once()
    noticed.again()
    (folder / "a.yaml").write_text("three")
    assert noticed.at_once()


def test_a_folder_that_a_link_takes_the_place_of(noticed: Noticed, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.yaml").write_text("two")
    folder.rename(tmp_path / "gone")
    folder.symlink_to(other)
    assert noticed.at_once()
    noticed.again()
    (other / "a.yaml").write_text("three")
    assert noticed.at_once()


def test_a_file_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "specs").mkdir()
    (tmp_path / "real" / "a.yaml").write_text("one")
    (tmp_path / "specs" / "a.yaml").symlink_to(tmp_path / "real" / "a.yaml")
    noticed = Noticed(tmp_path / "specs")
    (tmp_path / "real" / "a.yaml").write_text("two")
    assert noticed.at_once()
    noticed.files.close()


def test_the_slow_look_finds_what_nobody_told(folder: Path) -> None:
    """As with a mount: the folder is not there while the watching begins, and no event comes."""
    files = Files(lambda: None)
    watched = Watched(frozenset({folder / "sub" / "a.yaml"}), frozenset())
    files.watch(watched, files.before())
    assert not files.look()
    (folder / "sub").mkdir()
    (folder / "sub" / "a.yaml").write_text("here")
    assert files.look()
    files.close()


def test_what_does_not_concern_it(folder: Path) -> None:
    watched = Watched(frozenset({folder / "a.yaml", folder / ".env"}), frozenset({folder}))
    for name in ("a.yaml", ".env", "b.yml", "sub", ""):
        assert watched.concerns(str(folder / name)), name
    assert watched.concerns(str(folder.parent)), "the folder itself may have been replaced"
    for name in ("log.txt", ".a.yaml.swp", "sub/deep.yaml", "../other.yaml"):
        assert not watched.concerns(os.path.normpath(folder / name)), name


def test_a_pipe_is_not_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")
    assert fingerprint(Watched(frozenset({folder / "pipe.yaml"})))[folder / "pipe.yaml"] == "no file"
