from __future__ import annotations

import io

import pytest

from reconciler.report.style import Style, one_line, visible


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "on_terminal", "elsewhere"),
    [
        ({}, True, False),
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"CI": "true"}, False, False),
        ({"CI": "false"}, True, False),
        ({"CLICOLOR": "0"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1", "TERM": "dumb", "CI": "true"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colours_suit_where_the_text_goes(environ: dict[str, str], on_terminal: bool, elsewhere: bool) -> None:
    assert Style.for_stream(Terminal(), environ).colours is on_terminal
    assert Style.for_stream(io.StringIO(), environ).colours is elsewhere


@pytest.mark.parametrize(
    ("environ", "on_terminal"),
    [
        ({}, True),
        ({"TERM": "linux"}, False),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1"}, False),
        ({"CI": "1"}, False),
    ],
)
def test_links_are_for_terminals_alone(environ: dict[str, str], on_terminal: bool) -> None:
    style = Style.for_stream(Terminal(), environ)
    assert style.links is on_terminal
    assert (style.link("x", "http://x") == "x") is not on_terminal
    assert not Style.for_stream(io.StringIO(), {"FORCE_COLOR": "1"}).links, "a log of CI has colours, and no links"


def test_a_closed_stream_has_no_colours() -> None:
    stream = io.StringIO()
    stream.close()
    assert not Style.for_stream(stream, {}).colours


def test_paints_or_does_not() -> None:
    assert Style(True).added("x") == "\x1b[32mx\x1b[0m"
    assert Style(True).bad("x") == "\x1b[1;31mx\x1b[0m"
    assert Style(True).dim("") == ""
    assert Style(True).plain("x") == "x"
    off = Style()
    for paint in (off.added, off.changed, off.removed, off.good, off.bad, off.dim, off.bold):
        assert paint("x") == "x"


def test_control_characters_can_be_seen_and_told_apart() -> None:
    assert visible("a\nb\rc\td\x1b[2Je\0f") == r"a\nb\rc\td\e[2Je\0f"
    assert visible("\x07\x9b\u202e\ud800") == "����"
    assert visible("日本 é e\u0301") == "日本 é e\u0301"
    assert one_line(" two\n\tlines\x1b[0m ") == "two lines�[0m"
