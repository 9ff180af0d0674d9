"""The live lines on a terminal: what they show, in which window, and what stays when they are gone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from reconciler.execution.outcome import Advance, Started
from reconciler.planning.actions import Action, BuildImage
from reconciler.planning.gates import AwaitHealthy
from reconciler.planning.plan import Plan
from reconciler.report.layout import cells
from reconciler.report.live import LiveProgress
from reconciler.report.live_frame import LiveRow, frame
from reconciler.report.style import Style, is_live
from tests.support.glass import Glass
from tests.support.simulated import FakeClock
from tests.unit.report.scenes import (
    create,
    done,
    failed,
    hello,
    key,
    named,
    of_images,
    plan,
    pull,
    replacement,
    skipped,
    undone,
)

OFF, ON = Style(False), Style(True)
LONG = "registry.example.com:5000/some/very/long/名前/of-an-image:1.27.3-alpine"


class Show:
    """Live lines in a window, drawn when a test says so."""

    def __init__(self, *actions: Action, size: tuple[int, int] = (80, 24), style: Style = OFF) -> None:
        self.glass = Glass(*size)
        self.clock = FakeClock()
        self.live = LiveProgress(
            self.glass,  # type: ignore[arg-type]
            style,
            self.clock,
            plan(actions=actions),
            size=lambda: self.glass.size,
            tick=3600,
        )

    def __enter__(self) -> Show:
        self.live.__enter__()
        return self

    def __exit__(self, *_: Any) -> None:
        self.live.__exit__(None, None, None)
        assert self.glass.shows_cursor
        assert self.glass.wraps

    def tell(self, *events: Any) -> list[str]:
        for event in events:
            self.live(event)
        self.live.draw()
        return self.glass.text


def test_a_line_while_it_lasts_and_one_when_it_is_done() -> None:
    made, start = create("web-1")
    image = pull("nginx:1")
    with Show(image, made, start) as show:
        assert show.tell(Started(image)) == ["  ⠋ image nginx:1  pulling  0 s", "    0 of 2 done, 0 s"]
        show.clock.sleep(4)
        assert show.tell(Advance(image, "2 of 5 layers", 12_300_000, 0, "bytes")) == [
            "  ⠋ image nginx:1  pulling: 12.3 MB, 2 of 5 layers  4 s",
            "    0 of 2 done, 4 s",
        ]
        assert show.tell(Advance(image, "", 30_000_000, 120_000_000, "bytes"), Started(made)) == [
            "  ⠋ image nginx:1    pulling   ━━━━━━────────────────── 30.0 of 120.0 MB  4 s",
            "  ⠋ container web-1  creating  0 s",
            "    0 of 2 done, 4 s",
        ]
        assert show.tell(done(image, 4.2), done(made)) == ["  ✓ image nginx:1 pulled (4.2 s)"]
        assert show.tell(Started(start)) == [
            "  ✓ image nginx:1 pulled (4.2 s)",
            "  ⠋ container web-1  starting  0 s",
            "    1 of 2 done, 4 s",
        ]
        assert show.tell(done(start)) == [
            "  ✓ image nginx:1 pulled (4.2 s)",
            "  ✓ container web-1 created, started (0.8 s)",
        ]
    assert len(show.glass.text) == 2


def test_builds_by_step_and_health_by_attempt() -> None:
    build = of_images("app:1")[0]
    assert isinstance(build, BuildImage)
    healthy = AwaitHealthy(container="f00", deadline_seconds=60, **named("container", "db-1", "healthy"))
    with Show(build, healthy) as show:
        shown = show.tell(
            Started(build),
            Started(healthy),
            Advance(build, "RUN make \x1b[31mall", 3, 7, "steps"),
            Advance(healthy, "check failed 2 of 3 times"),
        )
    assert shown[1] == "  ⠋ container db-1  becoming healthy: check failed 2 of 3 times  0 s"
    assert "building: step 3 of 7, RUN make" in shown[0]
    assert "\x1b" not in shown[0]


def test_a_failure_stands_on_one_line_with_what_was_done_before_and_steps_taken_back_are_told() -> None:
    made, begin = create("web-1")
    steps = replacement("db-1")
    with Show(made, begin, *steps) as show:
        said = show.tell(
            done(made),
            failed(begin, "no such command", "write another one", ("a line",)),
            *(done(step) for step in steps[:3]),
            failed(steps[3], "the new container exited with code 1"),
            undone(steps[0]),
            undone(steps[1]),
        )
    assert said == [
        "  ✗ container web-1 created, then: no such command",
        "      write another one",
        "      | a line",
        "  ✗ container db-1: the new container exited with code 1",
        "  ← container db-1: new container removed again (0.2 s)",
        "  ← container db-1: old container started again (0.2 s)",
    ]


def test_one_that_is_skipped_half_way_is_one_line() -> None:
    made, begin = create("db-1")
    waits, never = create("web-1")
    never = replace(never, needs=(waits.id, begin.id))
    with Show(made, begin, waits, never) as show:
        said = show.tell(done(made), done(waits), failed(begin, "no such command"), skipped(never))
    assert said == [
        "  ✗ container db-1 created, then: no such command",
        "  ! container web-1 created, but not started, because container db-1 failed",
    ]


def test_a_line_that_is_too_long_is_broken_between_words() -> None:
    made, begin = create("web-1")
    with Show(made, begin, size=(44, 24), style=ON) as show:
        show.tell(
            failed(
                made,
                "the image has no command that is named `serve`",
                "say which one it is to run instead",
                ("x" * 50,),
            ),
        )
        assert show.glass.text[:5] == [
            "  ✗ container web-1: the image has no",
            "    command that is named `serve`",
            "      say which one it is to run instead",
            f"      | {'x' * 36}",
            f"        {'x' * 14}",
        ]
        assert show.glass.wrapped == 0


def test_what_was_done_is_said_at_an_early_end() -> None:
    made, start = create("web-1")
    with Show(made, start) as show:
        assert show.tell(done(made)) == []
    assert show.glass.text == ["  ✓ container web-1 created (0.4 s)"]


def test_what_is_said_meanwhile_stands_above() -> None:
    image = pull("nginx:1")
    with Show(image) as show:
        show.tell(Started(image))
        show.live.note("Stopping after the calls under way.")
        assert show.tell()[0] == "Stopping after the calls under way."
        show.live.note("And more.")
    assert show.glass.text == ["Stopping after the calls under way.", "And more."]


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (8, 3), (1, 1), (200, 50)])
def test_no_window_breaks_it(size: tuple[int, int]) -> None:
    images = [pull(f"{LONG}-{number}") for number in range(12)]
    with Show(*images, size=size) as show:
        for image in images:
            show.tell(Started(image), Advance(image, "unpacking", 10**9, 3 * 10**9, "bytes"))
        assert show.glass.wrapped == 0
        if size[1] > 2:
            assert sum("⠋" in row for row in show.glass.text) == min(12, size[1] - 2)
        if size == (40, 10):
            assert "+ 4 more, 0 of 12 done, 0 s" in show.glass.text[-1]
    assert show.glass.text == []


def test_a_window_that_is_made_smaller_and_larger_is_filled_anew() -> None:
    images = [pull(f"{LONG}-{number}") for number in range(4)]
    with Show(*images, size=(100, 20)) as show:
        show.tell(*map(Started, images))
        for columns in (30, 60, 100):
            show.glass.size = (columns, 20)
            shown = show.tell()
            assert len(shown) == 5
            assert all(cells(row) < columns for row in shown)
        assert show.tell(done(images[0], 1.0))[0].endswith("pulled (1.0 s)")


def test_colours_say_no_more_than_the_text() -> None:
    row = LiveRow(key("image", "nginx:1"), "pulling", 61.0, Advance(pull("nginx:1"), "", 1, 4, "bytes"))
    plain = frame([row], "0 of 1 done", size=(80, 24), moment=0.3, style=OFF)
    painted = frame([row], "0 of 1 done", size=(80, 24), moment=0.3, style=ON)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in painted] == plain
    assert not any("\x1b" in line for line in plain)
    assert "1 min" in plain[0]
    narrow = frame([row], "0 of 1 done", size=(36, 24), moment=0.3, style=OFF)
    assert "25%" in narrow[0]
    ascii_only = frame([row], "0 of 1 done", size=(80, 24), moment=0.0, style=OFF, ascii_only=True)
    assert ascii_only[0].startswith("  | image nginx:1")
    assert ascii_only[0].isascii()


class Closed(Glass):
    """A terminal that somebody has closed."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


def test_a_terminal_that_goes_ends_nothing() -> None:
    image = pull("nginx:1")
    live = LiveProgress(Closed(80, 24), OFF, FakeClock(), Plan("p", hello().engine, actions=(image,)))  # type: ignore[arg-type]
    with live:
        live(Started(image))
        live.draw()
        live(done(image))


def test_live_only_where_a_person_looks() -> None:
    glass: Any = Glass(80, 24)
    assert is_live(glass, {"TERM": "xterm"})
    assert is_live(glass, {"TERM": "xterm", "NO_COLOR": "1"})
    assert not is_live(glass, {"TERM": "dumb"})
    assert not is_live(glass, {})
    assert not is_live(glass, {"TERM": "xterm", "CI": "true"})
