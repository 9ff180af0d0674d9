"""What a command in a container writes: frames, which come in chunks of any size; the last lines are kept."""

from __future__ import annotations

import pytest

from reconciler.engine.execute import Tail


def frame(stream: int, text: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


@pytest.mark.parametrize("size", [1, 3, 8, 9, 1000])
def test_frames_come_in_chunks_of_any_size(size: int) -> None:
    data = frame(1, b"one\ntw") + frame(2, b"o\n") + frame(1, b"") + frame(1, "drei \u00e4\n".encode())
    tail = Tail()
    for at in range(0, len(data), size):
        tail.feed(data[at : at + size])
    assert tail.lines == ("one", "two", "drei \u00e4")


def test_the_last_ten_lines_are_kept() -> None:
    tail = Tail()
    for number in range(10000):
        tail.feed(frame(1, f"line {number}\n".encode()))
    assert tail.lines == tuple(f"line {number}" for number in range(9990, 10000))
