"""File locks: between real processes, however they end, and on files that others have laid there."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ExitCode
from reconciler.locks.file_lock import FileLock, LockFileError, holder_of
from reconciler.locks.folder import lock_file, lock_files, lock_folder
from reconciler.locks.holder import Holder
from tests.support.engine import wait_for

if TYPE_CHECKING:
    from pathlib import Path

HOLDS = """
import sys
from pathlib import Path
from reconciler.locks.file_lock import FileLock
from reconciler.locks.holder import Holder
lock = FileLock(Path(sys.argv[1]))
assert lock.take(Holder.here("watch", ("/srv/shop.yaml",)))
print("held", flush=True)
sys.stdin.read()
"""


def process(path: Path) -> subprocess.Popen[str]:
    """One that holds the lock until its input ends."""
    started = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout
    assert started.stdout.readline() == "held\n"
    return started


def end(started: subprocess.Popen[str]) -> None:
    started.kill()
    started.communicate()


def test_a_lock_is_held_by_one_process_which_says_who_it_is(tmp_path: Path) -> None:
    path = tmp_path / "made" / "a.watch"
    assert holder_of(path) is None
    other = process(path)
    try:
        holder = holder_of(path)
        assert holder
        assert (holder.pid, holder.command, holder.files) == (other.pid, "watch", ("/srv/shop.yaml",))
        assert str(other.pid) in str(holder)
        assert "/srv/shop.yaml" in str(holder)
        mine = FileLock(path)
        assert not mine.take(Holder.here("watch"))
        assert not mine.is_held
    finally:
        end(other)


def test_its_holder_tells_more_while_it_has_it(tmp_path: Path) -> None:
    lock, me = FileLock(tmp_path / "a"), Holder.here("watch", ("/srv/shop.yaml",))
    lock.tell(me)
    assert not lock.path.exists(), "it is not held"
    assert lock.take(me)
    for broken in ("/srv/shop.yaml:3:5", "", "x" * 5000, "y"):
        lock.tell(replace(me, broken=broken))
        assert holder_of(lock.path) == replace(me, broken=broken)
    lock.release()
    lock.tell(replace(me, broken="after its end"))
    assert FileLock(lock.path).take(Holder.here("apply"))
    assert b"after its end" not in lock.path.read_bytes()


def test_a_killed_holder_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "a.watch"
    end(process(path))
    assert holder_of(path) is None
    mine = FileLock(path)
    assert mine.take(Holder.here("apply"))
    assert mine.before.command == "watch"
    mine.release()
    assert holder_of(path) is None
    assert path.exists(), "who waits for it would hold a lock on nothing"


def test_within_one_process_a_second_taker_waits_too(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "a"), FileLock(tmp_path / "a")
    assert first.take(Holder.here("watch"))
    assert first.take(Holder.here("watch")), "it is ours already"
    assert not second.take(Holder.here("watch"))


def test_a_lock_on_a_file_that_was_cleared_away_is_none(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "a")
    assert lock.take(Holder.here("watch"))
    lock.path.unlink()
    assert not lock.is_held
    assert lock.take(Holder.here("watch"))
    assert lock.is_held


def test_all_users_may_write_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        assert FileLock(tmp_path / "a").take(Holder.here("watch"))
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666


@pytest.mark.parametrize("kind", ["link", "fifo", "folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(LockFileError) as raised:
        FileLock(path).take(Holder.here("watch"))
    assert str(path) in raised.value.message
    assert raised.value.exit_code is ExitCode.FAILED
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"pid": "x", "files": 3, "host": null}', b"\xff"])
def test_a_file_that_says_nonsense_is_held_by_somebody(tmp_path: Path, text: bytes) -> None:
    lock = FileLock(tmp_path / "a")
    assert lock.take(Holder.here("watch"))
    lock.path.write_bytes(text)
    assert str(holder_of(lock.path)) == "another reconciler"


def test_the_folder_is_the_same_for_all_users(tmp_path: Path) -> None:
    private, shared = tmp_path / "private", tmp_path / "shared"
    private.mkdir(mode=0o755)
    shared.mkdir()
    shared.chmod(0o1777)
    missing = tmp_path / "missing"
    assert lock_folder({}, (missing, private, shared)) == shared
    assert lock_folder({}, (missing, private)) == private
    assert lock_folder({"RECONCILER_RUNTIME_DIR": str(private)}) == private / "locks"
    for ignored in ("", "relative"):
        assert lock_folder({"RECONCILER_RUNTIME_DIR": ignored}, (shared,)) == shared


def test_each_project_and_engine_has_a_file(tmp_path: Path) -> None:
    paths = [lock_file(tmp_path, project, engine, "watch") for project in ("a", "a-b") for engine in ("E", "F")]
    assert len(set(paths)) == 4
    for path in paths:
        path.touch()
    assert lock_files(tmp_path, "a", "watch") == sorted(paths[:2])
    assert len(lock_file(tmp_path, "p" * 300, "E", "watch").name) < 200


def test_many_processes_and_one_wins(tmp_path: Path) -> None:
    """The file is made by the first of them: none is left without, or with a lock on another file."""
    script = HOLDS.replace("assert lock.take", "won = lock.take").replace('"held"', "won")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "a")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    try:
        wait_for((tmp_path / "a").exists, "one has made it")
        won = [one.stdout.readline() for one in started if one.stdout]
        assert sorted(won) == ["False\n"] * 5 + ["True\n"]
    finally:
        for one in started:
            end(one)
