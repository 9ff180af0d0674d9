"""Turns: one at a time, for as long as it takes or not, and nobody is kept out for good."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ExitCode, Locked
from reconciler.locks.holder import Holder
from reconciler.locks.turn import Turn, last_turns

if TYPE_CHECKING:
    from pathlib import Path


def turn(folder: Path, command: str) -> Turn:
    return Turn(folder, "shop", "ENGINE", Holder.here(command))


def test_a_turn_that_is_taken_is_waited_for_and_named(tmp_path: Path) -> None:
    first = turn(tmp_path, "watch")
    assert first.take()
    told: list[Holder] = []
    now = iter(range(1000))
    second = Turn(tmp_path, "shop", "ENGINE", Holder.here("apply"), lambda: float(next(now)), lambda _: None)
    with pytest.raises(Locked, match=r"`reconciler watch`.*not free within 3 s") as raised:
        second.take(3, waiting=told.append)
    assert raised.value.exit_code is ExitCode.LOCKED
    assert "--lock-timeout" in raised.value.hint
    assert told == [first.holder], "once"
    first.release()
    assert second.take(0)


def test_who_is_asked_to_stop_waits_no_longer(tmp_path: Path) -> None:
    assert turn(tmp_path, "apply").take()
    assert not turn(tmp_path, "watch").take(stopped=lambda: True)


def test_one_knows_whether_somebody_else_had_a_turn_in_between(tmp_path: Path) -> None:
    mine, other = turn(tmp_path, "apply"), turn(tmp_path, "watch")
    undisturbed = []
    for who in (mine, mine, other, mine, mine):
        assert who.take()
        undisturbed.append(who.is_undisturbed)
        who.release()
    assert undisturbed == [False, True, False, False, True]


def test_one_that_takes_turn_after_turn_lets_others_in(tmp_path: Path) -> None:
    greedy, patient, stop = turn(tmp_path, "watch"), turn(tmp_path, "apply"), threading.Event()

    def take_again_and_again() -> None:
        while not stop.is_set():
            greedy.take(stopped=stop.is_set)
            greedy.release()

    thread = threading.Thread(target=take_again_and_again)
    thread.start()
    try:
        for _ in range(5):
            assert patient.take(60)
            patient.release()
    finally:
        stop.set()
        thread.join()


def test_turns_never_overlap(tmp_path: Path) -> None:
    inside, most, faults = [0], [0], []

    def take() -> None:
        mine = turn(tmp_path, "apply")
        for _ in range(20):
            if not mine.take(60):
                faults.append("no turn")
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1
            mine.release()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most[0], faults) == (1, [])


def test_whether_anybody_had_a_turn_since_a_moment(tmp_path: Path) -> None:
    mine, other = turn(tmp_path, "apply"), turn(tmp_path, "watch")
    nobody = last_turns(tmp_path)
    assert nobody == {}
    assert mine.take()
    assert mine.was_nobodys_since(nobody)
    mine.release()

    before = last_turns(tmp_path)
    assert [*before.values()] == [mine.holder.token]
    again = turn(tmp_path, "apply")
    assert again.take()
    assert again.was_nobodys_since(before)
    again.release()

    before = last_turns(tmp_path)
    assert other.take()
    other.release()
    assert mine.take()
    assert not mine.was_nobodys_since(before)
    assert not mine.was_nobodys_since(nobody), "the first one ever was another's"


def test_a_turn_that_somebody_had_at_that_moment_counts_as_one_since(tmp_path: Path) -> None:
    mine, other = turn(tmp_path, "apply"), turn(tmp_path, "watch")
    assert other.take()
    before = last_turns(tmp_path)
    other.release()
    assert mine.take()
    assert not mine.was_nobodys_since(before)


def test_a_turn_of_which_nobody_can_tell_counts_as_one_since(tmp_path: Path) -> None:
    mine = turn(tmp_path, "apply")
    assert mine.take()
    mine.release()
    path = mine._turn.path
    path.rename(tmp_path / "away")
    path.mkdir()
    before = last_turns(tmp_path)
    path.rmdir()
    (tmp_path / "away").rename(path)
    assert mine.take()
    assert not mine.was_nobodys_since(before)
