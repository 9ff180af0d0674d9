"""The log, where its output is blocked, full, gone, or slow."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from reconciler.watch.log import configure
from reconciler.watch.log_output import LogOutput
from tests.support.engine import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE = 60


def lost(count: int) -> str:
    return f"{count} lost\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reads, writes = os.pipe()
    yield reads, writes
    for end in (reads, writes):
        with suppress(OSError):
            os.close(end)


def read_all(descriptor: int) -> list[str]:
    """All lines until the other end is closed."""
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read().decode().splitlines()


def test_lines_are_written_in_order_until_the_end(pipe: tuple[int, int]) -> None:
    reads, writes = pipe
    output = LogOutput(writes, lost)
    for number in range(500):
        output.write(f"{number}\n")
    output.close(DEADLINE)
    os.close(writes)
    assert read_all(reads) == [str(number) for number in range(500)]


def test_a_pipe_that_nobody_reads_stops_nobody_and_what_was_dropped_is_said(pipe: tuple[int, int]) -> None:
    """The fault "log output that blocks": the pipe is full, the writer stands, and whoever logs goes on."""
    reads, writes = pipe
    line = "x" * 1000 + "\n"
    output = LogOutput(writes, lost, limit=100 * len(line))
    for _ in range(2000):  # a pipe holds 64 of them, the queue 100
        output.write(line)
    dropped = output.dropped
    assert 1000 < dropped < 2000

    found: list[str] = []
    reader = threading.Thread(target=lambda: found.extend(read_all(reads)))
    reader.start()
    wait_for(output._lines.empty, "the queue is written", DEADLINE)
    output.write("later\n")
    output.close(DEADLINE)
    os.close(writes)
    reader.join(DEADLINE)
    assert len([one for one in found if one.startswith("x")]) == 2000 - dropped
    said = [int(one.removesuffix(" lost")) for one in found if one.endswith(" lost")]
    assert sum(said) == dropped, "each is said once, as soon as some could be written again"
    assert found[-1] == "later"
    assert output.dropped == dropped


def test_the_end_does_not_wait_for_a_reader_that_never_comes(pipe: tuple[int, int]) -> None:
    reads, writes = pipe
    output = LogOutput(writes, lost, limit=1 << 18)
    for _ in range(200):
        output.write("x" * 1000 + "\n")
    output.close(0.05)
    assert output._thread.is_alive(), "it stands still, and this test goes on"
    os.close(reads)  # the write ends with an error
    output._thread.join(DEADLINE)
    assert not output._thread.is_alive()


def test_a_reader_that_is_gone_and_a_full_disk_only_count(pipe: tuple[int, int]) -> None:
    reads, writes = pipe
    os.close(reads)
    output = LogOutput(writes, lost)
    output.write("one\n")
    output.write("two\n")
    output.close(DEADLINE)
    assert output.dropped == 2

    full = os.open("/dev/full", os.O_WRONLY)
    output = LogOutput(full, lost)
    output.write("one\n")
    output.close(DEADLINE)
    os.close(full)
    assert output.dropped == 1


def test_a_descriptor_that_does_not_wait_is_waited_for(pipe: tuple[int, int]) -> None:
    reads, writes = pipe
    os.set_blocking(writes, False)
    output = LogOutput(writes, lost)
    for _ in range(300):
        output.write("x" * 1000 + "\n")
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.extend(read_all(reads)))
    reader.start()
    output.close(DEADLINE)
    os.close(writes)
    reader.join(DEADLINE)
    assert found == ["x" * 1000] * 300


def test_json_lines_and_levels(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("wb") as stream:
        logging = configure(colours=False, level="warning", descriptor=stream.fileno(), terminal=False)
        logging.log.info("drift", changes=["start"])
        logging.log.bind(project="shop").warning("held_back", resources=["container \u00fc\ud800"])
        logging.output.close(DEADLINE)
    [line] = file.read_text().splitlines()
    found = json.loads(line)
    assert found.pop("timestamp").endswith("Z")
    assert found == {
        "event": "held_back",
        "level": "warning",
        "project": "shop",
        "resources": ["container ü\ud800"],
    }


def test_readable_lines_for_a_person(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("wb") as stream:
        logging = configure(colours=False, level="debug", descriptor=stream.fileno(), terminal=True)
        logging.log.debug("http", request="GET /")
        logging.output.close(DEADLINE)
    [line] = file.read_text().splitlines()
    assert "http" in line
    assert "request='GET /'" in line
