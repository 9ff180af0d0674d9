from __future__ import annotations

from io import BytesIO

import pytest

from reconciler.logs.reader import Line
from reconciler.report.log_text import LogText
from reconciler.report.style import Style

AT = "2026-03-01T10:00:00.123456789Z"


def written(
    *lines: Line, colours: bool = False, terminal: bool = False, prefix: bool = True, timestamps: bool = False
) -> bytes:
    out = BytesIO()
    text = LogText(out, Style(colours), terminal=terminal, prefix=prefix, timestamps=timestamps)
    text.expect(["db-1", "web-10"])
    for line in lines:
        text.write(line)
    return out.getvalue()


def test_all_stand_in_one_column_as_with_compose() -> None:
    assert written(Line("db-1", AT, b"a"), Line("web-10", AT, b"b")) == b"db-1    | a\nweb-10  | b\n"
    assert written(Line("db-1", AT, b"a"), Line("longer-10", AT, b"b")) == b"db-1    | a\nlonger-10  | b\n"
    assert written(Line("db-1", AT, b"a"), prefix=False) == b"a\n"
    assert written(Line("db-1", AT, b"a"), timestamps=True, prefix=False) == f"{AT} a\n".encode()


def test_each_has_a_colour_of_its_own() -> None:
    assert written(Line("db-1", AT, b"a"), Line("web-10", AT, b"b"), colours=True) == (
        b"\x1b[36mdb-1    | \x1b[0ma\n\x1b[33mweb-10  | \x1b[0mb\n"
    )


@pytest.mark.parametrize("text", [b"\xff\x00\x1b]0;title\x07\r", "grün\t→".encode(), b"\x1b[31mred"])
def test_for_a_file_what_was_written_is_what_is_written(text: bytes) -> None:
    assert written(Line("db-1", AT, text), prefix=False) == text + b"\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"plain", b"plain"),
        ("grün".encode(), "grün".encode()),
        (b"\x1b[1;31mred\x1b[0m", b"\x1b[1;31mred\x1b[0m\x1b[0m"),
        (b"\x1b]0;title\x07", b"\\e]0;title\xef\xbf\xbd"),
        (b"\x1b[2J\x1b[H", b"\\e[2J\\e[H"),
        (b"10%\r50%\r100%\r", b"100%"),
        (b"a\tb", b"a       b"),
        (b"\xff", "\ufffd".encode()),
    ],
)
def test_on_a_terminal_a_log_may_colour_its_text_and_nothing_else(text: bytes, shown: bytes) -> None:
    assert written(Line("db-1", AT, text), prefix=False, colours=True, terminal=True) == shown + b"\n"


def test_without_colours_those_of_a_log_are_left_out_too() -> None:
    assert written(Line("db-1", AT, b"\x1b[31mred\x1b[0m"), prefix=False, terminal=True) == b"red\n"
